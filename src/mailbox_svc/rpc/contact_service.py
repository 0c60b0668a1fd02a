"""Owns the fifteen RPCs of ContactService: convert, call the use case, convert back.

It also keeps every message within what clients take; no other rule is here.
"""
# ruff: noqa: ARG002, N802  (names are the contract's, and grpc hands every method a context)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from mailbox_svc.contacts.merging import DuplicatePage, Merging
from mailbox_svc.contacts.paging import Page
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.model.contact import Contact
from mailbox_svc.rpc.call import calling_user
from mailbox_svc.rpc.convert_contact import (
    changes_from_pb,
    contact_to_pb,
    duplicate_to_pb,
    filter_from_pb,
    form_from_pb,
    group_from_pb,
    group_to_pb,
    import_from_pb,
    import_to_pb,
    order_from_pb,
    reasons_from_pb,
)
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]
Shown = TypeVar("Shown", bound=Message)
PageOf = TypeVar("PageOf")

#: The most in one message. Clients take 4 MiB unless told otherwise.
_MESSAGE_BYTES = 3 * 1024 * 1024
#: Messages made ready before others may run: about a millisecond.
_AT_ONCE = 100
#: A part of a file, unless a single line is longer.
_PART_BYTES = 128 * 1024


class ContactServicer(ContactServiceServicer):
    """ContactService on top of the use cases."""

    def __init__(self, contacts: Contacts, merging: Merging) -> None:
        self._contacts = contacts
        self._merging = merging

    async def ListContacts(
        self, request: pb.ListContactsRequest, context: Context
    ) -> pb.ListContactsResponse:
        wish, order = filter_from_pb(request.filter), order_from_pb(request.order)

        async def ask(size: int) -> tuple[Iterable[contact_pb2.Contact], Page]:
            page = await self._contacts.page(calling_user(), wish, order, size=size, token=request.page_token)
            return map(self._shown, page.contacts), page

        shown, page = await _fitting(ask, request.page_size)
        return pb.ListContactsResponse(contacts=shown, next_page_token=page.next_token, total_size=page.total)

    async def ListSkipped(self, request: pb.ListSkippedRequest, context: Context) -> pb.ListSkippedResponse:
        wish, reasons = filter_from_pb(request.filter), reasons_from_pb(request.reasons)

        async def ask(size: int) -> tuple[Iterable[contact_pb2.Contact], Page]:
            page = await self._contacts.skipped(
                calling_user(), wish, reasons, size=size, token=request.page_token
            )
            return map(self._shown, page.contacts), page

        shown, page = await _fitting(ask, request.page_size)
        return pb.ListSkippedResponse(skipped=shown, next_page_token=page.next_token, total_size=page.total)

    async def GetContact(self, request: pb.GetContactRequest, context: Context) -> pb.GetContactResponse:
        contact = await self._contacts.get(calling_user(), request.id)
        return pb.GetContactResponse(contact=self._shown(contact))

    async def UpdateContact(
        self, request: pb.UpdateContactRequest, context: Context
    ) -> pb.UpdateContactResponse:
        contact = await self._contacts.update(calling_user(), request.id, changes_from_pb(request))
        return pb.UpdateContactResponse(contact=self._shown(contact))

    async def DeleteContact(
        self, request: pb.DeleteContactRequest, context: Context
    ) -> pb.DeleteContactResponse:
        await self._contacts.delete(calling_user(), request.id)
        return pb.DeleteContactResponse(ok=True)

    async def ListGroups(self, request: pb.ListGroupsRequest, context: Context) -> pb.ListGroupsResponse:
        groups = await self._contacts.groups(calling_user())
        return pb.ListGroupsResponse(groups=map(group_to_pb, groups))

    async def SaveGroup(self, request: pb.SaveGroupRequest, context: Context) -> pb.SaveGroupResponse:
        group = await self._contacts.save_group(calling_user(), group_from_pb(request))
        return pb.SaveGroupResponse(group=group_to_pb(group))

    async def DeleteGroup(self, request: pb.DeleteGroupRequest, context: Context) -> pb.DeleteGroupResponse:
        await self._contacts.delete_group(calling_user(), request.id)
        return pb.DeleteGroupResponse(ok=True)

    async def RemoveMembers(
        self, request: pb.RemoveMembersRequest, context: Context
    ) -> pb.RemoveMembersResponse:
        group = await self._contacts.remove_members(calling_user(), request.group_id, request.contact_ids)
        return pb.RemoveMembersResponse(group=group_to_pb(group))

    async def ImportContacts(
        self, request: pb.ImportContactsRequest, context: Context
    ) -> pb.ImportContactsResponse:
        return import_to_pb(await self._contacts.import_contacts(calling_user(), import_from_pb(request)))

    async def ListDuplicates(
        self, request: pb.ListDuplicatesRequest, context: Context
    ) -> pb.ListDuplicatesResponse:
        contact_id = request.contact_id if request.HasField("contact_id") else None
        now = self._contacts.clock()

        async def ask(size: int) -> tuple[Iterable[pb.Duplicate], DuplicatePage]:
            page = await self._merging.duplicates(
                calling_user(), contact_id=contact_id, size=size, token=request.page_token
            )
            return (duplicate_to_pb(*pair, now) for pair in page.pairs), page

        shown, page = await _fitting(ask, request.page_size)
        return pb.ListDuplicatesResponse(
            duplicates=shown, next_page_token=page.next_token, total_size=page.total
        )

    async def MergeContacts(
        self, request: pb.MergeContactsRequest, context: Context
    ) -> pb.MergeContactsResponse:
        kept, merge_id = await self._merging.merge(calling_user(), request.ids)
        return pb.MergeContactsResponse(contact=self._shown(kept), merge_id=merge_id)

    async def UndoMerge(self, request: pb.UndoMergeRequest, context: Context) -> pb.UndoMergeResponse:
        contacts = await self._merging.undo(calling_user(), request.merge_id)
        return pb.UndoMergeResponse(contacts=map(self._shown, contacts))

    async def DismissDuplicate(
        self, request: pb.DismissDuplicateRequest, context: Context
    ) -> pb.DismissDuplicateResponse:
        await self._merging.dismiss(calling_user(), request.first_id, request.second_id)
        return pb.DismissDuplicateResponse(ok=True)

    async def ExportContacts(
        self, request: pb.ExportContactsRequest, context: Context
    ) -> AsyncIterator[pb.ExportContactsResponse]:
        wish, form = filter_from_pb(request.filter), form_from_pb(request.format)
        async with aclosing(self._contacts.export(calling_user(), wish, form)) as pieces:
            async for piece in pieces:
                for part in _parts(piece):
                    yield pb.ExportContactsResponse(data=part)

    def _shown(self, contact: Contact) -> contact_pb2.Contact:
        return contact_to_pb(contact, self._contacts.clock())


async def _fitting(
    ask: Callable[[int], Awaitable[tuple[Iterable[Shown], PageOf]]], size: int
) -> tuple[list[Shown], PageOf]:
    """Return a page that fits into one message: shorter than asked for, if its contacts are huge.

    `ask` gives what is shown of a page of a size, made ready as it is read, and the page.
    """
    while True:
        ready, page = await ask(size)
        shown: list[Shown] = []
        for one in ready:
            shown.append(one)
            if len(shown) % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if len(shown) <= 1 or sum(one.ByteSize() for one in shown) <= _MESSAGE_BYTES:
            return shown, page
        size = len(shown) // 2


def _parts(piece: bytes) -> Iterator[bytes]:
    """Cut a piece of a file into parts that fit into a message and end where lines do, if they can."""
    start = 0
    while len(piece) - start > _PART_BYTES:
        longest = start + _MESSAGE_BYTES
        end = piece.rfind(b"\n", start, start + _PART_BYTES) + 1
        end = end or piece.find(b"\n", start, longest) + 1 or longest
        yield piece[start:end]
        start = end
    if start < len(piece):
        yield piece[start:]
