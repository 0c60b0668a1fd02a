"""Duplicates on both databases: offered, merged without loss, taken back exactly, dismissed for good."""

from __future__ import annotations

import asyncio
import uuid
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbox_svc.contacts.drafts import ImportOrder, Selection, TypedChanges
from mailbox_svc.contacts.merging import DuplicatePage, Merging
from mailbox_svc.errors import ContactNotFound, InvalidFields, MergedSince, MergeNotFound, NotMergeable
from mailbox_svc.model.contact import Contact, SkipReason
from support.contact_world import ANN, BOB, World, contact_world, friend, names, robot
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
UNKNOWN = str(uuid.uuid4())
WORK, HOME = "erika.mustermann@acme.example", "erika.mustermann@web.example"
FRIENDS = (
    friend(WORK, "Erika Mustermann"),
    friend(HOME, "Erika Mustermann"),
    friend("otto@else.example", "Otto Nobody"),
)


@dataclass(slots=True)
class Here:
    w: World
    merging: Merging

    async def pairs(self, contact_id: str | None = None) -> DuplicatePage:
        return await self.merging.duplicates(ANN, contact_id=contact_id, size=0, token="")

    async def of(self, address: str) -> Contact:
        (found,) = [
            one for one in await self.w.listed() if address in {each.written for each in one.addresses}
        ]
        return found

    async def everything(self) -> tuple[list[Contact], dict[str, str], list[int]]:
        groups = await self.w.contacts.groups(ANN)
        return await self.w.listed(), await self.w.left_out(), [group.members for group in groups]


@asynccontextmanager
async def here(kind: str, folder: Path) -> AsyncIterator[Here]:
    async with contact_world(kind, folder) as w:
        await w.see(await w.mailbox(), *FRIENDS)
        yield Here(w, Merging(w.store, clock=w.clock))


