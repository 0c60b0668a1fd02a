"""Contacts that are merged in a store and taken apart again, judged as the service judges them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from mailbox_svc.contacts.judge import judge
from mailbox_svc.model.contact import Contact, Filter, Order, Typed
from mailbox_svc.model.duplicate import Absorbed, Merge
from mailbox_svc.model.tally import Chunk
from mailbox_svc.ports import Store, Transaction
from support.evidence import NOW, chunk_of, folder_with, named, seen

LATER = NOW + timedelta(hours=1)


def letters(*people: str) -> Chunk:
    """Return a chunk in which each of these, "Name <address>", wrote once and was answered."""
    written = [person.removesuffix(">").split(" <") for person in people]
    return chunk_of(
        *(seen(address, sent_to=1, received=1, first_at=50, last_at=60) for _, address in written),
        names=[named(address, name, 1) for name, address in written],
    )


async def judge_changed(tx: Transaction) -> None:
    """Judge all that has changed."""
    page = await tx.contacts.unjudged(1000)
    await tx.contacts.judge([(one, judge(one)) for one in page], now=LATER)


async def met(store: Store, *people: str) -> dict[str, Contact]:
    """Let a new mailbox see these, and return all contacts of the user by their main address."""
    await folder_with(store, letters(*people))
    async with store.begin("anna") as tx:
        await judge_changed(tx)
    return await by_address(store)


async def by_address(store: Store, **which: Any) -> dict[str, Contact]:
    """Return the user's contacts by their main address; the hidden ones are not among them."""
    async with store.read("anna") as tx:
        page = await tx.contacts.page(Filter(**which), Order.RANK, after=None, limit=1000)
    return {contact.addresses[0].written: contact for contact in page}


def merge_of(kept: Contact, *others: Contact, **changes: Any) -> Merge:
    """Return the merge of these: empty fields are filled from the others, in their order."""
    taken = {
        field.name: next((t for one in (kept, *others) if (t := getattr(one.typed, field.name))), "")
        for field in fields(Typed)
    }
    groups = {group for one in others for group in one.group_ids} - set(kept.group_ids)
    merge = Merge(
        id=str(uuid.uuid4()),
        user_id=kept.user_id,
        kept=kept.id,
        absorbed=tuple(
            Absorbed(one.id, tuple(dict.fromkeys(a.match_key for a in one.addresses)), one.skipped)
            for one in others
        ),
        typed_before=kept.typed,
        typed_after=Typed(**taken),
        groups_added=tuple(sorted(groups)),
        merged_at=LATER,
    )
    return replace(merge, **changes)


async def judge_these(tx: Transaction, ids: Sequence[str]) -> None:
    evidence = await tx.contacts.evidence(ids)
    await tx.contacts.judge([(one, judge(one)) for one in evidence], now=LATER)


async def merged(store: Store, kept: Contact, *others: Contact) -> Merge:
    """Merge them and judge what became of them."""
    merge = merge_of(kept, *others)
    async with store.begin(kept.user_id) as tx:
        await tx.duplicates.merge(merge)
        await judge_these(tx, [kept.id])
    return merge


async def undone(store: Store, merge: Merge) -> None:
    """Take the merge back and judge what became of it."""
    async with store.begin(merge.user_id) as tx:
        found = await tx.duplicates.find_merge(merge.id)
        assert found is not None
        await tx.duplicates.undo(found)
        await judge_these(tx, [merge.kept, *(one.id for one in merge.absorbed)])


async def contact(store: Store, contact_id: str) -> Contact | None:
    async with store.read("anna") as tx:
        return await tx.contacts.find(contact_id)


async def found(store: Store, contact_id: str) -> Contact:
    """Return a contact that is there."""
    there = await contact(store, contact_id)
    assert there is not None
    return there
