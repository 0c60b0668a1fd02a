"""CSV is read back by Python's `csv`, and looked at as a spreadsheet would."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.contacts.csv_file import COLUMNS, head, neutral, rows
from mailbox_svc.model.contact import Contact, Kind, Typed
from support.made_contacts import HARD_NAMES, NOW, contact_of

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=50)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\tx", "\r=1", "  =1", "\u00a0=1", "\u200b=1", "\ufeff=1")
WIDE_FORMULAS = (
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM",
    "\ufe661",
    "\u207a1",
    "\u3000\uff1d1",
    "\u00ad=1",
)


def read(contacts: Sequence[tuple[Contact, Sequence[str]]]) -> list[dict[str, str]]:
    text = (head() + rows(contacts, now=NOW)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def row_of(contact: Contact, *groups: str) -> dict[str, str]:
    (row,) = read([(contact, groups)])
    return row


def begins_formula(cell: str) -> bool:
    """Say what a careful reader of OWASP's page would, in words other than the writer's."""
    shown = [c for c in cell if not c.isspace() and unicodedata.category(c) != "Cf"]
    return cell.startswith(("\t", "\r")) or (
        bool(shown) and unicodedata.normalize("NFKC", shown[0])[0] in "=+-@"
    )


def test_every_column_holds_what_it_says() -> None:
    typed = Typed(organization="Example Ltd", phone="0171 234", note="first\nsecond, line")
    addresses = [f"{name}@example.org" for name in "abcde"]
    row = row_of(contact_of("Dr. Anna van der Berg Jr.", *addresses, typed=typed), "Choir", "Work")
    assert list(row) == list(COLUMNS)
    assert row == {
        "Name": "Dr. Anna van der Berg Jr.",
        "First Name": "Anna",
        "Last Name": "van der Berg",
        "Title": "Dr.",
        "Suffix": "Jr.",
        "E-mail Address": "a@example.org",
        "E-mail 2 Address": "b@example.org",
        "E-mail 3 Address": "c@example.org",
        "Other E-mail Addresses": "d@example.org;e@example.org",
        "Company": "Example Ltd",
        "Primary Phone": "0171 234",
        "Notes": "first\nsecond, line",
        "Categories": "Choir;Work",
        "Kind": "person",
        "Reason": "you wrote to them 4 times",
        "Rank": row["Rank"],
        "Wrote To": "4",
        "Received": "3",
        "Seen Together": "2",
        "First Seen": "2020-01-02",
        "Last Seen": "2026-11-20",
    }
    assert 0 < int(row["Rank"]) <= 100


def test_what_is_not_known_is_empty() -> None:
    row = row_of(contact_of("", "a@example.org", first_at=None, last_at=None, kind=Kind.ROLE))
    assert {name for name, cell in row.items() if cell} == {
        "E-mail Address", "Kind", "Reason", "Rank", "Wrote To", "Received", "Seen Together",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in HARD_NAMES if not name.startswith("=")])
def test_a_hard_name_is_the_same_after_reading(name: str) -> None:
    assert row_of(contact_of(name))["Name"] == name


@given(names=st.lists(TEXT), note=TEXT)
def test_records_stay_apart_whatever_they_hold(names: list[str], note: str) -> None:
    contacts = [contact_of(name, typed=Typed(note=note.replace("e", "\n"))) for name in names]
    again = read([(contact, ("a", name)) for contact, name in zip(contacts, names, strict=True)])
    assert [row["E-mail Address"] for row in again] == ["anna@example.org"] * len(names)
    for name, row in zip(names, again, strict=True):
        assert row["Name"].replace("'", "") == name.replace("'", "")


@pytest.mark.parametrize("formula", [*FORMULAS, *WIDE_FORMULAS])
def test_no_cell_begins_a_formula(formula: str) -> None:
    typed = Typed(display_name=formula, organization=formula, phone=formula, note=formula)
    row = row_of(contact_of(formula, f"{formula}@example.org", typed=typed), formula)
    assert begins_formula(formula)
    assert not [cell for cell in row.values() if begins_formula(cell)]
    assert row["Name"].startswith("'")
    assert row["E-mail Address"].startswith("'")


@given(TEXT)
def test_no_text_at_all_begins_a_formula_and_only_those_that_would_are_changed(text: str) -> None:
    assert not begins_formula(neutral(text))
    assert not any(begins_formula(cell) for cell in neutral(text).split(";"))
    if not any(begins_formula(cell) for cell in text.split(";")):
        assert neutral(text) == text


def test_a_formula_behind_a_semicolon_is_one_where_that_separates_cells() -> None:
    assert neutral("Anna;=1+1") == "Anna;'=1+1"
    assert neutral(";;  @x") == ";;'  @x"
    assert neutral("a=b, -c; d") == "a=b, -c; d"


def test_lines_end_as_rfc_4180_says_and_excel_is_told_the_encoding() -> None:
    data = head() + rows([(contact_of("Åsa"), ())], now=NOW)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == 2


def test_controls_and_foreign_line_ends_become_blanks() -> None:
    row = row_of(contact_of("a\x00b\rc\x85d\u2028e\ud800f"))
    assert row["Name"] == "a b c d e f"
