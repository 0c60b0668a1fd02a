"""Owns the translation of contacts, duplicates, groups and imports between protobuf and the model.

It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mailbox_svc.contacts.drafts import (
    ExportForm,
    FilterWish,
    GroupDraft,
    ImportOrder,
    Selection,
    TypedChanges,
)
from mailbox_svc.contacts.rank import rank_at
from mailbox_svc.model.contact import Contact, Group, ImportResult, Kind, Order, ReasonCode, SkipReason, Typed
from mailbox_svc.rpc.convert_harvest import policy_from_pb
from mailbox_svc.rpc.values import chosen, members, timestamp
from mailboxes.v1 import contact_pb2
from mailboxes.v1 import contact_service_pb2 as pb

_KIND = members(Kind, contact_pb2.ContactKind, "CONTACT_KIND_")
_REASON = members(ReasonCode, contact_pb2.ContactReasonCode, "CONTACT_REASON_CODE_")
_SKIP = members(SkipReason, contact_pb2.SkipReason, "SKIP_REASON_")
#: A letter to ann+1@gmail.com, ann+2@gmail.com and so on makes one contact of them all, and nobody may
#: make the list that it is in too large to be sent.
_MOST_ADDRESSES = 100
_KIND_NAMED = {value: kind for kind, value in _KIND.items()}
_SKIP_NAMED = {value: reason for reason, value in _SKIP.items()}
_ORDER_NAMED = {value: order for order, value in members(Order, pb.ContactOrder, "CONTACT_ORDER_").items()}
_FORM_NAMED = {value: form for form, value in members(ExportForm, pb.ExportFormat, "EXPORT_FORMAT_").items()}


def filter_from_pb(message: pb.ContactFilter) -> FilterWish:
    """Return which contacts are meant. Raises InvalidFields, as do all that read enums."""
    return FilterWish(
        group_id=message.group_id if message.HasField("group_id") else None,
        mailbox_id=message.mailbox_id if message.HasField("mailbox_id") else None,
        kinds=_kinds(message.kinds, "filter.kinds"),
        query=message.query,
    )


def order_from_pb(value: int) -> Order:
    """Return the order of a list; without one it is by rank."""
    return Order.RANK if value == pb.CONTACT_ORDER_UNSPECIFIED else chosen(value, _ORDER_NAMED, "order")


def reasons_from_pb(values: Iterable[int]) -> frozenset[SkipReason]:
    """Return the reasons asked for; none at all means all."""
    return frozenset(chosen(value, _SKIP_NAMED, "reasons") for value in values)


def changes_from_pb(message: pb.UpdateContactRequest) -> TypedChanges:
    """Return what the user typed."""
    return TypedChanges(
        display_name=message.display_name if message.HasField("display_name") else None,
        organization=message.organization if message.HasField("organization") else None,
        phone=message.phone if message.HasField("phone") else None,
        note=message.note if message.HasField("note") else None,
        etag=message.etag if message.HasField("etag") else None,
    )


def group_from_pb(message: pb.SaveGroupRequest) -> GroupDraft:
    """Return the group wanted."""
    return GroupDraft(
        name=message.name,
        id=message.id if message.HasField("id") else None,
        etag=message.etag if message.HasField("etag") else None,
    )


def import_from_pb(message: pb.ImportContactsRequest) -> ImportOrder:
    """Return what to import where."""
    selection = message.selection
    return ImportOrder(
        group_id=message.group_id if message.HasField("group_id") else None,
        group_name=message.group_name if message.HasField("group_name") else None,
        selection=Selection(
            ids=tuple(selection.ids),
            policy=policy_from_pb(selection.policy, "selection.policy"),
            kinds=_kinds(selection.kinds, "selection.kinds"),
            min_rank=selection.min_rank,
            query=selection.query,
            mailbox_id=selection.mailbox_id if selection.HasField("mailbox_id") else None,
        ),
        dry_run=message.dry_run,
    )


def form_from_pb(value: int) -> ExportForm:
    """Return the kind of file."""
    return chosen(value, _FORM_NAMED, "format")


def contact_to_pb(contact: Contact, now: datetime) -> contact_pb2.Contact:
    """Return the contact as callers see it at this time."""
    main = contact.addresses[0]
    return contact_pb2.Contact(
        id=contact.id,
        display_name=contact.display_name,
        address=main.written,
        addresses=[
            contact_pb2.ContactAddress(address=one.written, match_key=one.match_key)
            for one in contact.addresses[:_MOST_ADDRESSES]
        ],
        kind=_KIND[contact.kind],
        reason=contact_pb2.ContactReason(code=_REASON[contact.reason.code], text=contact.reason.text),
        skipped_because=_SKIP[contact.skipped] if contact.skipped else contact_pb2.SKIP_REASON_UNSPECIFIED,
        rank=rank_at(contact.score, now),
        wrote_to=contact.wrote_to,
        received=contact.received,
        seen_together=contact.together,
        first_at=timestamp(contact.first_at) if contact.first_at else None,
        last_at=timestamp(contact.last_at) if contact.last_at else None,
        alternate_names=contact.alternate_names,
        typed=_typed_to_pb(contact.typed) if contact.typed else None,
        group_ids=contact.group_ids,
        etag=contact.etag,
    )


def duplicate_to_pb(first: Contact, second: Contact, score: float, why: str, now: datetime) -> pb.Duplicate:
    """Return the pair as callers see it at this time."""
    return pb.Duplicate(
        first=contact_to_pb(first, now), second=contact_to_pb(second, now), score=score, why=why
    )


def _typed_to_pb(typed: Typed) -> contact_pb2.TypedFields:
    return contact_pb2.TypedFields(
        display_name=typed.display_name,
        organization=typed.organization,
        phone=typed.phone,
        note=typed.note,
    )


def group_to_pb(group: Group) -> contact_pb2.Group:
    """Return the group as callers see it."""
    return contact_pb2.Group(
        id=group.id,
        name=group.name,
        members=group.members,
        etag=group.etag,
        created_at=timestamp(group.created_at),
        updated_at=timestamp(group.updated_at),
    )


def import_to_pb(result: ImportResult) -> pb.ImportContactsResponse:
    """Return what an import did; reasons in the order of the contract."""
    return pb.ImportContactsResponse(
        group=group_to_pb(result.group) if result.group else None,
        added=result.added,
        updated=result.updated,
        unchanged=result.unchanged,
        skipped=[
            pb.SkippedCount(reason=value, count=result.skipped[reason])
            for reason, value in _SKIP.items()
            if result.skipped.get(reason)
        ],
    )


def _kinds(values: Iterable[int], field: str) -> frozenset[Kind]:
    return frozenset(chosen(value, _KIND_NAMED, field) for value in values)
