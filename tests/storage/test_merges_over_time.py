"""What becomes of a merge when contacts are merged again, deleted, or lose their mail."""

from dataclasses import replace

import pytest

from mailbox_svc.model.contact import Filter, SkipReason, Typed
from mailbox_svc.model.duplicate import Merge
from mailbox_svc.storage.store import SqlStore
from support.evidence import folder_with, group_of
from support.merges import (
    LATER,
    by_address,
    contact,
    found,
    judge_changed,
    letters,
    merge_of,
    merged,
    met,
    undone,
)
from support.stores import add, mailbox_of

BOB, ROB, CARL = "bob@example.org", "rob@work.example", "carl@example.org"
PEOPLE = (f"Bob Berg <{BOB}>", f"Robert Berg <{ROB}>", f"Carl Cox <{CARL}>")


async def is_there(store: SqlStore, merge: Merge) -> bool:
    async with store.read("anna") as tx:
        return await tx.duplicates.find_merge(merge.id) is not None


async def everything(store: SqlStore) -> list[object]:
    """Return all contacts as a user sees them, hidden ones as well."""
    async with store.read("anna") as tx:
        return [
            *(await by_address(store, kept=None)).values(),
            *(group.members for group in await tx.groups.all()),
        ]


async def lose(store: SqlStore, mailbox_id: str) -> None:
    """Delete the mailbox, and judge what is left."""
    async with store.begin("anna") as tx:
        await tx.mailboxes.delete(mailbox_id)
        await judge_changed(tx)


async def test_a_merge_of_what_was_merged_is_taken_back_first(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    first = await merged(store, people[BOB], people[ROB])
    between = await found(store, people[BOB].id)
    second = await merged(store, people[CARL], between)
    async with store.read("anna") as tx:
        assert await tx.duplicates.later_merge(first)
        assert not await tx.duplicates.later_merge(second)
    (kept,) = (await by_address(store)).values()
    assert {address.written for address in kept.addresses} == {BOB, ROB, CARL}
    await undone(store, second)
    assert await found(store, between.id) == between
    async with store.read("anna") as tx:
        assert not await tx.duplicates.later_merge(first)
    await undone(store, first)
    assert await found(store, people[ROB].id) == people[ROB]


async def test_a_second_merge_into_one_contact_is_a_later_one_and_one_of_others_is_not(
    store: SqlStore,
) -> None:
    people = await met(store, *PEOPLE, "Dora <dora@example.org>", "Emil <emil@example.org>")
    first = await merged(store, people[BOB], people[ROB])
    await merged(store, people["dora@example.org"], people["emil@example.org"])
    async with store.read("anna") as tx:
        assert not await tx.duplicates.later_merge(first)
    await merged(store, await found(store, people[BOB].id), people[CARL])
    async with store.read("anna") as tx:
        assert await tx.duplicates.later_merge(first)


async def test_deleting_the_kept_contact_keeps_its_addresses_out_and_ends_its_merges(
    store: SqlStore,
) -> None:
    people = await met(store, *PEOPLE)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(people[ROB].id, 1)])
    first = await merged(store, people[BOB], await found(store, people[ROB].id))
    second = await merged(store, people[CARL], await found(store, people[BOB].id))
    async with store.begin("anna") as tx:
        await tx.contacts.delete(people[CARL].id, now=LATER)
        await judge_changed(tx)
        assert [group.members for group in await tx.groups.all()] == [0]
    assert not await is_there(store, first)
    assert not await is_there(store, second)
    for one in (people[BOB], people[ROB]):
        assert await contact(store, one.id) is None
    await met(store, *PEOPLE)
    (deleted,) = (await by_address(store, kept=None)).values()
    assert (deleted.id, deleted.skipped) == (people[CARL].id, SkipReason.DELETED)
    assert {address.written for address in deleted.addresses} == {BOB, ROB, CARL}


