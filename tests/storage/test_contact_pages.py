"""Lists of contacts: every filter, every order, no contact missing and none twice."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mailbox_svc.contacts.paging import cursor_of
from mailbox_svc.contacts.search import sort_key
from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.model.contact import Contact, Filter, Kind, Order, SkipReason
from mailbox_svc.storage.store import SqlStore
from support.evidence import NOW, chunk_of, folder_with, group_of, judged_as, seen
from support.stores import add, mailbox_of

NAMES = ("Anna", "anna", "Ämilie", "Zoë", "", "Bob 100%", "Bob_Under", "Back\\slash", "数", "Bob [x]")

_KEYS: dict[Order, Callable[[Contact], Any]] = {
    Order.RANK: lambda one: (-one.score, one.id),
    Order.RECENT: lambda one: (-one.last_at.timestamp() if one.last_at else 0, one.id),
    Order.NAME: lambda one: (sort_key(one.display_name, one.addresses[0].written), one.id),
}


async def filled(store: SqlStore, number: int = 60) -> list[Contact]:
    """Make contacts of all kinds, with many ties, half of them seen in a second mailbox only."""
    chance = random.Random(4)
    addresses = [f"a{n}@example.org" for n in range(number)]
    half = number // 2
    await folder_with(store, chunk_of(*map(seen, addresses[:half])))
    await folder_with(store, chunk_of(*map(seen, addresses[half:])))
    async with store.begin("anna") as tx:
        judged = []
        for evidence in await tx.contacts.unjudged(1000):
            name = chance.choice(NAMES)
            changes = {
                "display_name": name,
                "kind": chance.choice(list(Kind)),
                "skipped": chance.choice((None, None, SkipReason.LIST, SkipReason.NEVER_WROTE_TO)),
                "score": chance.choice((0.0, 0.1, 1 / 3, 7.25)),
                "last_at": chance.choice((0, 1_000_000_000, 1_700_000_000)),
            }
            judged.append((evidence, judged_as(evidence, **changes)))
        await tx.contacts.judge(judged, now=NOW)
        return await tx.contacts.page(Filter(kept=None), Order.RANK, after=None, limit=1000)


async def all_pages(store: SqlStore, which: Filter, order: Order, size: int) -> list[Contact]:
    found: list[Contact] = []
    after = None
    async with store.read("anna") as tx:
        while page := await tx.contacts.page(which, order, after=after, limit=size):
            assert len(page) <= size
            found += page
            after = cursor_of(page[-1], order)
        assert await tx.contacts.count(which) == len(found)
    return found


def matches(which: Filter, one: Contact) -> bool:
    """Say in Python what a filter means, but for group and mailbox."""
    text = f"{one.display_name} {one.addresses[0].written}".casefold()
    return (
        (which.kept is None or which.kept is (one.skipped is None))
        and (not which.kinds or one.kind in which.kinds)
        and (not which.skipped or one.skipped in which.skipped)
        and (which.min_score is None or one.score >= which.min_score)
        and (which.ids is None or one.id in which.ids)
        and all(word in text for word in which.words)
    )


@pytest.mark.parametrize("order", Order)
async def test_pages_are_complete_in_order_and_without_doubles_whatever_the_filter(
    store: SqlStore, order: Order
) -> None:
    contacts = await filled(store)
    some = frozenset(one.id for one in contacts[::3]) | {"none"}
    for which in (
        Filter(),
        Filter(kept=None),
        Filter(kept=False),
        Filter(kept=False, skipped=frozenset({SkipReason.LIST})),
        Filter(kinds=frozenset({Kind.PERSON, Kind.ROLE})),
        Filter(kept=None, min_score=1 / 3),
        Filter(kept=None, words=("bob",)),
        Filter(words=("bob", "example", "1")),
        Filter(ids=some),
        Filter(ids=frozenset()),
        Filter(kept=None, kinds=frozenset({Kind.LIST}), words=("a",), min_score=0.1, ids=some),
    ):
        # A third, rounded to what is stored.
        expected = sorted((one for one in contacts if matches(_stored(which), one)), key=_KEYS[order])
        for size in (1, 7, 1000):
            found = await all_pages(store, _stored(which), order, size)
            assert [one.id for one in found] == [one.id for one in expected], (which, size)
            assert found == expected


def _stored(which: Filter) -> Filter:
    return which if which.min_score is None else replace(which, min_score=round(which.min_score, 6))


@pytest.mark.parametrize("word", ["%", "_", "\\", "100%", "b_u", "k\\s", "[x]", "数", "'", '"', "*", "a%a"])
async def test_characters_that_mean_something_to_databases_mean_themselves(
    store: SqlStore, word: str
) -> None:
    contacts = await filled(store)
    found = await all_pages(store, Filter(kept=None, words=(word,)), Order.NAME, 1000)
    expected = {one.id for one in contacts if matches(Filter(kept=None, words=(word,)), one)}
    assert {one.id for one in found} == expected


async def test_accents_and_other_names_are_found(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen("x@xn--bcher-kva.example")))
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.unjudged(5)
        judgement = judged_as(evidence, display_name="Zoë", alternate_names=("Søren",))
        await tx.contacts.judge([(evidence, judgement)], now=NOW)
        for word in ("zoe", "soren", "xn--bcher", "bucher"):
            assert await tx.contacts.count(Filter(words=(word,))) == 1, word
        assert await tx.contacts.count(Filter(words=("zoesoren",))) == 0


async def test_a_mailbox_keeps_those_seen_in_it(store: SqlStore) -> None:
    await filled(store, 10)
    first, second = await store.list_mailboxes("anna")
    empty = await add(store, mailbox_of("anna"))
    for mailbox, numbers in ((first, range(5)), (second, range(5, 10)), (empty, range(0))):
        found = await all_pages(store, Filter(kept=None, mailbox_id=mailbox.id), Order.NAME, 3)
        assert {one.addresses[0].written for one in found} == {f"a{n}@example.org" for n in numbers}


async def test_a_group_keeps_its_members_and_members_name_their_groups(store: SqlStore) -> None:
    contacts = await filled(store, 12)
    one, two = group_of("anna", "One"), group_of("anna", "Two")
    async with store.begin("anna") as tx:
        for group, members in ((one, contacts[:5]), (two, contacts[3:8])):
            await tx.groups.insert(group)
            await tx.groups.put_members(group.id, [(member.id, 1) for member in members])
    found = await all_pages(store, Filter(kept=None, group_id=one.id), Order.RECENT, 2)
    assert {member.id for member in found} == {member.id for member in contacts[:5]}
    listed = {one.id: set(one.group_ids) for one in await all_pages(store, _ALL, Order.RANK, 5)}
    for place, contact in enumerate(contacts):
        groups = [(one, place < 5), (two, 3 <= place < 8)]
        assert listed[contact.id] == {group.id for group, member in groups if member}


_ALL = Filter(kept=None)


async def test_a_read_waits_for_no_writer_and_sees_what_is_committed_when_it_runs(store: SqlStore) -> None:
    await filled(store, 4)
    async with asyncio.timeout(30), store.begin("anna") as writer, store.read("anna") as reader:
        (one, *_) = await writer.contacts.page(_ALL, Order.RANK, after=None, limit=1)
        await writer.contacts.delete(one.id, now=NOW)
        group = group_of("anna")
        await writer.groups.insert(group)
        assert await reader.contacts.find(one.id) == one
        assert await reader.groups.all() == []
        assert await reader.groups.count() == 0
        assert await reader.groups.find(group.id) is None
        await writer.mailboxes.find((await store.list_mailboxes("anna"))[0].id)
        assert await reader.mailboxes.find((await store.list_mailboxes("anna"))[0].id)
    async with store.read("anna") as reader:
        assert await reader.groups.all() == [group]


async def test_what_reads_cannot_write(store: SqlStore) -> None:
    with pytest.raises(StorageUnavailable):
        async with store.read("anna") as tx:
            await tx.groups.insert(group_of("anna"))
    async with store.read("anna") as tx:
        assert await tx.groups.all() == []
    with pytest.raises(StorageUnavailable):
        await tx.groups.all()
