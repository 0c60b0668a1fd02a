"""What `ports.contacts.GroupRepository` promises, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbox_svc.errors import GroupNameTaken, GroupNotFound
from mailbox_svc.storage.store import SqlStore
from support.evidence import NOW, chunk_of, contacts_by_address, folder_with, group_of, judge_all, seen


async def ids_of(store: SqlStore, number: int = 3, user: str = "anna") -> list[str]:
    """Return the ids of new contacts."""
    await folder_with(store, chunk_of(*(seen(f"a{n}@example.org") for n in range(number))), user=user)
    await judge_all(store, user)
    return [contact.id for contact in (await contacts_by_address(store, user)).values()]


async def test_groups_come_by_name_whatever_the_case_and_then_as_they_were_saved(store: SqlStore) -> None:
    groups = [group_of("anna", name) for name in ("b", "A", "c", "Ä", "100%")]
    async with store.begin("anna") as tx:
        for group in groups:
            await tx.groups.insert(group)
        assert await tx.groups.count() == 5
        assert [group.name for group in await tx.groups.all()] == ["100%", "A", "b", "c", "Ä"]
        assert await tx.groups.find(groups[0].id) == groups[0]
        assert await tx.groups.find("none") is None
    async with store.begin("bob") as tx:
        assert (await tx.groups.all(), await tx.groups.count()) == ([], 0)
        assert await tx.groups.find(groups[0].id) is None
        assert await tx.groups.named("A") is None


async def test_names_are_equal_but_for_case(store: SqlStore) -> None:
    group = group_of("anna", "Größe")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        for name in ("Größe", "GRÖSSE", "grösse"):
            assert await tx.groups.named(name) == group
        for name in ("Grosse", "Größ", "Gr%"):
            assert await tx.groups.named(name) is None


async def test_a_name_is_taken_once_by_each_user(store: SqlStore) -> None:
    first, second = group_of("anna", "Friends"), group_of("anna", "Foes")
    async with store.begin("anna") as tx:
        await tx.groups.insert(first)
        await tx.groups.insert(second)
        with pytest.raises(GroupNameTaken):
            await tx.groups.insert(group_of("anna", "FRIENDS"))
        with pytest.raises(GroupNameTaken):
            await tx.groups.update(replace(second, name="friends"))
        await tx.groups.update(replace(first, name="FRIENDS"))
    async with store.begin("bob") as tx:
        await tx.groups.insert(group_of("bob", "Friends"))
    async with store.read("anna") as tx:
        assert [group.name for group in await tx.groups.all()] == ["Foes", "FRIENDS"]


async def test_the_id_of_another_users_group_is_not_found(store: SqlStore) -> None:
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
    async with store.begin("bob") as tx:
        for other in (replace(group, user_id="bob"), group_of("anna", "Foes")):
            with pytest.raises(GroupNotFound):
                await tx.groups.insert(other)
        await tx.groups.update(replace(group, name="taken"))
        assert not await tx.groups.delete(group.id)
    async with store.read("anna") as tx:
        assert await tx.groups.all() == [group]


async def test_an_update_stores_name_etag_and_time(store: SqlStore) -> None:
    group = group_of("anna")
    changed = replace(group, name="Foes", etag="etag-2", updated_at=NOW + timedelta(hours=1))
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.update(changed)
        assert await tx.groups.find(group.id) == changed


async def test_members_are_counted_and_remember_the_revision_of_their_import(store: SqlStore) -> None:
    a, b, c = await ids_of(store)
    group, other = group_of("anna"), group_of("anna", "Other")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.insert(other)
        await tx.groups.put_members(group.id, [(a, 1), (b, 2)])
        await tx.groups.put_members(group.id, [(b, 3), (c, 4)])
        await tx.groups.put_members(other.id, [(a, 9)])
        assert await tx.groups.revisions(group.id, [a, b, c, "none"]) == {a: 1, b: 3, c: 4}
        assert await tx.groups.revisions(group.id, [a]) == {a: 1}
        assert [found.members for found in await tx.groups.all()] == [3, 1]
        assert await tx.groups.remove_members(group.id, [b, c, "none"]) == 2
        assert await tx.groups.remove_members(group.id, [b]) == 0
        assert await tx.groups.revisions(group.id, [a, b, c]) == {a: 1}


async def test_who_was_put_into_a_group_is_grouped_for_good(store: SqlStore) -> None:
    a, b, _ = await ids_of(store)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(a, 1)])
        await tx.groups.remove_members(group.id, [a])
        grouped = {one.contact_id: one.grouped for one in await tx.contacts.evidence([a, b])}
    assert grouped == {a: True, b: False}


async def test_deleting_a_group_leaves_its_members_contacts(store: SqlStore) -> None:
    a, *_ = await ids_of(store)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(a, 1)])
        assert await tx.groups.delete(group.id)
        assert not await tx.groups.delete(group.id)
        found = await tx.contacts.find(a)
    assert found is not None
    assert found.group_ids == ()


async def test_another_users_members_are_neither_seen_nor_changed(store: SqlStore) -> None:
    a, b, _ = await ids_of(store)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(a, 1)])
    async with store.begin("bob") as tx:
        assert await tx.groups.revisions(group.id, [a]) == {}
        assert await tx.groups.remove_members(group.id, [a]) == 0
    with pytest.raises(Exception, match="does not answer"):
        async with store.begin("bob") as tx:
            await tx.groups.put_members(group.id, [(b, 1)])
    async with store.read("anna") as tx:
        assert await tx.groups.revisions(group.id, [a, b]) == {a: 1}


async def test_counting_keeps_others_from_adding_until_the_transaction_ends(store: SqlStore) -> None:
    async def add_below_limit(number: int) -> None:
        async with store.begin("anna") as tx:
            if await tx.groups.count() < 3:
                await asyncio.sleep(0.01)
                await tx.groups.insert(group_of("anna", f"Group {number}"))

    await asyncio.gather(*(add_below_limit(number) for number in range(8)))
    async with store.read("anna") as tx:
        assert await tx.groups.count() == 3
