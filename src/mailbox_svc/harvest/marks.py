"""What single header lines say about the nature of a message. Pure functions on a field and its body."""

from __future__ import annotations

import enum
import re


class Mark(enum.Enum):
    """What a message says of itself."""

    #: RFC 3834 §5 `auto-generated`, RFC 5436 `auto-notified` and what else is not `no`.
    GENERATED = enum.auto()
    #: RFC 3834 §5 `auto-replied`: an out-of-office answer.
    REPLIED = enum.auto()
    #: RFC 2369 §3.2, RFC 8058: newsletters, and lists too.
    UNSUBSCRIBE = enum.auto()
    #: `Precedence: bulk` or `junk` (RFC 2076 §3.9; never standard, widely used).
    BULK = enum.auto()
    #: `Precedence: list`.
    LIST = enum.auto()
    #: To is a group without members, such as `undisclosed-recipients:;` (RFC 5322 §3.4).
    UNDISCLOSED = enum.auto()


_PRECEDENCE = {
    b"bulk": Mark.BULK,
    b"junk": Mark.BULK,
    b"list": Mark.LIST,
    b"auto_reply": Mark.REPLIED,
}
_MAILTO = re.compile(rb"<\s*mailto:([^>?\s]+)", re.IGNORECASE)
#: The id stands in angle brackets after a phrase, or alone.
_LIST_ID = re.compile(rb"<\s*([^<>\s]+)\s*>\s*\Z|\A\s*([^<>\s]+)\s*\Z")


def mark_of(field: bytes, body: bytes) -> Mark | None:
    """Return what a header line marks its message as, if anything; `field` is in lower case."""
    match field:
        case b"auto-submitted":  # a word that parameters or a comment may follow
            word = body.lower().partition(b";")[0].partition(b"(")[0].strip()
            if word in {b"", b"no"}:
                return None
            return Mark.REPLIED if word == b"auto-replied" else Mark.GENERATED
        case b"precedence":
            return _PRECEDENCE.get(body.strip().lower())
        case b"list-unsubscribe":
            return Mark.UNSUBSCRIBE if body.strip() else None
        case _:
            return None


def posting_address(body: bytes) -> bytes:
    """Return the address in a List-Post body (RFC 2369 §3.4), empty when there is none: `NO`, a web page."""
    match = _MAILTO.search(body)
    return match[1] if match else b""


def address_of_list_id(body: bytes) -> str:
    """Return the address that a List-Id (RFC 2919) most often stands for, empty when it cannot be one.

    It is a guess, `dev@lists.example.org` for `<dev.lists.example.org>`: good enough to recognise a
    recipient by, and no more.
    """
    match = _LIST_ID.search(body)
    if match is None:
        return ""
    name, dot, domain = (match[1] or match[2]).decode("latin-1").lower().partition(".")
    return f"{name}@{domain}" if name and dot and "." in domain else ""
