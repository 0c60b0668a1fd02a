"""Groups on both databases."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.contacts.drafts import FilterWish, GroupDraft, ImportOrder, Selection
from mailbox_svc.contacts.rules import MAX_GROUPS
from mailbox_svc.errors import GroupNameTaken, GroupNotFound, InvalidFields, StaleGroup, TooManyGroups
from support.contact_world import ANN, BOB, contact_world, friend, names, robot
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
UNKNOWN = str(uuid.uuid4())


async def fields_refused(call: Awaitable[Any]) -> list[str]:
    with pytest.raises(InvalidFields) as caught:
        await call
    return [violation.field for violation in caught.value.violations]


@both
async def test_groups_are_listed_by_name_as_they_were_saved(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        work = await w.contacts.save_group(ANN, GroupDraft(" Work "))
        choir = await w.contacts.save_group(ANN, GroupDraft("choir"))
        await w.contacts.save_group(BOB, GroupDraft("Bob's"))
        assert await w.contacts.groups(ANN) == [choir, work]
        assert (work.name, work.members, work.created_at, work.updated_at) == (
            "Work",
            0,
            w.clock(),
            w.clock(),
        )


@both
async def test_a_client_that_names_the_id_may_repeat_the_call(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        draft = GroupDraft("Choir", id=str(uuid.uuid4()).upper())
        first = await w.contacts.save_group(ANN, draft)
        w.clock.pass_time(days=1)
        assert await w.contacts.save_group(ANN, draft) == first
        assert await w.contacts.groups(ANN) == [first]
        assert first.id == str(draft.id).lower()


@both
async def test_a_group_is_renamed_and_keeps_its_members(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("a@example.org"))
        group = (await w.contacts.import_contacts(ANN, ImportOrder(group_name="Choir"))).group
        assert group is not None
        w.clock.pass_time(days=1)
        renamed = await w.contacts.save_group(ANN, GroupDraft("CHOIR", id=group.id, etag=group.etag))
        assert (renamed.name, renamed.members) == ("CHOIR", 1)
        assert renamed.etag != group.etag
        assert (renamed.created_at, renamed.updated_at) == (group.created_at, w.clock())
        assert await w.contacts.groups(ANN) == [renamed]


@both
async def test_an_etag_that_was_overtaken_is_refused(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        group = await w.contacts.save_group(ANN, GroupDraft("Choir"))
        stored = await w.contacts.save_group(ANN, GroupDraft("Band", id=group.id))
        with pytest.raises(StaleGroup):
            await w.contacts.save_group(ANN, GroupDraft("Band", id=group.id, etag=group.etag))
        assert await w.contacts.groups(ANN) == [stored]


@both
async def test_a_name_that_another_group_has_is_refused_whatever_its_case(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        choir = await w.contacts.save_group(ANN, GroupDraft("Straße"))
        band = await w.contacts.save_group(ANN, GroupDraft("Band"))
        for draft in (GroupDraft("STRASSE"), GroupDraft("straße"), GroupDraft("Straße", id=band.id)):
            with pytest.raises(GroupNameTaken):
                await w.contacts.save_group(ANN, draft)
        assert await w.contacts.groups(ANN) == [band, choir]
        # the same name with another user is nobody's business
        await w.contacts.save_group(BOB, GroupDraft("Band"))


@both
async def test_names_that_differ_in_more_than_case_are_two(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        for name in ("Ol", "Öl", "O l", "(Ol)", "!", "?"):
            await w.contacts.save_group(ANN, GroupDraft(name))
        assert len(await w.contacts.groups(ANN)) == 6


@both
async def test_the_same_letters_typed_in_another_way_are_the_same_name(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.contacts.save_group(ANN, GroupDraft("\u00d6l"))
        with pytest.raises(GroupNameTaken):
            await w.contacts.save_group(ANN, GroupDraft("O\u0308l"))


@both
async def test_wrong_fields_are_named_and_nothing_is_stored(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        save = w.contacts.save_group
        for name in ("", "  ", "\u200b", "a" * 101, "a\nb", "a\x00", "\ud800", "\u2028"):
            assert await fields_refused(save(ANN, GroupDraft(name))) == ["name"], repr(name)
        assert await fields_refused(save(ANN, GroupDraft("", id="x"))) == ["name", "id"]
        assert await fields_refused(save(ANN, GroupDraft("a", etag="x"))) == ["etag"]
        assert await w.contacts.groups(ANN) == []
        assert (await save(ANN, GroupDraft("👩‍👩‍👧" * 20))).name == "👩‍👩‍👧" * 20


@both
async def test_groups_of_others_and_unknown_ones_are_not_found(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        theirs = await w.contacts.save_group(BOB, GroupDraft("Choir"))
        for call in (
            w.contacts.save_group(ANN, GroupDraft("Mine", id=theirs.id)),
            w.contacts.save_group(ANN, GroupDraft("Mine", id=theirs.id, etag=theirs.etag)),
            w.contacts.save_group(ANN, GroupDraft("Mine", id=UNKNOWN, etag="x")),
            w.contacts.import_contacts(ANN, ImportOrder(group_id=theirs.id)),
            w.contacts.import_contacts(ANN, ImportOrder(group_id=theirs.id, dry_run=True)),
        ):
            with pytest.raises(GroupNotFound):
                await call
        for group_id in (theirs.id, UNKNOWN, "x", "\0"):
            for other in (
                w.contacts.delete_group(ANN, group_id),
                w.contacts.remove_members(ANN, group_id, [UNKNOWN]),
            ):
                with pytest.raises(GroupNotFound):
                    await other
        assert await w.contacts.groups(BOB) == [theirs]
        assert await w.contacts.groups(ANN) == []


@both
async def test_a_user_holds_at_most_so_many_groups(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.contacts.save_group(ANN, GroupDraft("group 0"))
        first = (await w.contacts.groups(ANN))[0]
        async with w.store.begin(ANN) as tx:  # the rest in one transaction: each by itself takes a while
            for number in range(1, MAX_GROUPS - 1):
                await tx.groups.insert(replace(first, id=str(uuid.uuid4()), name=f"group {number}"))
        await w.contacts.save_group(ANN, GroupDraft("the last one"))
        last = (await w.contacts.groups(ANN))[-1]
        for call in (
            w.contacts.save_group(ANN, GroupDraft("one more")),
            w.contacts.import_contacts(ANN, ImportOrder(group_name="one more")),
            w.contacts.import_contacts(ANN, ImportOrder(group_name="one more", dry_run=True)),
        ):
            with pytest.raises(TooManyGroups):
                await call
        assert len(await w.contacts.groups(ANN)) == MAX_GROUPS
        await w.contacts.save_group(ANN, GroupDraft("renamed", id=last.id))
        await w.contacts.import_contacts(ANN, ImportOrder(group_name="Renamed"))
        await w.contacts.delete_group(ANN, last.id)
        await w.contacts.save_group(ANN, GroupDraft("one more"))


@both
async def test_members_of_a_deleted_group_stay_contacts(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, friend("anna@example.org"), robot("news@example.com"))
        chosen = (await w.named("news@example.com")).id
        await w.contacts.import_contacts(ANN, ImportOrder(group_name="A"))
        order = ImportOrder(group_name="B", selection=Selection(ids=(chosen,)))
        await w.contacts.import_contacts(ANN, order)
        for name in ("A", "B"):
            await w.contacts.delete_group(ANN, (await w.group(name)).id)
        assert await w.contacts.groups(ANN) == []
        await w.see(mailbox, friend("anna@example.org"), robot("news@example.com"))
        assert names(await w.listed()) == ["anna@example.org", "news@example.com"]
        assert [one.group_ids for one in await w.listed()] == [(), ()]


@both
async def test_members_are_taken_out_and_stay_contacts(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, *(friend(f"{name}@example.org") for name in "abc"), robot("news@example.com"))
        chosen = await w.named("news@example.com")
        ids = [one.id for one in await w.listed()]
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(*ids, chosen.id)))
        group = (await w.contacts.import_contacts(ANN, order)).group
        assert group is not None
        assert group.members == 4
        w.clock.pass_time(days=1)
        out = [ids[0].upper(), ids[0], chosen.id, UNKNOWN, "x", "\0"]
        after = await w.contacts.remove_members(ANN, group.id, out)
        assert (after.members, after.etag, after.updated_at) == (2, group.etag, w.clock())
        assert await w.contacts.groups(ANN) == [after]
        assert names(await w.listed(FilterWish(group_id=group.id))) == ["b@example.org", "c@example.org"]
        w.clock.pass_time(days=1)
        assert await w.contacts.remove_members(ANN, group.id, out) == after
        assert await w.contacts.remove_members(ANN, group.id, []) == after
        await w.see(mailbox, robot("news@example.com"))
        assert len(await w.listed()) == 4


async def test_too_many_members_at_once_are_refused(tmp_path: Path) -> None:
    async with contact_world("sqlite", tmp_path) as w:
        group = await w.contacts.save_group(ANN, GroupDraft("Choir"))
        call = w.contacts.remove_members(ANN, group.id, [UNKNOWN] * 1001)
        assert await fields_refused(call) == ["contact_ids"]
        assert await fields_refused(w.contacts.remove_members(ANN, "", [])) == ["group_id"]
        assert await fields_refused(w.contacts.delete_group(ANN, "")) == ["id"]


@both
async def test_the_same_new_name_from_many_callers_at_once_makes_one_group(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        order = ImportOrder(group_name="Choir")
        done = await asyncio.gather(*(w.contacts.import_contacts(ANN, order) for _ in range(4)))
        (group,) = await w.contacts.groups(ANN)
        assert {one.group.id for one in done if one.group} == {group.id}
        assert sorted((one.added, one.unchanged) for one in done) == [(0, 1), (0, 1), (0, 1), (1, 0)]
