"""The sync client's methods about contacts and groups."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Unpack

from mailboxes import _calls
from mailboxes._contact_calls import (
    MAX_PAGE,
    MAX_PAIRS,
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

    def duplicates(self, contact_id: str | None = None) -> Iterator[pb.Duplicate]:
        """Yield all pairs that may be one person, or those with this contact, the surest first."""
        token = ""
        while True:
            page = self.duplicates_page(MAX_PAIRS, token, contact_id)
            yield from page.duplicates
            token = page.next_page_token
            if not token:
                return

    def duplicates_page(
        self, page_size: int = 0, page_token: str = "", contact_id: str | None = None
    ) -> pb.ListDuplicatesResponse:
        """Return one page: `duplicates`, `next_page_token` (empty on the last one) and `total_size`."""
        request = pb.ListDuplicatesRequest(contact_id=contact_id, page_size=page_size, page_token=page_token)
        return self._call(self._contacts.ListDuplicates, request, _calls.DUPLICATES_TIMEOUT)

    def merge_contacts(self, ids: Sequence[str]) -> pb.MergeContactsResponse:
        """Make one `contact` of 2 to 50, the first, and return it; `merge_id` takes it back."""
        return self._call(self._contacts.MergeContacts, pb.MergeContactsRequest(ids=ids), self._timeout)

    def undo_merge(self, merge_id: str) -> list[Contact]:
        """Make the contacts of before again; return them, the one that was kept first."""
        request = pb.UndoMergeRequest(merge_id=merge_id)
        return list(self._call(self._contacts.UndoMerge, request, self._timeout).contacts)

    def dismiss_duplicate(self, first_id: str, second_id: str) -> None:
        """Remember that two contacts are not one person: the pair is not offered again."""
        request = pb.DismissDuplicateRequest(first_id=first_id, second_id=second_id)
        self._call(self._contacts.DismissDuplicate, request, self._timeout)

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
