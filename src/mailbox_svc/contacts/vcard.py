"""Contacts as vCards: 3.0 (RFC 2426), which every address book reads, and 4.0 (RFC 6350)."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from itertools import repeat

from mailbox_svc.contacts.name_parts import NameParts, name_parts
from mailbox_svc.model.contact import Contact, Kind

#: RFC 2426 §2.6, RFC 6350 §3.2: octets of a line, without its end.
_LINE = 75
_ESCAPES = {"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"}
#: What no value may hold: controls, and what readers take for the end of a line.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_IN_FIELD = re.compile(rf"[\\,;\n{_CONTROLS}]")
_IN_TEXT = re.compile(rf"[\\,\n{_CONTROLS}]")


class Version(enum.StrEnum):
    """The versions of the format."""

    V3 = "3.0"
    V4 = "4.0"


def card(contact: Contact, groups: Sequence[str], version: Version) -> bytes:
    """Return the contact as one card, with the names of its groups as categories."""
    return b"".join(_folded(line) for line in _lines(contact, groups, version))


def _lines(contact: Contact, groups: Sequence[str], version: Version) -> Iterator[str]:
    name = contact.display_name
    yield "BEGIN:VCARD"
    yield f"VERSION:{version}"
    yield f"UID:urn:uuid:{contact.id}"
    text = _field if version is Version.V3 else _text
    yield f"FN:{text(name or contact.addresses[0].written)}"
    parts = name_parts(name) if contact.kind is Kind.PERSON else NameParts(given=name)
    # Additional names are not told from given ones: the third field stays empty.
    yield "N:" + ";".join(map(_field, (parts.family, parts.given, "", parts.prefix, parts.suffix)))
    for kind, address in zip(_email_kinds(version), contact.addresses, strict=False):
        yield f"EMAIL{kind}:{text(address.written)}"
    if contact.typed.organization:
        yield f"ORG:{_field(contact.typed.organization)}"
    if contact.typed.phone:
        yield f"TEL:{text(contact.typed.phone)}"
    if contact.typed.note:
        yield f"NOTE:{text(contact.typed.note)}"
    if groups:
        yield "CATEGORIES:" + ",".join(map(text, groups))
    yield f"REV:{contact.updated_at:%Y%m%dT%H%M%SZ}"
    yield "END:VCARD"


def _email_kinds(version: Version) -> Iterator[str]:
    """Yield what stands behind EMAIL: the main address comes first and says so."""
    yield ";TYPE=INTERNET,PREF" if version is Version.V3 else ";PREF=1"
    yield from repeat(";TYPE=INTERNET" if version is Version.V3 else "")


def _field(value: str) -> str:
    """Return a part of a value of several parts, or (RFC 2426 §4, `text-value`) any text of version 3.0."""
    return _IN_FIELD.sub(_escaped, value)


def _text(value: str) -> str:
    """Return a text of version 4.0 (RFC 6350 §3.4), where a semicolon needs no escape.

    Thunderbird's reader (ical.js) would show the backslash.
    """
    return _IN_TEXT.sub(_escaped, value)


def _escaped(special: re.Match[str]) -> str:
    return _ESCAPES.get(special[0], " ")


def _folded(line: str) -> bytes:
    """Return the line with its end, cut where it is too long, but never within a character."""
    data = line.encode()
    if len(data) <= _LINE:
        return data + b"\r\n"
    pieces = []
    start, room = 0, _LINE
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:  # a UTF-8 continuation octet
            end -= 1
        pieces.append(data[start:end])
        start, room = end, _LINE - 1  # the blank that marks a continuation counts
    pieces.append(data[start:])
    return b"\r\n ".join(pieces) + b"\r\n"
