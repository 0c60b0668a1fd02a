"""Exports over both databases: whole files, read back by libraries that did not write them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import vobject

from mailbox_svc.contacts.csv_file import neutral
from mailbox_svc.contacts.drafts import (
    ExportForm,
    FilterWish,
    GroupDraft,
    ImportOrder,
    Selection,
    TypedChanges,
)
from mailbox_svc.model.contact import Contact, Typed
from support.contact_world import ANN, BOB, EVERYTHING, World, contact_world, friend, robot
from support.made_contacts import HARD_NAMES
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
cards = pytest.mark.parametrize("form", [ExportForm.VCARD_3, ExportForm.VCARD_4])


async def whole(w: World, form: ExportForm, wish: FilterWish = EVERYTHING, *, user_id: str = ANN) -> str:
    pieces = [piece async for piece in w.contacts.export(user_id, wish, form)]
    assert all(piece.endswith(b"\n") for piece in pieces)
    return b"".join(pieces).decode()


def records(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def read_cards(text: str) -> list[Any]:
    return list(vobject.readComponents(text))


async def hard_world(w: World) -> list[Contact]:
    """Add a contact for each hard name, with hard typed fields and groups; return them by name."""
    people = [friend(f"p{n}@example.org", name) for n, name in enumerate(HARD_NAMES)]
    await w.see(await w.mailbox(), *people, robot("news@example.com"))
    for contact in await w.listed():
        name = contact.display_name or contact.addresses[0].written
        fields = Typed(name, f"{name}, Ltd; & \\ Co", "+49 (171) 2;3", f"-{name}\n\n=2;,\\n\n")
        changes = TypedChanges(fields.display_name, fields.organization, fields.phone, fields.note)
        await w.contacts.update(ANN, contact.id, changes)
    await w.contacts.import_contacts(ANN, ImportOrder(group_name="Friends, old; \\ and new"))
    await w.contacts.import_contacts(ANN, ImportOrder(group_name="أصدقاء"))
    return await w.listed()


@both
@cards
async def test_cards_hold_what_the_contacts_hold(kind: str, form: ExportForm, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        contacts = await hard_world(w)
        again = read_cards(await whole(w, form))
        assert [one.version.value for one in again] == [form.value[-1] + ".0"] * len(HARD_NAMES)
        for card, contact in zip(again, contacts, strict=True):
            assert card.uid.value == f"urn:uuid:{contact.id}"
            assert card.fn.value == contact.display_name
            assert [one.value for one in card.contents["email"]] == [one.written for one in contact.addresses]
            assert card.org.value == [contact.typed.organization]
            assert card.tel.value == contact.typed.phone
            assert card.note.value == contact.typed.note
            assert sorted(card.categories.value) == sorted(("Friends, old; \\ and new", "أصدقاء"))


@both
async def test_records_hold_what_the_contacts_hold(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        contacts = await hard_world(w)
        for row, contact in zip(records(await whole(w, ExportForm.CSV)), contacts, strict=True):
            assert row["Name"] == neutral(contact.display_name)
            assert row["E-mail Address"] == contact.addresses[0].written
            assert row["Company"] == neutral(contact.typed.organization)
            assert row["Primary Phone"] == "'" + contact.typed.phone
            assert row["Notes"] == neutral(contact.typed.note)
            assert {"Friends, old", " \\ and new", "أصدقاء"} == set(row["Categories"].split(";"))
            assert (row["Wrote To"], row["Received"], row["Seen Together"]) == ("3", "2", "0")


@pytest.mark.parametrize(("kind", "count"), [("sqlite", 2_000), ("postgresql", 1_000)])
async def test_many_contacts_come_in_pieces_and_each_once(kind: str, count: int, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        people = [friend(f"p{n}@example.org", f"Ünïcode {n % 100}") for n in range(count)]
        await w.see(await w.mailbox(), *people)
        for form in ExportForm:
            pieces = [piece async for piece in w.contacts.export(ANN, EVERYTHING, form)]
            assert len(pieces) >= 5
            assert max(map(len, pieces)) < 1024 * 1024
            text = b"".join(pieces).decode()
            if form is ExportForm.CSV:
                found = [(row["E-mail Address"], row["Name"]) for row in records(text)]
            else:
                found = [(card.email.value, card.fn.value) for card in read_cards(text)]
            assert sorted(found) == sorted((one.address, one.name) for one in people)


@both
async def test_only_kept_contacts_that_match_are_exported(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(
            mailbox, friend("anna@example.org"), friend("bert@example.org"), robot("news@example.com")
        )
        await w.see(await w.mailbox(BOB), friend("theirs@example.org"))
        order = ImportOrder(group_name="Choir", selection=Selection(query="bert"))
        group = (await w.contacts.import_contacts(ANN, order)).group
        assert group is not None

        async def addresses(wish: FilterWish) -> list[str]:
            return [row["E-mail Address"] for row in records(await whole(w, ExportForm.CSV, wish))]

        assert await addresses(EVERYTHING) == ["anna@example.org", "bert@example.org"]
        assert await addresses(FilterWish(mailbox_id=mailbox.id)) == ["anna@example.org", "bert@example.org"]
        assert await addresses(FilterWish(group_id=group.id)) == ["bert@example.org"]
        assert await addresses(FilterWish(query="ANNA")) == ["anna@example.org"]


@both
async def test_an_export_of_nobody_is_an_empty_file_of_its_kind(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        assert await whole(w, ExportForm.VCARD_3) == ""
        assert await whole(w, ExportForm.VCARD_4) == ""
        assert records(await whole(w, ExportForm.CSV)) == []


@both
async def test_others_can_write_while_a_client_reads_slowly(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        await w.see(await w.mailbox(), *(friend(f"p{n}@example.org") for n in range(500)))
        export: AsyncIterator[bytes] = w.contacts.export(ANN, EVERYTHING, ExportForm.VCARD_4)
        first = await anext(export)
        await w.contacts.save_group(ANN, GroupDraft("New"))
        (last, *_) = reversed(await w.listed())
        await w.contacts.delete(ANN, last.id)
        rest = b"".join([piece async for piece in export])
        assert len(read_cards((first + rest).decode())) == 499