async def test_deleting_a_hidden_contact_leaves_its_addresses_where_they_are(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    first = await merged(store, people[BOB], people[CARL])
    second = await merged(store, await found(store, people[BOB].id), people[ROB])
    async with store.begin("anna") as tx:
        await tx.contacts.delete(people[ROB].id, now=LATER)
        await judge_changed(tx)
        assert not await tx.duplicates.later_merge(first), "the later one cannot be taken back any more"
    assert await contact(store, people[ROB].id) is None
    assert not await is_there(store, second)
    await met(store, f"Robert Berg <{ROB}>")
    kept = await found(store, people[BOB].id)
    assert {address.written for address in kept.addresses} == {BOB, ROB, CARL}
    await undone(store, first)
    assert {address.written for address in (await found(store, people[BOB].id)).addresses} == {BOB, ROB}


async def test_an_address_whose_mail_is_gone_stays_with_the_merged_contact(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    await folder_with(store, letters(f"Robert Berg <{ROB}>"), mailbox=mailbox)
    people = await met(store, f"Bob Berg <{BOB}>")
    merge = await merged(store, people[BOB], people[ROB])
    await lose(store, mailbox.id)
    kept = await found(store, merge.kept)
    assert ([address.written for address in kept.addresses], kept.received) == ([BOB, ROB], 1)
    await met(store, "Robert Berg <rob+x@work.example>")
    assert (await found(store, merge.kept)).received == 2
    await undone(store, merge)
    rob = await found(store, people[ROB].id)
    assert [address.written for address in rob.addresses] == ["rob+x@work.example"]
    assert [address.written for address in (await found(store, merge.kept)).addresses] == [BOB]


async def test_a_merged_contact_that_has_lost_all_mail_is_removed_with_what_went_into_it(
    store: SqlStore,
) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    await folder_with(store, letters(*PEOPLE), mailbox=mailbox)
    people = await met(store)
    first = await merged(store, people[BOB], people[ROB])
    second = await merged(store, people[CARL], await found(store, people[BOB].id))
    await lose(store, mailbox.id)
    assert await everything(store) == []
    assert not await is_there(store, first)
    assert not await is_there(store, second)
    async with store.begin("anna") as tx:
        assert await tx.contacts.unjudged(10) == []


@pytest.mark.parametrize("how", ["typed", "grouped"])
async def test_what_the_user_entered_of_a_hidden_contact_outlives_all_mail(store: SqlStore, how: str) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    await folder_with(store, letters(*PEOPLE[:2]), mailbox=mailbox)
    people = await met(store)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        if how == "typed":
            await tx.contacts.update(replace(people[ROB], typed=Typed(note="Met in Rome.")))
        else:
            await tx.groups.insert(group)
            await tx.groups.put_members(group.id, [(people[ROB].id, 1)])
            await tx.groups.remove_members(group.id, [people[ROB].id])
    rob = await found(store, people[ROB].id)
    merge = await merged(store, people[BOB], rob)
    kept = await found(store, merge.kept)
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(kept, typed=Typed()))
    await lose(store, mailbox.id)
    kept = await found(store, merge.kept)
    assert (kept.display_name, kept.skipped) == ("Bob Berg", None)
    assert {address.written for address in kept.addresses} == {BOB, ROB}
    await undone(store, merge)
    assert await contact(store, merge.kept) is None, "nothing was entered about it, and its mail is gone"
    left = await found(store, rob.id)
    assert (left.typed, left.display_name, left.skipped) == (rob.typed, "Robert Berg", None)


async def test_a_contact_whose_mail_was_gone_before_gets_its_name_back(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    await folder_with(store, letters(PEOPLE[0]), mailbox=mailbox)
    people = await met(store, PEOPLE[1])
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(people[BOB], typed=Typed(phone="123")))
    await lose(store, mailbox.id)
    before = await found(store, people[BOB].id)
    assert (before.display_name, before.received) == ("Bob Berg", 0)
    merge = await merged(store, before, people[ROB])
    assert (await found(store, merge.kept)).display_name == "Robert Berg"
    await undone(store, merge)
    after = await found(store, merge.kept)
    assert after == replace(before, revision=after.revision, updated_at=after.updated_at)


async def test_a_group_that_was_joined_since_keeps_its_member_a_contact(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    his, hers = group_of("anna", "His"), group_of("anna", "Hers")
    async with store.begin("anna") as tx:
        for group in (his, hers):
            await tx.groups.insert(group)
        await tx.groups.put_members(his.id, [(people[ROB].id, 1), (people[CARL].id, 1)])
    first = await merged(store, people[BOB], await found(store, people[ROB].id))
    second = await merged(store, people[CARL], await found(store, people[BOB].id))
    await undone(store, second)
    await undone(store, first)
    async with store.begin("anna") as tx:
        grouped = {
            one.contact_id: one.grouped for one in await tx.contacts.evidence([p.id for p in people.values()])
        }
    assert grouped == {people[BOB].id: False, people[ROB].id: True, people[CARL].id: True}
    third = await merged(store, people[BOB], await found(store, people[ROB].id))
    async with store.begin("anna") as tx:
        await tx.groups.put_members(hers.id, [(people[BOB].id, 1)])
    await undone(store, third)
    bob = await found(store, people[BOB].id)
    assert bob.group_ids == (hers.id,)
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.evidence([bob.id])
    assert evidence.grouped


async def test_a_group_that_was_deleted_is_passed_over(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(people[ROB].id, 1)])
    merge = merge_of(people[BOB], await found(store, people[ROB].id))
    async with store.begin("anna") as tx:
        assert await tx.groups.delete(group.id)
        await tx.duplicates.merge(merge)
        await judge_changed(tx)
    assert (await found(store, merge.kept)).group_ids == ()
    await undone(store, merge)
    async with store.read("anna") as tx:
        assert await tx.contacts.count(Filter()) == 3