@both
async def test_a_pair_is_offered_until_it_is_dismissed(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        page = await h.pairs()
        assert page.total == 1
        [(first, second, score, why)] = page.pairs
        assert {one.addresses[0].written for one in (first, second)} == {WORK, HOME}
        assert 0 < score <= 1
        assert why.endswith(".")
        assert (await h.pairs((await h.of("otto@else.example")).id)).total == 0
        assert (await h.pairs(first.id)).total == 1

        for _ in range(2):
            await h.merging.dismiss(ANN, second.id, first.id)
            assert (await h.pairs()).pairs == []


@both
async def test_new_mail_brings_new_pairs(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        assert (await h.pairs()).total == 1
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        await h.w.see(mailbox, friend("e.mustermann@acme.example", "Erika Mustermann"))
        assert (await h.pairs()).total > 1


@both
async def test_a_merge_keeps_every_address_name_count_group_and_typed_word(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        await h.w.contacts.update(ANN, work.id, TypedChanges(note="met in Rome"))
        await h.w.contacts.update(ANN, home.id, TypedChanges(note="sings", phone="+49 1"))
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(home.id,)))
        group = (await h.w.contacts.import_contacts(ANN, order)).group
        assert group is not None

        kept, _ = await h.merging.merge(ANN, [work.id, home.id])

        assert kept.id == work.id
        assert {one.written for one in kept.addresses} == {WORK, HOME}
        assert (kept.wrote_to, kept.received) == (
            work.wrote_to + home.wrote_to,
            work.received + home.received,
        )
        assert (kept.typed.note, kept.typed.phone) == ("met in Rome", "+49 1")
        assert kept.group_ids == (group.id,)
        assert await h.of(HOME) == kept
        assert names(await h.w.listed()) == ["Erika Mustermann", "Otto Nobody"]
        assert (await h.w.left_out()) == {HOME: str(SkipReason.MERGED)}
        assert [one.members for one in await h.w.contacts.groups(ANN)] == [1]
        assert (await h.pairs()).total == 0


@both
async def test_new_mail_of_a_merged_address_is_the_kept_ones(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        kept, _ = await h.merging.merge(ANN, [work.id, home.id])
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        await h.w.see(mailbox, friend(HOME, "Erika Mustermann"))

        assert (await h.of(HOME)).id == work.id
        assert (await h.of(WORK)).received == kept.received + 2


@both
async def test_a_merge_taken_back_leaves_all_as_it_was(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        await h.w.contacts.update(ANN, home.id, TypedChanges(note="sings"))
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(home.id,)))
        await h.w.contacts.import_contacts(ANN, order)
        before = await h.everything()

        _, merge_id = await h.merging.merge(ANN, [work.id, home.id])
        back = await h.merging.undo(ANN, merge_id)

        assert [one.id for one in back] == [work.id, home.id]
        after = await h.everything()
        assert [_content(one) for one in after[0]] == [_content(one) for one in before[0]]
        assert after[1:] == before[1:]
        assert (await h.pairs()).total == 1
        with pytest.raises(MergeNotFound):
            await h.merging.undo(ANN, merge_id)


def _content(contact: Contact) -> tuple[object, ...]:
    """All but what counts changes."""
    return (
        contact.id,
        contact.display_name,
        contact.alternate_names,
        contact.addresses,
        contact.kind,
        contact.reason,
        contact.score,
        contact.wrote_to,
        contact.received,
        contact.first_at,
        contact.last_at,
        contact.typed,
        contact.group_ids,
    )


@both
async def test_what_the_user_typed_after_the_merge_stays(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        await h.w.contacts.update(ANN, home.id, TypedChanges(note="sings", phone="+49 1"))
        kept, merge_id = await h.merging.merge(ANN, [work.id, home.id])
        await h.w.contacts.update(ANN, kept.id, TypedChanges(note="my own words"))

        back = await h.merging.undo(ANN, merge_id)

        assert (back[0].typed.note, back[0].typed.phone) == ("my own words", "")
        assert (back[1].typed.note, back[1].typed.phone) == ("sings", "+49 1")


@both
async def test_mail_that_came_after_the_merge_goes_to_its_own_contact_at_an_undo(
    kind: str, tmp_path: Path
) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        _, merge_id = await h.merging.merge(ANN, [work.id, home.id])
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        await h.w.see(mailbox, friend(HOME, "Erika Mustermann"))

        back = await h.merging.undo(ANN, merge_id)

        assert [one.received for one in back] == [work.received, home.received + 2]


@both
async def test_merges_of_one_contact_are_taken_back_from_the_latest(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home, otto = await h.of(WORK), await h.of(HOME), await h.of("otto@else.example")
        before = await h.everything()
        _, first = await h.merging.merge(ANN, [work.id, home.id])
        _, second = await h.merging.merge(ANN, [otto.id, work.id])
        assert len((await h.of(HOME)).addresses) == 3
        with pytest.raises(MergedSince):
            await h.merging.undo(ANN, first)

        await h.merging.undo(ANN, second)
        await h.merging.undo(ANN, first)

        after = await h.everything()
        assert [_content(one) for one in after[0]] == [_content(one) for one in before[0]]


@both
async def test_what_cannot_be_merged_is_refused_and_changes_nothing(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        await h.w.see(mailbox, robot("news@acme.example"), friend("info@acme.example", "Acme"))
        before = await h.everything()
        work, home = await h.of(WORK), await h.of(HOME)
        news = await h.w.named("news@acme.example")
        merge = h.merging.merge
        with pytest.raises(NotMergeable):
            await merge(ANN, [work.id, news.id])
        with pytest.raises(NotMergeable):
            await merge(ANN, [work.id, (await h.of("info@acme.example")).id])
        with pytest.raises(ContactNotFound):
            await merge(ANN, [work.id, UNKNOWN])
        with pytest.raises(ContactNotFound):
            await merge(BOB, [work.id, home.id])
        for ids in ([], [work.id], [work.id, work.id]):
            with pytest.raises(InvalidFields):
                await merge(ANN, ids)
        with pytest.raises(InvalidFields):
            await h.merging.dismiss(ANN, work.id, work.id)
        with pytest.raises(ContactNotFound):
            await h.merging.dismiss(BOB, work.id, home.id)
        for token in ("no token", _encoded("[" * 99_999), _encoded(f"[1{'0' * 400}, 1, 1]"), _encoded("[1]")):
            with pytest.raises(InvalidFields):
                await h.merging.duplicates(ANN, contact_id=None, size=0, token=token)
        _, merge_id = await merge(ANN, [work.id, home.id])
        with pytest.raises(MergeNotFound):
            await h.merging.undo(BOB, merge_id)
        await h.merging.undo(ANN, merge_id)
        assert (await h.everything())[1:] == before[1:]


@both
async def test_a_merged_contact_cannot_be_merged_or_offered_again(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home, otto = await h.of(WORK), await h.of(HOME), await h.of("otto@else.example")
        await h.merging.merge(ANN, [work.id, home.id])
        with pytest.raises(NotMergeable):
            await h.merging.merge(ANN, [otto.id, home.id])
        with pytest.raises(ContactNotFound):
            await h.merging.dismiss(ANN, otto.id, home.id)
        with pytest.raises(ContactNotFound):
            await h.w.contacts.update(ANN, home.id, TypedChanges(note="to whom?"))
        with pytest.raises(ContactNotFound):
            await h.w.contacts.delete(ANN, home.id)
        order = ImportOrder(group_name="Choir", selection=Selection(ids=(home.id,)))
        done = await h.w.contacts.import_contacts(ANN, order)
        assert (done.added, done.skipped) == (0, {SkipReason.MERGED: 1})


@both
async def test_a_deleted_merge_stays_deleted_with_all_its_addresses(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        work, home = await h.of(WORK), await h.of(HOME)
        kept, merge_id = await h.merging.merge(ANN, [work.id, home.id])
        await h.w.contacts.delete(ANN, kept.id)
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        await h.w.see(mailbox, *FRIENDS)

        assert names(await h.w.listed()) == ["Otto Nobody"]
        with pytest.raises(MergeNotFound):
            await h.merging.undo(ANN, merge_id)


@both
async def test_pages_join_up_to_the_whole(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        [mailbox] = await h.w.store.list_mailboxes(ANN)
        people = [
            friend(f"{name}.unusual{name}@{place}.example", f"{name.title()} Unusual{name}")
            for name in ("anna", "bruno", "clara", "diego")
            for place in ("work", "home")
        ]
        await h.w.see(mailbox, *people)
        whole = await h.pairs()
        assert whole.total >= 5
        seen: list[tuple[str, str]] = []
        token = ""
        while True:
            page = await h.merging.duplicates(ANN, contact_id=None, size=2, token=token)
            assert page.total == whole.total
            seen += [(first.id, second.id) for first, second, _, _ in page.pairs]
            if not (token := page.next_token):
                break
        assert seen == [(first.id, second.id) for first, second, _, _ in whole.pairs]


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@both
async def test_who_gives_up_waiting_leaves_the_result_to_the_next(kind: str, tmp_path: Path) -> None:
    async with here(kind, tmp_path) as h:
        asking = asyncio.create_task(h.pairs())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert (await h.pairs()).total == 1
