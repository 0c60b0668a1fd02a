"""The sync client's methods about contacts and groups."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from typing import Unpack

from mailboxes import _calls
from mailboxes._contact_calls import (
    MAX_PAGE,
    FilterFields,
    Format,
    GroupFields,
    ImportFields,
    ListFields,
    SkippedFields,
    TypedFields,
    export_request,
    import_request,
    list_request,
    skipped_request,
)
from mailboxes._sync_connection import Connection
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_pb2 import Contact, Group


class ContactMethods(Connection):
    """Contacts that were harvested, and the groups they are imported into."""

    def list_contacts(self, **fields: Unpack[ListFields]) -> Iterator[Contact]:
        """Yield all contacts that match, a page at a time behind the scenes."""
        token = ""
        while True:
            page = self.contacts_page(MAX_PAGE, token, **fields)
            yield from page.contacts
            token = page.next_page_token
            if not token:
                return

    def contacts_page(
        self, page_size: int = 0, page_token: str = "", **fields: Unpack[ListFields]
    ) -> pb.ListContactsResponse:
        """Return one page: `contacts`, `next_page_token` (empty on the last one) and `total_size`."""
        request = list_request(page_size, page_token, **fields)
        return self._call(self._contacts.ListContacts, request, self._timeout)

    def list_skipped(self, **fields: Unpack[SkippedFields]) -> Iterator[Contact]:
        """Yield all that was left out, with the reason, a page at a time behind the scenes."""
        token = ""
        while True:
            page = self.skipped_page(MAX_PAGE, token, **fields)
            yield from page.skipped
            token = page.next_page_token
            if not token:
                return

    def skipped_page(
        self, page_size: int = 0, page_token: str = "", **fields: Unpack[SkippedFields]
    ) -> pb.ListSkippedResponse:
        """Return one page: `skipped`, `next_page_token` (empty on the last one) and `total_size`."""
        request = skipped_request(page_size, page_token, **fields)
        return self._call(self._contacts.ListSkipped, request, self._timeout)

    def get_contact(self, contact_id: str) -> Contact:
        """Return a contact, kept or skipped."""
        request = pb.GetContactRequest(id=contact_id)
        return self._call(self._contacts.GetContact, request, self._timeout).contact

    def update_contact(self, contact_id: str, **fields: Unpack[TypedFields]) -> Contact:
        """Store what the user typed; no harvest changes it. Return the contact as stored."""
        request = pb.UpdateContactRequest(id=contact_id, **fields)
        return self._call(self._contacts.UpdateContact, request, self._timeout).contact

    def delete_contact(self, contact_id: str) -> None:
        """Remove a contact for good: no harvest brings it back."""
        self._call(self._contacts.DeleteContact, pb.DeleteContactRequest(id=contact_id), self._timeout)

    def list_groups(self) -> list[Group]:
        """Return all groups, by name."""
        return list(self._call(self._contacts.ListGroups, pb.ListGroupsRequest(), self._timeout).groups)

    def save_group(self, **fields: Unpack[GroupFields]) -> Group:
        """Create a group, or rename the one with the given `id`; return it as stored."""
        return self._call(self._contacts.SaveGroup, pb.SaveGroupRequest(**fields), self._timeout).group

    def delete_group(self, group_id: str) -> None:
        """Remove a group; its members stay contacts."""
        self._call(self._contacts.DeleteGroup, pb.DeleteGroupRequest(id=group_id), self._timeout)

    def remove_members(self, group_id: str, contact_ids: Collection[str]) -> Group:
        """Take up to 1000 contacts out of a group; they stay contacts. Return the group."""
        request = pb.RemoveMembersRequest(group_id=group_id, contact_ids=contact_ids)
        return self._call(self._contacts.RemoveMembers, request, self._timeout).group

    def import_contacts(self, **fields: Unpack[ImportFields]) -> pb.ImportContactsResponse:
        """Put the selected contacts into a group; return the counts. Safe to repeat."""
        request = import_request(**fields)
        return self._call(self._contacts.ImportContacts, request, _calls.IMPORT_TIMEOUT)

    def export_contacts(self, format: Format, **fields: Unpack[FilterFields]) -> Generator[bytes, None, None]:  # noqa: A002
        """Yield the contacts that match as one file, in pieces to be joined."""
        request = export_request(format, **fields)
        for piece in self._stream(self._contacts.ExportContacts, request, _calls.EXPORT_TIMEOUT):
            yield piece.data
