"""Imports into groups on both databases: what is counted, what is kept, and that repeating adds nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.contacts.drafts import FilterWish, GroupDraft, ImportOrder, Selection, TypedChanges
from mailbox_svc.errors import InvalidFields, MailboxNotFound
from mailbox_svc.model.contact import ImportResult, Kind, SkipReason
from mailbox_svc.model.harvest import Policy
from support.contact_world import ANN, BOB, Seen, World, contact_world, friend, names, robot, stranger
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
UNKNOWN = str(uuid.uuid4())
Counts = tuple[int, int, int, dict[SkipReason, int]]


def counts(done: ImportResult) -> Counts:
    return done.added, done.updated, done.unchanged, done.skipped


async def imported(w: World, order: ImportOrder) -> Counts:
    """Import, and see that a dry run says the same and changes nothing, and that repeating adds nothing."""
    before = (await w.listed(), await w.left_out(), await w.contacts.groups(ANN))
    dry = await w.contacts.import_contacts(ANN, replace(order, dry_run=True))
    assert (await w.listed(), await w.left_out(), await w.contacts.groups(ANN)) == before
    done = await w.contacts.import_contacts(ANN, order)
    assert counts(dry) == counts(done)
    again = await w.contacts.import_contacts(ANN, order)
    assert counts(again) == (0, 0, done.added + done.updated + done.unchanged, done.skipped)
    assert again.group == done.group
    return counts(done)


async def fields_refused(call: Awaitable[Any]) -> list[str]:
    with pytest.raises(InvalidFields) as caught:
        await call
    return [violation.field for violation in caught.value.violations]


@both
async def test_persons_who_were_kept_are_imported_and_all_others_counted(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(
            await w.mailbox(),
            friend("anna@example.org", "Anna Berg"),
            friend("bert@example.org", "Bert Berg"),
            friend("info@example.org", "Office"),
            robot("news@example.com"),
            robot("more-news@example.com"),
            stranger("far@example.net"),
        )
        assert await imported(w, ImportOrder(group_name="Choir")) == (
            2,
            0,
            0,
            {SkipReason.OTHER_KIND: 1, SkipReason.AUTOMATED: 2, SkipReason.NEVER_EXCHANGED: 1},
        )
        group = await w.group("Choir")
        assert group.members == 2
        assert names(await w.listed(FilterWish(group_id=group.id))) == ["Anna Berg", "Bert Berg"]


@both
async def test_a_group_is_made_once_and_found_by_name_whatever_the_case(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        dry = await w.contacts.import_contacts(ANN, ImportOrder(group_name="Choir", dry_run=True))
        assert dry.group is None
        first = await w.contacts.import_contacts(ANN, ImportOrder(group_name=" Choir "))
        assert first.group is not None
        assert (first.group.name, first.group.members) == ("Choir", 1)
        second = await w.contacts.import_contacts(ANN, ImportOrder(group_name="CHOIR"))
        assert second.group == first.group
        third = await w.contacts.import_contacts(ANN, ImportOrder(group_id=first.group.id.upper()))
        assert third.group == first.group
        dry = await w.contacts.import_contacts(ANN, ImportOrder(group_name="choir", dry_run=True))
        assert dry.group == first.group


@both
async def test_members_that_have_changed_since_are_updated_once(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, friend("anna@example.org", "Anna"), friend("bert@example.org", "Bert"))
        await imported(w, ImportOrder(group_name="Choir"))
        w.clock.pass_time(days=1)
        before = await w.group("Choir")
        await w.contacts.update(ANN, (await w.named("Bert")).id, TypedChanges(display_name="Bertie"))
        await w.see(mailbox, friend("zoe@example.org", "Zoe"))
        assert await imported(w, ImportOrder(group_name="Choir")) == (1, 1, 1, {})
        after = await w.group("Choir")
        assert (after.members, after.etag, after.updated_at) == (3, before.etag, w.clock())
        # a note is no reason: neither name nor addresses nor kind
        await w.contacts.update(ANN, (await w.named("Anna")).id, TypedChanges(note="x"))
        await w.see(mailbox, friend("anna@example.org", "Anna"))
        assert await imported(w, ImportOrder(group_name="Choir")) == (0, 0, 3, {})
        assert await w.group("Choir") == after


@both
async def test_a_policy_narrows_to_those_the_user_knows(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(
            await w.mailbox(policy=Policy.EVERYONE),
            friend("anna@example.org", "Anna Berg"),
            Seen("writer@example.net", "Will Writer", received=2),
            stranger("far@example.net", "Fay Faraway"),
        )
        wrote_to = Selection(policy=Policy.WROTE_TO)
        assert await imported(w, ImportOrder(group_name="A", selection=wrote_to)) == (
            1, 0, 0, {SkipReason.NEVER_WROTE_TO: 2},
        )  # fmt: skip
        corresponded = Selection(policy=Policy.CORRESPONDED)
        assert await imported(w, ImportOrder(group_name="B", selection=corresponded)) == (
            2, 0, 0, {SkipReason.NEVER_EXCHANGED: 1},
        )  # fmt: skip
        for policy in (Policy.EVERYONE, None):
            order = ImportOrder(group_name=f"C {policy}", selection=Selection(policy=policy))
            assert await imported(w, order) == (3, 0, 0, {})


@both
async def test_kinds_and_a_least_rank_narrow_as_well(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(
            await w.mailbox(),
            Seen("close@example.org", "Clo Close", sent_to=50, received=50),
            Seen("old@example.org", "Olga Old", sent_to=1, days_ago=3000),
            friend("info@example.org", "Office"),
        )
        kinds = frozenset({Kind.ROLE})
        assert await imported(w, ImportOrder(group_name="A", selection=Selection(kinds=kinds))) == (
            1, 0, 0, {SkipReason.OTHER_KIND: 2},
        )  # fmt: skip
        assert await imported(w, ImportOrder(group_name="B", selection=Selection(kinds=frozenset(Kind)))) == (
            3, 0, 0, {},
        )  # fmt: skip
        assert await imported(w, ImportOrder(group_name="C", selection=Selection(min_rank=20))) == (
            1, 0, 0, {SkipReason.OTHER_KIND: 1, SkipReason.BELOW_RANK: 1},
        )  # fmt: skip
        assert names(await w.listed(FilterWish(group_id=(await w.group("C")).id))) == ["Clo Close"]
        # what is close today is not in thirty years
        w.clock.pass_time(days=11_000)
        assert (await imported(w, ImportOrder(group_name="D", selection=Selection(min_rank=20))))[0] == 0


@both
async def test_a_query_and_a_mailbox_say_what_is_counted_at_all(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        work, home = await w.mailbox(), await w.mailbox()
        await w.see(work, friend("anna@example.org", "Anna Berg"), robot("news@example.com"))
        await w.see(home, friend("bert@example.org", "Bert Berg"), robot("offers@example.com"))
        query = Selection(query="example.com")
        assert await imported(w, ImportOrder(group_name="A", selection=query)) == (
            0, 0, 0, {SkipReason.AUTOMATED: 2},
        )  # fmt: skip
        both_ways = Selection(query="BERG", mailbox_id=work.id)
        assert await imported(w, ImportOrder(group_name="B", selection=both_ways)) == (1, 0, 0, {})
        mailbox = Selection(mailbox_id=home.id.upper())
        assert await imported(w, ImportOrder(group_name="C", selection=mailbox)) == (
            1, 0, 0, {SkipReason.AUTOMATED: 1},
        )  # fmt: skip


@both
async def test_ids_name_kept_ones_and_skipped_ones_and_nothing_else_counts(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(
            mailbox, friend("anna@example.org", "Anna"), friend("bert@example.org"), robot("news@example.com")
        )
        await w.see(await w.mailbox(BOB), friend("theirs@example.org"))
        anna, news = await w.named("Anna"), await w.named("news@example.com")
        (theirs,) = await w.listed(user_id=BOB)
        gone = await w.named("bert@example.org")
        await w.contacts.delete(ANN, gone.id)
        ids = (anna.id, anna.id.upper(), news.id, theirs.id, UNKNOWN, "x", "\0", gone.id)
        # conditions beside ids do not restrict
        selection = Selection(ids=ids, policy=Policy.WROTE_TO, min_rank=100, query="nobody")
        order = ImportOrder(group_name="Choir", selection=selection)
        done = await imported(w, order)
        assert done[:3] == (2, 0, 0)
        assert sum(done[3].values()) == 5
        assert set(done[3]) <= {SkipReason.NOT_FOUND, SkipReason.DELETED}
        assert names(await w.listed(FilterWish(group_id=(await w.group("Choir")).id))) == [
            "Anna", "news@example.com",
        ]  # fmt: skip
        # chosen by the user: kept from now on, whatever a harvest finds
        await w.see(mailbox, robot("news@example.com"))
        assert "news@example.com" in names(await w.listed())
        assert "news@example.com" not in await w.left_out()


@both
async def test_a_skipped_one_is_kept_at_once_as_it_is_by_now(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, stranger("far@example.net", "Fay Faraway"))
        far = await w.named("Fay Faraway")
        # counted by a harvest that has not come to its judging yet
        await w.see(mailbox, friend("far@example.net", "Fay Nearby"), judged=False)
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(far.id,)))
        assert counts(await w.contacts.import_contacts(ANN, order)) == (1, 0, 0, {})
        (kept,) = await w.listed()
        assert (kept.id, kept.display_name, kept.skipped) == (far.id, "Fay Nearby", None)
        assert counts(await w.contacts.import_contacts(ANN, order)) == (0, 0, 1, {})


@both
async def test_a_robot_that_was_chosen_is_kept_by_the_first_import(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), robot("news@example.com"))
        news = await w.named("news@example.com")
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(news.id,)))
        await w.contacts.import_contacts(ANN, order)
        assert names(await w.listed()) == ["news@example.com"]
        assert await w.left_out() == {}


async def test_a_dry_run_waits_for_no_writer(tmp_path: Path) -> None:
    async with contact_world("sqlite", tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        async with w.store.begin(ANN), asyncio.timeout(30):
            done = await w.contacts.import_contacts(ANN, ImportOrder(group_name="Choir", dry_run=True))
        assert counts(done) == (1, 0, 0, {})


@both
async def test_ones_own_address_is_never_a_member(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        async with w.store.begin(ANN) as tx:
            await tx.folders.add_own_addresses(mailbox.id, ["me@example.org"])
        await w.see(mailbox, friend("me@example.org", "Me"))
        me = await w.named("me@example.org")
        assert me.skipped is SkipReason.OWN_ADDRESS
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(me.id,)))
        assert await imported(w, order) == (0, 0, 0, {SkipReason.OWN_ADDRESS: 1})
        assert (await w.group("Choir")).members == 0


@both
async def test_an_import_of_nobody_makes_the_group_all_the_same(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        assert await imported(w, ImportOrder(group_name="Choir")) == (0, 0, 0, {})
        assert (await w.group("Choir")).members == 0


async def test_wrong_fields_are_named_all_at_once_and_nothing_is_made(tmp_path: Path) -> None:
    async with contact_world("sqlite", tmp_path) as w:
        run = w.contacts.import_contacts
        control = Selection(query="a\0")
        assert await fields_refused(run(ANN, ImportOrder(group_name="A", selection=control))) == [
            "selection.query",
        ]
        wrong = Selection(ids=("x",) * 1001, min_rank=101, query="a" * 201)
        assert await fields_refused(run(ANN, ImportOrder(selection=wrong))) == [
            "group_id", "selection.ids", "selection.min_rank", "selection.query",
        ]  # fmt: skip
        for order in (ImportOrder(group_name=""), ImportOrder(group_name="a\n")):
            refused = await fields_refused(run(ANN, replace(order, selection=Selection(min_rank=-1))))
            assert refused[-1] == "selection.min_rank"
        assert await fields_refused(run(ANN, ImportOrder(group_name=" "))) == ["group_name"]
        assert await fields_refused(run(ANN, ImportOrder(group_name="a\nb"))) == ["group_name"]
        assert await fields_refused(run(ANN, ImportOrder(group_id=""))) == ["group_id"]
        theirs = await w.mailbox(BOB)
        for mailbox_id in (theirs.id, UNKNOWN, "x", "\0", ""):
            for dry_run in (False, True):
                selection = Selection(mailbox_id=mailbox_id)
                with pytest.raises(MailboxNotFound):
                    await run(ANN, ImportOrder(group_name="A", selection=selection, dry_run=dry_run))
        assert await w.contacts.groups(ANN) == []


@both
async def test_more_contacts_than_are_looked_at_in_one_step_are_all_imported(
    kind: str, tmp_path: Path
) -> None:
    async with contact_world(kind, tmp_path) as w:
        # in threes of one rank, so that steps end among equals
        people = [friend(f"p{n}@example.org", f"Person {n}", days_ago=n // 3) for n in range(2_500)]
        await w.see(await w.mailbox(), *people, robot("news@example.com"))
        group = await w.contacts.save_group(ANN, GroupDraft("All"))
        order = ImportOrder(group_id=group.id)
        done = await w.contacts.import_contacts(ANN, order)
        assert counts(done) == (2_500, 0, 0, {SkipReason.AUTOMATED: 1})
        assert done.group is not None
        assert done.group.members == 2_500
        again = await w.contacts.import_contacts(ANN, order)
        assert counts(again) == (0, 0, 2_500, {SkipReason.AUTOMATED: 1})
