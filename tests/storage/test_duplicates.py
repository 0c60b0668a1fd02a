"""What `ports.contacts.DuplicateRepository` promises of candidates, of pairs that are none, and of time."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from mailbox_svc.errors import ContactNotFound, StorageUnavailable
from mailbox_svc.model.contact import Contact, Kind, SkipReason, Typed
from mailbox_svc.model.duplicate import Candidate
from mailbox_svc.storage import duplicate_rows
from mailbox_svc.storage.store import SqlStore, SqlTransaction
from support.evidence import NOW, chunk_of, folder_with, judge_all, judged_as, seen
from support.merges import judge_changed, letters, merge_of, merged, met, undone

BOB, ROB, CARL = "bob@example.org", "rob@work.example", "carl@example.org"
PEOPLE = (f"Bob Berg <{BOB}>", f"Robert Berg <{ROB}>", f"Carl Cox <{CARL}>")


async def candidates(store: SqlStore, user: str = "anna") -> list[Candidate]:
    async with store.read(user) as tx:
        return await tx.duplicates.candidates()


async def state(store: SqlStore, user: str = "anna") -> str:
    async with store.read(user) as tx:
        return await tx.duplicates.state()


async def dismissed(store: SqlStore) -> set[tuple[str, str]]:
    async with store.read("anna") as tx:
        return await tx.duplicates.dismissed()


async def dismiss(store: SqlStore, first: Contact, second: Contact) -> None:
    async with store.begin("anna") as tx:
        await tx.duplicates.dismiss(first.id, second.id, now=NOW)


def pair(first: Contact, second: Contact) -> tuple[str, str]:
    return min(first.id, second.id), max(first.id, second.id)


async def test_a_candidate_is_all_that_is_known_of_a_contact(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen("M.Ax@GMail.com."), seen("max@gmail.com")))
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.unjudged(10)
        judgement = judged_as(
            evidence,
            display_name="Max 'Ü'",
            alternate_names=("Max", "Maxi"),
            kind=Kind.ROLE,
            wrote_to=4,
            received=3,
            addresses=(("m.ax@gmail.com", "M.Ax@GMail.com."), ("max@gmail.com", "max@gmail.com")),
        )
        await tx.contacts.judge([(evidence, judgement)], now=NOW)
    (found,) = await candidates(store)
    assert found == Candidate(
        id=found.id,
        names=("Max 'Ü'", "Max", "Maxi"),
        addresses=("m.ax@gmail.com", "max@gmail.com"),
        kind=Kind.ROLE,
        organization="",
        phone="",
        exchanged=7,
    )
    async with store.begin("anna") as tx:
        contact = await tx.contacts.find(found.id)
        assert contact is not None
        await tx.contacts.update(replace(contact, typed=Typed("Maxi", "Firm", "+49 1", "A note.")))
    assert await candidates(store) == [
        replace(found, names=("Maxi", "Max 'Ü'", "Max"), organization="Firm", phone="+49 1")
    ]


async def test_a_candidate_without_any_name_has_none(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen(BOB)))
    await judge_all(store, display_name="")
    assert [one.names for one in await candidates(store)] == [()]


async def test_candidates_are_kept_ones_in_the_order_of_ids_over_any_number_of_pages(
    store: SqlStore,
) -> None:
    number = 2 * duplicate_rows._PAGE + 7
    await folder_with(store, chunk_of(*(seen(f"a{n}@example.org") for n in range(number))))
    async with store.begin("anna") as tx:
        found = await tx.contacts.unjudged(number)
        judged = [
            (one, judged_as(one, skipped=SkipReason.LIST if place % 100 == 0 else None))
            for place, one in enumerate(found)
        ]
        await tx.contacts.judge(judged, now=NOW)
    ids = [one.id for one in await candidates(store)]
    assert ids == sorted(set(ids))
    assert len(ids) == number - (number + 99) // 100
    assert await candidates(store, "bob") == []


async def test_whoever_was_merged_is_no_candidate(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    await merged(store, people[BOB], people[ROB])
    assert {one.addresses for one in await candidates(store)} == {(BOB, ROB), (CARL,)}


async def test_a_pair_is_dismissed_once_and_whatever_the_order(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    assert await dismissed(store) == set()
    await dismiss(store, people[BOB], people[ROB])
    await dismiss(store, people[ROB], people[BOB])
    assert await dismissed(store) == {pair(people[BOB], people[ROB])}
    async with store.read("bob") as tx:
        assert await tx.duplicates.dismissed() == set()


async def test_what_is_not_one_person_is_not_one_with_what_that_went_into(store: SqlStore) -> None:
    people = await met(store, *PEOPLE, "Dora <dora@example.org>")
    bob, rob, carl, dora = (people[one] for one in (BOB, ROB, CARL, "dora@example.org"))
    await dismiss(store, rob, dora)
    first = await merged(store, bob, rob)
    assert await dismissed(store) == {pair(bob, dora)}
    second = await merged(store, carl, replace(bob, addresses=()))
    assert await dismissed(store) == {pair(carl, dora)}
    third = await merged(store, carl, dora)
    assert await dismissed(store) == set(), "the user has changed her mind"
    for merge in (third, second, first):
        await undone(store, merge)
    assert await dismissed(store) == {pair(rob, dora)}


@pytest.mark.parametrize("goes_first", [True, False])
async def test_a_pair_is_forgotten_with_either_contact(store: SqlStore, *, goes_first: bool) -> None:
    ours, other = (BOB, ROB) if goes_first else (ROB, BOB)
    mailbox, _ = await folder_with(store, letters(f"Gone <{ours}>"))
    people = await met(store, f"Stays <{other}>")
    await dismiss(store, people[BOB], people[ROB])
    async with store.begin("anna") as tx:
        await tx.mailboxes.delete(mailbox.id)
        await judge_changed(tx)
    assert await dismissed(store) == set()


async def test_another_users_contacts_are_neither_merged_nor_dismissed(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    merge = await merged(store, people[BOB], people[ROB])
    await dismiss(store, people[BOB], people[CARL])
    before = await candidates(store), await dismissed(store), await state(store)
    intrusions: list[Callable[[SqlTransaction], Awaitable[object]]] = [
        lambda tx: tx.duplicates.merge(replace(merge_of(people[BOB], people[CARL]), user_id="bob")),
        lambda tx: tx.duplicates.undo(merge),
        lambda tx: tx.duplicates.dismiss(people[ROB].id, people[CARL].id, now=NOW),
    ]
    for intrusion in intrusions:
        with pytest.raises((ContactNotFound, StorageUnavailable)):
            async with store.begin("bob") as tx:
                await intrusion(tx)
    async with store.begin("bob") as tx:
        assert await tx.duplicates.find_merge(merge.id) is None
        assert not await tx.duplicates.later_merge(merge)
        await tx.contacts.delete(people[BOB].id, now=NOW)
    assert (await candidates(store), await dismissed(store), await state(store)) == before
    await undone(store, merge)


async def test_the_state_is_another_one_after_all_that_changes_candidates_or_pairs(store: SqlStore) -> None:
    states = [await state(store)]

    async def expect_another() -> None:
        states.append(await state(store))
        assert states[-1] not in states[:-1]

    people = await met(store, *PEOPLE)
    await expect_another()
    assert await state(store) == states[-1]
    assert await state(store, "bob") == states[0]
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.evidence([people[BOB].id])
        await tx.contacts.judge([(evidence, judged_as(evidence, alternate_names=("B.",)))], now=NOW)
    await expect_another()
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(people[BOB], typed=Typed(phone="1")))
    await expect_another()
    await dismiss(store, people[BOB], people[CARL])
    await expect_another()
    merge = merge_of(people[CARL], people[ROB])
    async with store.begin("anna") as tx:
        await tx.duplicates.merge(merge)
    await expect_another()
    async with store.begin("anna") as tx:
        await tx.duplicates.undo(merge)
    await expect_another()
    async with store.begin("anna") as tx:
        await tx.contacts.delete(people[CARL].id, now=NOW)
    await expect_another()
