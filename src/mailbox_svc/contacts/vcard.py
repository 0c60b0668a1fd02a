"""Contacts as vCards: 3.0 (RFC 2426), which every address book reads, and 4.0 (RFC 6350)."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence

from mailbox_svc.contacts.name_parts import NameParts, name_parts
from mailbox_svc.model.contact import Contact, Kind

#: RFC 2426 §2.6, RFC 6350 §3.2: octets of a line, without its end.
_LINE = 75
_ESCAPES = {"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n"}
#: Those, and what no value may hold: controls, and what readers take for the end of a line.
_SPECIAL = re.compile(r"[\\,;\n\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


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
    yield f"FN:{_text(name or contact.addresses[0].written)}"
    parts = name_parts(name) if contact.kind is Kind.PERSON else NameParts(given=name)
    # Additional names are not told from given ones: the third field stays empty.
    yield "N:" + ";".join(map(_text, (parts.family, parts.given, "", parts.prefix, parts.suffix)))
    yield from _emails([address.written for address in contact.addresses], version)
    if contact.typed.organization:
        yield f"ORG:{_text(contact.typed.organization)}"
    if contact.typed.phone:
        yield f"TEL:{_text(contact.typed.phone)}"
    if contact.typed.note:
        yield f"NOTE:{_text(contact.typed.note)}"
    if groups:
        yield "CATEGORIES:" + ",".join(map(_text, groups))
    yield f"REV:{contact.updated_at:%Y%m%dT%H%M%SZ}"
    yield "END:VCARD"


def _emails(addresses: Sequence[str], version: Version) -> Iterator[str]:
    first, other = {
        Version.V3: (";TYPE=INTERNET,PREF", ";TYPE=INTERNET"),
        Version.V4: (";PREF=1", ""),
    }[version]
    for number, address in enumerate(addresses):
        kind = first if number == 0 and len(addresses) > 1 else other
        yield f"EMAIL{kind}:{_text(address)}"


def _text(value: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], " "), value)


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
