"""vCards are read back by vobject, which knows nothing of the writer."""

from __future__ import annotations

from typing import Any

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.contacts.vcard import Version, card
from mailbox_svc.model.contact import Kind, Typed
from support.made_contacts import HARD_NAMES, contact_of

#: Text that a store may hold: no controls (but line breaks in notes), no halves of characters.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)
both = pytest.mark.parametrize("version", Version)


def read(data: bytes) -> Any:
    return vobject.readOne(data.decode())


@both
@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_hard_name_is_the_same_after_reading(name: str, version: Version) -> None:
    assert read(card(contact_of(name), (), version)).fn.value == name


@both
@given(name=TEXT, note=TEXT, organization=TEXT, phone=TEXT, groups=st.lists(TEXT.filter(bool)))
def test_whatever_is_written_is_read(
    name: str, note: str, organization: str, phone: str, groups: list[str], version: Version
) -> None:
    note = note.replace("e", "\n")
    contact = contact_of(name, typed=Typed(organization=organization, phone=phone, note=note))
    again = read(card(contact, groups, version))
    assert again.fn.value == name or not name
    assert again.contents["n"]
    assert getattr(again, "note", None) is None or again.note.value == note
    assert again.contents.get("org", [None])[0] is None or again.org.value == [organization]
    assert again.contents.get("tel", [None])[0] is None or again.tel.value == phone
    assert bool(note) is hasattr(again, "note")
    assert bool(organization) is hasattr(again, "org")
    if groups:
        assert again.categories.value == groups


@both
def test_a_contact_without_a_name_is_called_by_its_address(version: Version) -> None:
    again = read(card(contact_of("", "Anna@example.org"), (), version))
    assert again.fn.value == "Anna@example.org"
    assert str(again.n.value).strip() == ""


@both
def test_all_addresses_come_the_main_one_first_and_preferred(version: Version) -> None:
    addresses = ["b@example.org", "a@example.org", '"x,y;z"@example.org']
    emails = read(card(contact_of("Anna", *addresses), (), version)).contents["email"]
    assert [one.value for one in emails] == addresses
    preferred = {Version.V3: {"TYPE": ["INTERNET", "PREF"]}, Version.V4: {"PREF": ["1"]}}[version]
    plain: dict[str, list[str]] = {Version.V3: {"TYPE": ["INTERNET"]}, Version.V4: {}}[version]
    assert [one.params for one in emails] == [preferred, plain, plain]


@both
@pytest.mark.parametrize("name", HARD_NAMES)
def test_no_line_is_longer_than_75_octets_and_none_ends_within_a_character(
    name: str, version: Version
) -> None:
    typed = Typed(note=f"{name}\n" * 10, organization=name)
    data = card(contact_of(name, typed=typed), (name, name), version)
    assert data.endswith(b"\r\nEND:VCARD\r\n")
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() or line == lines[-1] for line in lines)
    if len(name) > 50:
        assert max(map(len, lines)) >= 72, "folded earlier than needed"


@both
@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀"])
def test_lines_of_every_length_are_cut_where_they_must_be(letter: str, version: Version) -> None:
    for length in range(240):
        name = "a" + letter * length
        data = card(contact_of(name), (), version)
        assert max(map(len, data.split(b"\r\n"))) <= 75
        assert read(data).fn.value == name


def test_what_version_3_must_have_is_there_in_its_words() -> None:
    data = card(contact_of("Dr. Anna van der Berg"), ("Choir",), Version.V3).decode()
    assert data.startswith("BEGIN:VCARD\r\nVERSION:3.0\r\n")
    assert "\r\nFN:Dr. Anna van der Berg\r\nN:van der Berg;Anna;;Dr.;\r\n" in data
    assert "\r\nEMAIL;TYPE=INTERNET,PREF:anna@example.org\r\n" in data
    assert "\r\nCATEGORIES:Choir\r\nREV:20261123T093000Z\r\n" in data


def test_the_same_contact_has_the_same_uid_in_every_version() -> None:
    contact = contact_of()
    uids = {read(card(contact, (), version)).uid.value for version in Version}
    assert uids == {f"urn:uuid:{contact.id}"}


def test_version_4_leaves_a_semicolon_in_plain_text_as_it_is() -> None:
    contact = contact_of("Berg; Anna", typed=Typed(organization="A;B"))
    assert b"\r\nFN:Berg\\; Anna\r\n" in card(contact, (), Version.V3)
    assert b"\r\nFN:Berg; Anna\r\n" in card(contact, (), Version.V4)
    # of several parts, so that a bare one would separate them
    assert b"\r\nORG:A\\;B\r\n" in card(contact, (), Version.V4)
    assert b"\r\nN:Anna;Berg\\;;;;\r\n" in card(contact, (), Version.V4)


@both
def test_a_name_cannot_smuggle_in_lines_of_its_own(version: Version) -> None:
    name = "Anna\r\nEMAIL:evil@example.org\u2028NOTE:x\x85TEL:1\x00\ud800"
    data = card(contact_of(name), (name,), version)
    again = read(data)
    assert [one.value for one in again.contents["email"]] == ["anna@example.org"]
    assert not {"note", "tel"} & set(again.contents)
    assert len(data.decode().splitlines()) == len(data.split(b"\r\n")) - 1


@both
def test_only_people_have_family_names(version: Version) -> None:
    contact = contact_of("Example Shop", kind=Kind.AUTOMATED)
    assert read(card(contact, (), version)).n.value.given == "Example Shop"
