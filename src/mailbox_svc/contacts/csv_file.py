"""Contacts as CSV (RFC 4180), for spreadsheets and for the import of other address books.

The columns of an address book have the names Outlook gives them, which Google's import knows as well.
The file begins with a byte order mark: without one, Excel takes UTF-8 for the code page of the country.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from mailbox_svc.contacts.name_parts import NameParts, name_parts
from mailbox_svc.contacts.rank import rank_at
from mailbox_svc.model.contact import Contact, Kind

COLUMNS = (
    "Name",
    "First Name",
    "Last Name",
    "Title",
    "Suffix",
    "E-mail Address",
    "E-mail 2 Address",
    "E-mail 3 Address",
    "Other E-mail Addresses",
    "Company",
    "Primary Phone",
    "Notes",
    "Categories",
    "Kind",
    "Reason",
    "Rank",
    "Wrote To",
    "Received",
    "Seen Together",
    "First Seen",
    "Last Seen",
)
_SEPARATOR = ";"
#: With a column of their own.
_ADDRESSES = 3

#: Characters that begin a formula, after NFKC: full-width and small forms work as well.
_FORMULA = frozenset("=+-@")
#: Not in the text of a file: controls but tab and line feed, and halves of characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def head() -> bytes:
    """Return what comes before the contacts."""
    return b"\xef\xbb\xbf" + _lines([COLUMNS])


def rows(contacts: Sequence[tuple[Contact, Sequence[str]]], *, now: datetime) -> bytes:
    """Return a record for each contact, which comes with the names of its groups."""
    return _lines([_record(contact, groups, now) for contact, groups in contacts])


def neutral(text: str) -> str:
    """Return the text as no spreadsheet takes it for a formula: an apostrophe before what could begin one.

    OWASP, "CSV Injection": names come from strangers, and formulas can send data away or start programs.
    Where the list separator is a semicolon, as in half of Europe, Excel begins a cell behind each of them.
    """
    cells = _CONTROL.sub(" ", text).split(";")
    return ";".join(f"'{cell}" if _begins_formula(cell) else cell for cell in cells)


def _begins_formula(cell: str) -> bool:
    if cell.startswith("\t"):
        return True
    # Blanks, and format characters, which cannot be seen, may stand before it.
    first = next((c for c in cell if not c.isspace() and unicodedata.category(c) != "Cf"), "")
    return unicodedata.normalize("NFKC", first)[:1] in _FORMULA


def _record(contact: Contact, groups: Sequence[str], now: datetime) -> list[str | int]:
    name = contact.display_name
    parts = name_parts(name) if contact.kind is Kind.PERSON else NameParts(given=name)
    addresses = [address.written for address in contact.addresses]
    own_column = addresses[:_ADDRESSES] + [""] * (_ADDRESSES - len(addresses))
    texts = (name, parts.given, parts.family, parts.prefix, parts.suffix, *own_column)
    typed = contact.typed
    more = (
        _SEPARATOR.join(addresses[_ADDRESSES:]),
        typed.organization,
        typed.phone,
        typed.note,
        _SEPARATOR.join(groups),
        contact.kind.value,
        contact.reason.text,
    )
    return [
        *map(neutral, texts),
        *map(neutral, more),
        rank_at(contact.score, now),
        contact.wrote_to,
        contact.received,
        contact.together,
        _day(contact.first_at),
        _day(contact.last_at),
    ]


def _day(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d}"


def _lines(records: Sequence[Sequence[str | int]]) -> bytes:
    text = io.StringIO()
    # All cells in quotes: whatever separator a spreadsheet believes in, fewer of them are cut in two.
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(records)
    return text.getvalue().encode()
