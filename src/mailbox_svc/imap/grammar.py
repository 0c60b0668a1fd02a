"""The IMAP grammar as far as we read and write it: pure functions on bytes, each linear in its input."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: RFC 9051 §9 `greeting`; nothing else that starts a connection is IMAP.
_GREETING = re.compile(rb"\* (OK|PREAUTH|BYE)(?: |\Z)", re.IGNORECASE)
_TAGGED = re.compile(rb"([^ *+]+) (OK|NO|BAD)(?: |\Z)", re.IGNORECASE)
_UNTAGGED_STATUS = re.compile(rb"\* (OK|NO|BAD|BYE|PREAUTH)(?: |\Z)", re.IGNORECASE)
_CAPABILITY_DATA = re.compile(rb"\* CAPABILITY(?: |\Z)", re.IGNORECASE)
_CAPABILITY_CODE = re.compile(rb"\[CAPABILITY ([^\]]*)\]", re.IGNORECASE)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
#: What no quoted string can hold (RFC 9051 §9 `QUOTED-CHAR`): NUL, line ends, and bytes above 7 bits.
_NOT_QUOTABLE = re.compile(r"[\x00\r\n\x80-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Status:
    """A status response: `* BYE so long`, or `A1 NO [LIMIT] Not now` with its tag."""

    #: Empty when untagged.
    tag: bytes
    #: OK, NO, BAD, BYE or PREAUTH.
    word: bytes
    #: All that follows, response code included.
    text: bytes


def parse_greeting(line: bytes) -> Status | None:
    """Return the greeting, or None when this is not an IMAP server."""
    match = _GREETING.match(line)
    return Status(b"", match[1].upper(), line[match.end() :]) if match else None


def parse_tagged(line: bytes) -> Status | None:
    match = _TAGGED.match(line)
    return Status(match[1], match[2].upper(), line[match.end() :]) if match else None


def parse_untagged_status(line: bytes) -> Status | None:
    match = _UNTAGGED_STATUS.match(line)
    return Status(b"", match[1].upper(), line[match.end() :]) if match else None


def parse_capabilities(line: bytes) -> frozenset[str] | None:
    """Return the upper-case names in `* CAPABILITY …`, or None when the line is something else."""
    match = _CAPABILITY_DATA.match(line)
    return _names(line[match.end() :]) if match else None


def parse_capability_code(text: bytes) -> frozenset[str] | None:
    """Return the upper-case names in a `[CAPABILITY …]` that starts a status text, or None."""
    match = _CAPABILITY_CODE.match(text)
    return _names(match[1]) if match else None


def _names(words: bytes) -> frozenset[str]:
    # A server's odd bytes must not cost us the names beside them.
    return frozenset(words.decode("ascii", "replace").upper().split())


def quoted(text: str) -> bytes:
    """Return the text as a quoted string.

    Raises ValueError for characters that no quoted string can hold. The message does not repeat the text.
    """
    if _NOT_QUOTABLE.search(text):
        raise ValueError("NUL, CR, LF and non-ASCII characters cannot stand in a quoted string")
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def is_quotable(text: bytes) -> bool:
    """Say whether a quoted string can hold these bytes."""
    return not _NOT_QUOTABLE.search(text.decode("latin-1"))


def unquoted(inner: bytes) -> bytes:
    """Return what a quoted string says, given what stands between its quotes."""
    return _QUOTED_PAIR.sub(rb"\1", inner)
