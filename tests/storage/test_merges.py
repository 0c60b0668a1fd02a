"""What `ports.contacts.DuplicateRepository` promises of merges, and what a merge asks of the other parts."""

from dataclasses import replace

import pytest

from mailbox_svc.errors import ContactNotFound
from mailbox_svc.model.contact import Filter, SkipReason, Typed
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

BOB, ROB, CARL = "bob@example.org", "rob@work.example", "carl@example.org"
PEOPLE = (f"Bob Berg <{BOB}>", f"Robert Berg <{ROB}>", f"Carl Cox <{CARL}>")


async def test_the_kept_contact_has_all_and_the_others_are_hidden(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    bob, rob, carl = people[BOB], people[ROB], people[CARL]
    merge = await merged(store, bob, rob, carl)
    (kept,) = (await by_address(store)).values()
    assert kept.id == bob.id
    assert {address.written for address in kept.addresses} == {BOB, ROB, CARL}
    assert {kept.display_name, *kept.alternate_names} == {"Bob Berg", "Robert Berg", "Carl Cox"}
    assert (kept.wrote_to, kept.received) == (3, 3)
    for one in (rob, carl):
        assert await contact(store, one.id) == replace(one, skipped=SkipReason.MERGED)
    async with store.read("anna") as tx:
        assert await tx.duplicates.find_merge(merge.id) == merge
        assert not await tx.duplicates.later_merge(merge)
        assert await tx.contacts.count(Filter(kept=False, skipped=frozenset({SkipReason.MERGED}))) == 2


async def test_new_mail_of_any_address_or_its_key_goes_to_the_kept_contact(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    await merged(store, people[BOB], people[ROB])
    people = await met(store, f"Robert <{ROB}>", "Robert <rob+news@work.example>")
    assert people.keys() == {BOB, CARL} or people.keys() == {ROB, CARL}
    kept = await found(store, next(one.id for one in people.values() if len(one.addresses) == 3))
    assert (kept.wrote_to, kept.received) == (4, 4)


async def test_taken_back_the_contacts_are_as_they_were(store: SqlStore) -> None:
    before = await met(store, *PEOPLE)
    merge = await merged(store, before[BOB], before[ROB], before[CARL])
    await undone(store, merge)
    after = await by_address(store)
    assert after[ROB] == before[ROB]
    assert after[CARL] == before[CARL]
    assert after[BOB] == replace(before[BOB], revision=3, updated_at=LATER)
    async with store.begin("anna") as tx:
        assert await tx.duplicates.find_merge(merge.id) is None
        assert await tx.contacts.unjudged(10) == []


async def test_neither_a_merge_nor_its_undo_judges_and_both_leave_all_of_it_to_be_judged(
    store: SqlStore,
) -> None:
    people = await met(store, *PEOPLE)
    merge = merge_of(people[BOB], people[ROB])
    async with store.begin("anna") as tx:
        await tx.duplicates.merge(merge)
        assert [one.contact_id for one in await tx.contacts.unjudged(10)] == [people[BOB].id]
        await judge_changed(tx)
        await tx.duplicates.undo(merge)
        back = await tx.contacts.find(people[ROB].id)
        assert back is not None
        assert back.skipped is None
        assert {one.contact_id for one in await tx.contacts.unjudged(10)} == {people[BOB].id, people[ROB].id}


async def test_mail_that_came_in_later_goes_with_its_address(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    merge = await merged(store, people[BOB], people[ROB])
    await met(store, f"Robert <{ROB}>", "Robert <rob+news@work.example>")
    await folder_with(store, letters("Rob <rob+late@work.example>"))
    await undone(store, merge)
    rob = await found(store, people[ROB].id)
    assert {address.written for address in rob.addresses} == {
        ROB,
        "rob+news@work.example",
        "rob+late@work.example",
    }
    assert rob.received == 4
    assert (await found(store, people[BOB].id)).received == 1


async def test_the_user_is_asked_for_contacts_that_are_there(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    gone = replace(people[CARL], id="gone")
    for merge in (merge_of(gone, people[BOB]), merge_of(people[BOB], people[ROB], gone)):
        with pytest.raises(ContactNotFound):
            async with store.begin("anna") as tx:
                await tx.duplicates.merge(merge)
    assert await by_address(store) == people


async def test_what_was_typed_is_undone_field_by_field_where_it_was_not_changed_since(
    store: SqlStore,
) -> None:
    people = await met(store, *PEOPLE)
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(people[BOB], typed=Typed("Bobby"), etag="etag-b"))
        await tx.contacts.update(replace(people[ROB], typed=Typed("", "Firm", "123", "Rome")))
    people = await by_address(store)
    merge = await merged(store, people[BOB], people[ROB])
    kept = await found(store, merge.kept)
    assert kept.typed == Typed("Bobby", "Firm", "123", "Rome")
    assert kept.etag != "etag-b"
    assert (await found(store, people[ROB].id)).typed == Typed("", "Firm", "123", "Rome")
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(kept, typed=replace(kept.typed, phone="456"), etag="etag-c"))
    await undone(store, merge)
    kept = await found(store, merge.kept)
    assert kept.typed == Typed("Bobby", "", "456", "")
    assert kept.etag not in {"etag-b", "etag-c"}
    assert (await found(store, people[ROB].id)).typed == Typed("", "Firm", "123", "Rome")


async def test_the_kept_contact_is_found_by_what_was_typed_of_the_others(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(people[ROB], typed=Typed("Zorro")))
    people = await by_address(store)
    await merged(store, people[BOB], people[ROB])
    assert [one.id for one in (await by_address(store, words=("zorro",))).values()] == [people[BOB].id]


async def test_groups_are_joined_and_the_hidden_are_no_members_until_they_are_back(store: SqlStore) -> None:
    people = await met(store, *PEOPLE)
    both, his, other = (group_of("anna", name) for name in ("Both", "His", "Other"))
    async with store.begin("anna") as tx:
        for group in (both, his, other):
            await tx.groups.insert(group)
        await tx.groups.put_members(both.id, [(people[BOB].id, 1), (people[ROB].id, 1), (people[CARL].id, 1)])
        await tx.groups.put_members(his.id, [(people[ROB].id, 1)])
        await tx.groups.put_members(other.id, [(people[CARL].id, 1)])
    people = await by_address(store)
    merge = await merged(store, people[BOB], people[ROB])
    assert merge.groups_added == (his.id,)
    kept, rob = await found(store, merge.kept), await found(store, people[ROB].id)
    assert set(kept.group_ids) == set(rob.group_ids) == {both.id, his.id}
    async with store.read("anna") as tx:
        assert [group.members for group in await tx.groups.all()] == [2, 1, 1]
        assert await tx.contacts.count(Filter(group_id=both.id)) == 2
        assert await tx.contacts.count(Filter(group_id=his.id)) == 1
    await undone(store, merge)
    async with store.read("anna") as tx:
        assert [group.members for group in await tx.groups.all()] == [3, 1, 1]
    assert (await found(store, merge.kept)).group_ids == (both.id,)
    assert (await found(store, rob.id)).group_ids == rob.group_ids
