"""Any merges, taken back in any order that is allowed, leave what was there before; whatever was there."""

import asyncio
import random
from dataclasses import fields, replace
from typing import Any

import pytest

from mailbox_svc.model.contact import Contact, ContactEvidence, Filter, Order, SkipReason, Typed
from mailbox_svc.model.duplicate import Merge
from mailbox_svc.model.harvest import Policy
from mailbox_svc.storage.store import SqlStore
from support.evidence import NOW, folder_with, group_of, random_chunks
from support.merges import judge_changed, judge_these, letters, merge_of, merged, met, undone
from support.stores import add, mailbox_of

#: Several of them have one match key; some are seen in one mailbox only.
ADDRESSES = (
    "bob@example.org",
    "bob+a@example.org",
    "bob+b@example.org",
    "m.ax@gmail.com",
    "max@googlemail.com",
    "carl@example.org",
    "dora@example.org",
    "no-reply@shop.example",
    "emil@example.org",
    "info@example.org",
    "fritz@bücher.example",
)


async def filled(store: SqlStore, chance: random.Random) -> None:
    """Make contacts of all sorts: typed, grouped, skipped, without mail, of one mailbox or of two."""
    mailboxes = [await add(store, mailbox_of("anna")) for _ in range(3)]
    for mailbox in mailboxes:
        some = chance.sample(ADDRESSES, 6)
        await folder_with(store, *random_chunks(chance, some, 4), mailbox=mailbox)
    async with store.begin("anna") as tx:
        await judge_changed(tx)
        contacts = await tx.contacts.page(Filter(kept=None), Order.NAME, after=None, limit=100)
        for group in (group_of("anna", "One"), group_of("anna", "Two")):
            await tx.groups.insert(group)
            members = chance.sample(contacts, len(contacts) // 2)
            await tx.groups.put_members(group.id, [(one.id, one.revision) for one in members])
            await tx.groups.remove_members(group.id, [members[0].id])
        for one in chance.sample(contacts, len(contacts) // 2):
            typed = Typed(*(chance.choice(("", "x", "y")) for _ in fields(Typed)))
            await tx.contacts.update(replace(one, typed=typed))
            await judge_these(tx, [one.id])
        await tx.mailboxes.delete(mailboxes[2].id)
        await tx.harvests.set_policy(mailboxes[1].id, chance.choice(list(Policy)))
        await judge_changed(tx)


async def snapshot(store: SqlStore) -> list[object]:
    """Return all that a user sees and all that contacts are judged by, but for marks of change."""
    same: dict[str, Any] = {"revision": 0, "updated_at": NOW, "etag": ""}
    async with store.begin("anna") as tx:
        contacts = await tx.contacts.page(Filter(kept=None), Order.NAME, after=None, limit=100)
        evidence = await tx.contacts.evidence([one.id for one in contacts])
        assert await tx.contacts.unjudged(100) == []
        groups = [
            (group.id, group.members, set(await tx.groups.revisions(group.id, [c.id for c in contacts])))
            for group in await tx.groups.all()
        ]
        return [
            [replace(one, **same) for one in contacts],
            sorted((_in_order(one) for one in evidence), key=lambda one: str(one.contact_id)),
            groups,
            await tx.duplicates.candidates(),
            await tx.duplicates.dismissed(),
        ]


def _in_order(evidence: ContactEvidence) -> ContactEvidence:
    """Return it with its parts in an order, since theirs means nothing."""
    addresses = sorted(
        (
            replace(one, tallies=tuple(sorted(one.tallies, key=str)), names=tuple(sorted(one.names, key=str)))
            for one in evidence.addresses
        ),
        key=lambda one: one.address,
    )
    return replace(evidence, addresses=tuple(addresses))


async def visible(store: SqlStore) -> list[Contact]:
    async with store.read("anna") as tx:
        found = await tx.contacts.page(Filter(kept=None), Order.NAME, after=None, limit=100)
    return [one for one in found if one.skipped not in {SkipReason.MERGED, SkipReason.DELETED}]


@pytest.mark.parametrize("seed", range(12))
async def test_what_was_merged_and_taken_back_is_as_it_was(store: SqlStore, seed: int) -> None:
    chance = random.Random(seed)
    await filled(store, chance)
    history: list[tuple[Merge, list[object]]] = []
    for _ in range(chance.randint(2, 8)):
        others = await visible(store)
        if history and (len(others) < 2 or chance.random() < 0.3):
            merge, before = history.pop()
            await undone(store, merge)
            assert await snapshot(store) == before
            continue
        before = await snapshot(store)
        some = chance.sample(others, chance.randint(2, min(4, len(others))))
        history.append((await merged(store, *some), before))
        now = await visible(store)
        assert {one.id for one in now} == {one.id for one in others} - {one.id for one in some[1:]}
        addresses = {a.written for one in others for a in one.addresses}
        assert {a.written for one in now for a in one.addresses} == addresses
        assert sum(one.received for one in now) == sum(one.received for one in others)
        async with store.read("anna") as tx:
            for group in await tx.groups.all():
                assert group.members == sum(group.id in one.group_ids for one in now)
    for merge, before in reversed(history):
        async with store.read("anna") as tx:
            assert not await tx.duplicates.later_merge(merge)
        await undone(store, merge)
        assert await snapshot(store) == before


async def test_harvests_merges_undos_and_imports_at_once_lose_nothing(store: SqlStore) -> None:
    addresses = [f"a{n}@example.org" for n in range(12)]
    people = list((await met(store, *(f"A <{one}>" for one in addresses))).values())
    mailbox = await add(store, mailbox_of("anna"))
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
    rounds = 10

    async def harvest() -> None:
        for number in range(rounds):
            chunk = letters(*(f"A <{one}>" for one in addresses))
            await folder_with(store, chunk, mailbox=mailbox, name=b"%d" % number)

    async def judge() -> None:
        for _ in range(2 * rounds):
            async with store.begin("anna") as tx:
                await judge_changed(tx)

    async def merge_and_undo(kept: Contact, other: Contact) -> None:
        for _ in range(rounds):
            async with store.begin("anna") as tx:
                await tx.contacts.evidence([kept.id, other.id])
                found = [await tx.contacts.find(one.id) for one in (kept, other)]
                merge = merge_of(*(one for one in found if one is not None))
                await tx.duplicates.merge(merge)
                await judge_these(tx, [kept.id])
            await undone(store, merge)

    async def put_in_group() -> None:
        for _ in range(rounds):
            async with store.begin("anna") as tx:
                found = await tx.groups.find(group.id)
                assert found is not None
                await judge_these(tx, [one.id for one in people])  # as an import of what was skipped does
                await tx.groups.put_members(group.id, [(people[0].id, 1), (people[1].id, 1)])

    pairs = zip(people[::4], people[1::4], strict=True)
    await asyncio.gather(
        harvest(), judge(), put_in_group(), *(merge_and_undo(kept, other) for kept, other in pairs)
    )
    async with store.begin("anna") as tx:
        await judge_changed(tx)
    for before, after in zip(people, sorted(await visible(store), key=lambda one: one.id), strict=False):
        assert after.id in {one.id for one in people}
        assert (before.received, after.received) == (1, 1 + rounds)
        assert len(after.addresses) == 1


async def test_a_merge_does_not_wait_for_an_import_into_the_same_group(store: SqlStore) -> None:
    """Else each would wait for the other: an import holds its group before it asks for evidence."""
    people = list((await met(store, "A <a@example.org>", "B <b@example.org>")).values())
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(people[1].id, 1)])
    merging = asyncio.Event()

    async def put_in_group() -> None:
        async with store.begin("anna") as tx:
            await tx.groups.find(group.id)
            merging.set()
            await asyncio.sleep(0.2)  # by now the merge has the evidence
            await judge_these(tx, [people[0].id])

    importing = asyncio.create_task(put_in_group())
    await merging.wait()
    async with asyncio.timeout(30):  # a deadlock ends sooner, with an error
        other = next(one for one in await visible(store) if one.id == people[1].id)
        merge = await merged(store, people[0], other)
        await importing
    assert merge.groups_added == (group.id,)


async def test_a_group_that_is_being_deleted_is_waited_for_and_passed_over(store: SqlStore) -> None:
    people = list((await met(store, "A <a@example.org>", "B <b@example.org>")).values())
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
    merge = merge_of(*people, groups_added=(group.id,))
    deleted = asyncio.Event()

    async def delete_group() -> None:
        async with store.begin("anna") as tx:
            await tx.groups.delete(group.id)
            deleted.set()
            await asyncio.sleep(0.2)  # by now the merge waits

    deleting = asyncio.create_task(delete_group())
    await deleted.wait()
    async with store.begin("anna") as tx:
        await tx.duplicates.merge(merge)
        await judge_changed(tx)
    await deleting
    assert [one.group_ids for one in await visible(store)] == [()]
    await undone(store, merge)
