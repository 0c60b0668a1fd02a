"""Takes a message's header apart, line by line; a line that was seen before is looked up, not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from mailbox_svc.harvest.address_lists import AddressLists
from mailbox_svc.harvest.header_addresses import Mention
from mailbox_svc.harvest.marks import Mark, address_of_list_id, mark_of, posting_address
from mailbox_svc.harvest.records import Item

#: Header lines that are remembered; more than this and all are forgotten.
_MOST_LINES = 8192

# The places of what one message holds: items of addresses, but for the last four.
FROM, TO, CC, BCC, SENDER, REPLY_TO, LIST_POST, LIST_ID, MARKS, DATE, MESSAGE_ID = range(11)
#: One tuple a place; a field that comes twice has both its contents there.
Parts = list[tuple[Any, ...]]
_EMPTY: Parts = [()] * 11
_ADDRESS_FIELDS = {
    b"from": FROM,
    b"to": TO,
    b"cc": CC,
    b"bcc": BCC,
    b"sender": SENDER,
    b"reply-to": REPLY_TO,
}
#: As nearly all mail spells it; other spellings are read like any other line.
_MESSAGE_ID_NAMES = (b"Message-ID:", b"Message-Id:")
_Read = tuple[int, tuple[Any, ...]]


def unfolded(header: bytes) -> list[bytes]:
    """Return the lines of a header (RFC 5322 §2.2.3: unfolding removes the CRLF before a blank)."""
    return header.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t").split(b"\r\n")


class HeaderParts:
    """Reads headers; what it remembers makes it fast, and may be thrown away at any time."""

    def __init__(self, item: Callable[[Mention], Item | None]) -> None:
        """`item` says where a mention is counted; None for what is no address after all."""
        self._lists: AddressLists[Item | None] = AddressLists(item)
        self._lines: dict[bytes, _Read] = {}

    def of(self, header: bytes) -> Parts:
        """Return what the header lines say, folded or not, CRLF between them. Never raises."""
        parts = _EMPTY[:]
        lines = self._lines
        for line in unfolded(header):
            known = lines.get(line)
            if known is not None:
                parts[known[0]] += known[1]
            # Every message has these two, and they are never the same again.
            elif line.startswith(_MESSAGE_ID_NAMES):
                parts[MESSAGE_ID] += (line[11:],)
            elif line.startswith(b"Date:"):
                parts[DATE] += (line[5:],)
            elif line:
                place, found = self._read(line)
                parts[place] += found
        return parts

    def _read(self, line: bytes) -> _Read:
        name, _, body = line.partition(b":")
        field = name.strip().lower()
        read: _Read
        if (place := _ADDRESS_FIELDS.get(field)) is not None:
            read = place, self._addresses(body)
            if place == TO and not read[1] and b":" in body:
                read = MARKS, (Mark.UNDISCLOSED,)
            if b"," in line:  # lists of recipients hardly ever repeat as a whole
                return read
        elif field == b"list-post":
            read = LIST_POST, self._addresses(posting_address(body))
        elif field == b"list-id":
            read = LIST_ID, (address_of_list_id(body),)
        elif field == b"date":
            return DATE, (body,)
        elif field == b"message-id":
            return MESSAGE_ID, (body,)
        else:
            mark = mark_of(field, body)
            read = MARKS, (mark,) if mark else ()
        if len(self._lines) >= _MOST_LINES:
            self._lines.clear()
        self._lines[line] = read
        return read

    def _addresses(self, body: bytes) -> tuple[Item, ...]:
        items = self._lists.read(body)
        return tuple(filter(None, items)) if None in items else cast("tuple[Item, ...]", items)
