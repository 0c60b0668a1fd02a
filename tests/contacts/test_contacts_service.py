"""List, get, change and delete contacts, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.contacts.drafts import (
    ExportForm,
    FilterWish,
    GroupDraft,
    ImportOrder,
    Selection,
    TypedChanges,
)
from mailbox_svc.errors import (
    ContactNotFound,
    GroupNotFound,
    InvalidFields,
    MailboxNotFound,
    MailboxSvcError,
    StaleContact,
)
from mailbox_svc.model.contact import Kind, Order, ReasonCode, SkipReason, Typed
from mailbox_svc.model.harvest import Policy
from support.contact_world import (
    ANN,
    BOB,
    EVERYTHING,
    Seen,
    World,
    contact_world,
    friend,
    names,
    robot,
    stranger,
)
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
UNKNOWN = str(uuid.uuid4())


async def fields_refused(call: Awaitable[Any]) -> list[str]:
    with pytest.raises(InvalidFields) as caught:
        await call
    return [violation.field for violation in caught.value.violations]


async def all_pages(w: World, order: Order, size: int, wish: FilterWish = EVERYTHING) -> list[str]:
    found, token = [], ""
    while True:
        page = await w.contacts.page(ANN, wish, order, size=size, token=token)
        found += names(page.contacts)
        token = page.next_token
        if not token:
            return found
        assert len(page.contacts) == size


@both
async def test_contacts_come_in_the_order_asked_for(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(
            await w.mailbox(),
            Seen("zoe@example.org", "Zoé", sent_to=50, received=50, days_ago=9),
            Seen("ann2@example.org", "Ånn", sent_to=1, days_ago=8),
            Seen("bea@example.org", "bea berg", sent_to=2, days_ago=7),
            friend("aaa@example.org", days_ago=700),
        )
        assert names(await w.listed(order=Order.NAME)) == ["aaa@example.org", "Ånn", "bea berg", "Zoé"]
        assert names(await w.listed(order=Order.RECENT)) == ["bea berg", "Ånn", "Zoé", "aaa@example.org"]
        assert names(await w.listed(order=Order.RANK))[0] == "Zoé"


@both
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("size", [1, 3, 4, 7, 8])
async def test_pages_of_any_size_hold_every_contact_once(
    kind: str, order: Order, size: int, tmp_path: Path
) -> None:
    async with contact_world(kind, tmp_path) as w:
        # four of them are equal in rank and date, so that only the id tells them apart
        people = [friend(f"{n}@example.org", "Same Name") for n in range(4)]
        others = [friend(f"{n}@example.net", f"Name {n}", days_ago=n + 5) for n in range(4)]
        await w.see(await w.mailbox(), *people, *others)
        whole = names(await w.listed(order=order))
        assert await all_pages(w, order, size) == whole
        assert len(whole) == 8


@both
async def test_a_page_says_how_many_there_are_in_all(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), *(friend(f"{n}@example.org") for n in range(120)))
        first = await w.contacts.page(ANN, EVERYTHING, Order.NAME, size=0, token="")
        assert (len(first.contacts), first.total) == (100, 120)
        last = await w.contacts.page(ANN, EVERYTHING, Order.NAME, size=0, token=first.next_token)
        assert (len(last.contacts), last.total, last.next_token) == (20, 120, "")


async def test_page_sizes_and_tokens_out_of_bounds_are_refused(tmp_path: Path) -> None:
    async with contact_world("sqlite", tmp_path) as w:
        await w.see(await w.mailbox(), friend("a@example.org"), friend("b@example.org"))
        for size in (-1, 1001):
            call = w.contacts.page(ANN, EVERYTHING, Order.NAME, size=size, token="")
            assert await fields_refused(call) == ["page_size"]
            skipped = w.contacts.skipped(ANN, EVERYTHING, frozenset(), size=size, token="")
            assert await fields_refused(skipped) == ["page_size"]
        token = (await w.contacts.page(ANN, EVERYTHING, Order.NAME, size=1, token="")).next_token
        other = FilterWish(query="a")
        call = w.contacts.page(ANN, other, Order.NAME, size=1, token=token)
        assert await fields_refused(call) == ["page_token"]
        call = w.contacts.page(ANN, EVERYTHING, Order.NAME, size=1, token="x")
        assert await fields_refused(call) == ["page_token"]
        skipped = w.contacts.skipped(ANN, EVERYTHING, frozenset(), size=1, token=token)
        assert await fields_refused(skipped) == ["page_token"]
        for query in ("a" * 201, "a\0", "\ud800"):
            call = w.contacts.page(ANN, FilterWish(query=query), Order.NAME, size=1, token="")
            assert await fields_refused(call) == ["filter.query"]
        assert len(await w.listed(FilterWish(query="\t example \r\n org" + " " * 200))) == 2


@both
async def test_filters_keep_what_they_name(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        work, home = await w.mailbox(), await w.mailbox()
        await w.see(work, friend("anna@example.org", "Anna Bérg"), friend("info@example.org", "Office"))
        await w.see(home, friend("bert@example.net", "Bert Berg"))
        listed = w.listed
        assert names(await listed(FilterWish(mailbox_id=work.id))) == ["Anna Bérg", "Office"]
        assert names(await listed(FilterWish(kinds=frozenset({Kind.ROLE})))) == ["Office"]
        assert names(await listed(FilterWish(kinds=frozenset({Kind.ROLE, Kind.PERSON})))) == [
            "Anna Bérg", "Bert Berg", "Office",
        ]  # fmt: skip
        assert names(await listed(FilterWish(query="BERG"))) == ["Anna Bérg", "Bert Berg"]
        assert names(await listed(FilterWish(query="berg example.net"))) == ["Bert Berg"]
        assert names(await listed(FilterWish(query="berg", mailbox_id=work.id.upper()))) == ["Anna Bérg"]
        assert names(await listed(FilterWish(query="100% _"))) == []
        done = await w.contacts.import_contacts(
            ANN, ImportOrder(group_name="Choir", selection=Selection(query="bert"))
        )
        assert done.group is not None
        assert names(await listed(FilterWish(group_id=done.group.id))) == ["Bert Berg"]
        assert names(await listed(FilterWish(group_id=done.group.id, mailbox_id=work.id))) == []


@both
async def test_groups_and_mailboxes_of_others_cannot_be_filtered_by(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        theirs = await w.mailbox(BOB)
        group = await w.contacts.save_group(BOB, GroupDraft("Choir"))
        for mailbox_id in (theirs.id, UNKNOWN, "x", "\0"):
            wish = FilterWish(mailbox_id=mailbox_id)
            for call in (page_of(w, wish), skipped_of(w, wish), exported(w, wish)):
                with pytest.raises(MailboxNotFound):
                    await call
        for group_id in (group.id, UNKNOWN, "x", "\0"):
            wish = FilterWish(group_id=group_id)
            for call in (page_of(w, wish), skipped_of(w, wish), exported(w, wish)):
                with pytest.raises(GroupNotFound):
                    await call
        assert await fields_refused(page_of(w, FilterWish(group_id=""))) == ["filter.group_id"]
        assert await fields_refused(page_of(w, FilterWish(mailbox_id=""))) == ["filter.mailbox_id"]


async def page_of(w: World, wish: FilterWish) -> object:
    return await w.contacts.page(ANN, wish, Order.NAME, size=0, token="")


async def skipped_of(w: World, wish: FilterWish) -> object:
    return await w.contacts.skipped(ANN, wish, frozenset(), size=0, token="")


async def exported(w: World, wish: FilterWish) -> object:
    return [piece async for piece in w.contacts.export(ANN, wish, ExportForm.CSV)]


@both
async def test_what_was_left_out_says_why(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox(policy=Policy.WROTE_TO)
        await w.see(
            mailbox,
            friend("anna@example.org"),
            robot("news@example.com"),
            stranger("far@example.net"),
            Seen("writer@example.net", "Will Writer", received=2),
        )
        assert await w.left_out() == {
            "news@example.com": SkipReason.AUTOMATED,
            "far@example.net": SkipReason.NEVER_EXCHANGED,
            "writer@example.net": SkipReason.NEVER_WROTE_TO,
        }
        assert await w.left_out(FilterWish(query="net", mailbox_id=mailbox.id)) == {
            "far@example.net": SkipReason.NEVER_EXCHANGED,
            "writer@example.net": SkipReason.NEVER_WROTE_TO,
        }
        reasons = frozenset({SkipReason.AUTOMATED, SkipReason.LIST})
        page = await w.contacts.skipped(ANN, EVERYTHING, reasons, size=1, token="")
        assert (names(page.contacts), page.total, page.next_token) == (["news@example.com"], 1, "")
        assert names(await w.listed()) == ["anna@example.org"]


@both
async def test_a_contact_is_given_with_all_that_is_known_of_it(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("Anna@example.org", "Anna Berg"))
        (listed,) = await w.listed()
        got = await w.contacts.get(ANN, listed.id.upper())
        assert got == listed
        assert (got.wrote_to, got.received, got.together) == (3, 2, 0)
        assert got.addresses[0].written == "Anna@example.org"
        assert got.reason.code is ReasonCode.WROTE_TO


@both
async def test_contacts_of_others_and_unknown_ones_are_not_found(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(BOB), friend("anna@example.org"))
        (theirs,) = await w.listed(user_id=BOB)
        for contact_id in (theirs.id, UNKNOWN, "x", "\0"):
            for call in (
                w.contacts.get(ANN, contact_id),
                w.contacts.update(ANN, contact_id, TypedChanges(note="x")),
                w.contacts.delete(ANN, contact_id),
            ):
                with pytest.raises(ContactNotFound):
                    await call
        for empty in (w.contacts.get(ANN, ""), w.contacts.delete(ANN, ""), update(w, "", note="x")):
            assert await fields_refused(empty) == ["id"]
        assert await w.listed(user_id=BOB) == [theirs]


async def update(w: World, contact_id: str, **changes: str) -> object:
    return await w.contacts.update(ANN, contact_id, TypedChanges(**changes))


@both
async def test_what_is_typed_shows_and_outlives_a_harvest(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, friend("anna@example.org", "Anna Berg"))
        before = await w.named("Anna Berg")
        w.clock.pass_time(days=1)
        changes = TypedChanges(display_name=" Änne ", organization="Choir", phone="+1 2", note=" a\r\nb\n")
        typed = await w.contacts.update(ANN, before.id, changes)
        assert typed.typed == Typed("Änne", "Choir", "+1 2", "a\nb")
        assert (typed.display_name, typed.found_name) == ("Änne", "Anna Berg")
        assert typed.etag != before.etag
        assert typed.revision != before.revision, "an import must notice"
        assert typed.updated_at == w.clock()
        await w.see(mailbox, friend("anna@example.org", "Annabella Berg"))
        after = await w.contacts.get(ANN, before.id)
        assert (after.display_name, after.typed, after.etag) == ("Änne", typed.typed, typed.etag)
        assert names(await w.listed(FilterWish(query="anne"))) == ["Änne"]


@both
async def test_an_emptied_name_goes_back_to_the_one_in_mail(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org", "Anna Berg"), friend("b@example.org", "Bo"))
        contact_id = (await w.named("Anna Berg")).id
        await update(w, contact_id, display_name="Zoe", note="x")
        assert names(await w.listed()) == ["Bo", "Zoe"]
        emptied = await w.contacts.update(ANN, contact_id, TypedChanges(display_name=" "))
        assert (emptied.display_name, emptied.typed) == ("Anna Berg", Typed(note="x"))
        assert names(await w.listed()) == ["Anna Berg", "Bo"]


@both
async def test_a_skipped_address_that_is_typed_about_is_kept_until_that_is_emptied(
    kind: str, tmp_path: Path
) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), robot("news@example.com"))
        contact_id = (await w.named("news@example.com")).id
        kept = await w.contacts.update(ANN, contact_id, TypedChanges(note="the good one"))
        assert kept.skipped is None
        assert await w.listed() == [kept]
        assert await w.left_out() == {}
        await w.contacts.update(ANN, contact_id, TypedChanges(note=""))
        assert await w.listed() == []
        assert await w.left_out() == {"news@example.com": SkipReason.AUTOMATED}


@both
async def test_an_update_that_changes_nothing_changes_no_etag(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        contact_id = (await w.named("anna@example.org")).id
        first = await w.contacts.update(ANN, contact_id, TypedChanges(phone="1"))
        w.clock.pass_time(days=1)
        assert await w.contacts.update(ANN, contact_id, TypedChanges(phone="1 ", note="")) == first
        assert await w.contacts.update(ANN, contact_id, TypedChanges()) == first


@both
async def test_an_etag_that_was_overtaken_is_refused(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        read = await w.named("anna@example.org")
        stored = await w.contacts.update(ANN, read.id, TypedChanges(phone="1", etag=read.etag))
        for phone in ("1", "2"):
            with pytest.raises(StaleContact):
                await w.contacts.update(ANN, read.id, TypedChanges(phone=phone, etag=read.etag))
        assert await w.contacts.get(ANN, read.id) == stored


@both
async def test_wrong_fields_are_named_all_at_once_and_nothing_is_stored(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        before = await w.named("anna@example.org")
        wrong = TypedChanges("a" * 201, "a\nb", "1" * 51, "a\x00b")
        refused = await fields_refused(w.contacts.update(ANN, before.id, wrong))
        assert refused == ["display_name", "organization", "phone", "note"]
        for field, text in (
            ("display_name", "a\tb"),
            ("organization", "\ud800"),
            ("phone", "1\u20282"),
            ("note", "a" * 2001),
            ("note", "a\rb"),
        ):
            assert await fields_refused(update(w, before.id, **{field: text})) == [field]
        assert await w.contacts.get(ANN, before.id) == before
        longest = TypedChanges("ä" * 200, "😀" * 200, "1" * 50, "ß" * 2000)
        assert (await w.contacts.update(ANN, before.id, longest)).typed.note == "ß" * 2000


@both
async def test_a_deleted_contact_is_gone_from_everywhere_and_no_harvest_brings_it_back(
    kind: str, tmp_path: Path
) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, friend("anna@example.org", "Anna Berg"), friend("bert@example.org", "Bert"))
        anna = await w.named("Anna Berg")
        await update(w, anna.id, note="secret note", display_name="Änne")
        await w.contacts.import_contacts(ANN, ImportOrder(group_name="Choir"))
        await w.contacts.delete(ANN, anna.id)
        for _ in range(2):
            assert names(await w.listed()) == ["Bert"]
            assert (await w.group("Choir")).members == 1
            assert await w.left_out() == {"anna@example.org": SkipReason.DELETED}
            for call in (w.contacts.get, w.contacts.delete):
                gone: Callable[[str, str], Awaitable[object]] = call
                with pytest.raises(ContactNotFound):
                    await gone(ANN, anna.id)
            with pytest.raises(ContactNotFound):
                await update(w, anna.id, note="x")
            page = await w.contacts.skipped(ANN, EVERYTHING, frozenset(), size=0, token="")
            (left,) = page.contacts
            assert (left.display_name, left.typed, left.wrote_to) == ("", Typed(), 0)
            await w.see(mailbox, friend("anna@example.org", "Anna Berg"))


@both
async def test_a_refused_call_leaves_everything_as_it_was(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@example.org"))
        before = await w.listed()
        order = ImportOrder(group_id=UNKNOWN)
        for call in (
            w.contacts.import_contacts(ANN, order),
            w.contacts.import_contacts(
                ANN, ImportOrder(group_name="New", selection=Selection(mailbox_id=UNKNOWN))
            ),
            w.contacts.remove_members(ANN, UNKNOWN, [before[0].id]),
            w.contacts.delete(ANN, UNKNOWN),
        ):
            with pytest.raises(MailboxSvcError):
                await call
        assert await w.listed() == before
        assert await w.contacts.groups(ANN) == []
