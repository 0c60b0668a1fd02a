"""FETCH responses: the one form that servers send a thousand times, fast, and every other form, correctly.

Never looks into a literal. Both ways give the same for the same bytes, so that it does not matter which of
them a read's end leads to.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.framing import Response, Skimming
from mailbox_svc.imap.grammar import unquoted
from mailbox_svc.model.check import Code

#: Bytes of one message's header lines that are kept; what comes after them is not even stored.
LARGEST_HEADER = 2 << 20

#: Up to the literal, with the UID before it or behind.
_HEAD = re.compile(
    rb"\* \d{1,10} FETCH \((?:UID (\d{1,10}) )?"
    rb"BODY\[HEADER\.FIELDS \([^][()\r\n]{1,2000}\)\] \{(\d{1,7})\}\r\n",
    re.IGNORECASE,
)
_TAIL = b")\r\n"
_UID_TAIL = re.compile(rb" UID (\d{1,10})\)\r\n", re.IGNORECASE)

_FETCH = re.compile(rb"\* (\d{1,10}) FETCH \(", re.IGNORECASE)
_LITERAL = re.compile(rb"~?\{(\d+)\+?\}\Z")
_CLOSE = re.compile(rb" *\) *\Z")
#: RFC 9051 §9 `msg-att`: a name, with the section it is of if it has one (in which names may be quoted).
_NAME = re.compile(rb' *([^] ()"[]+(?:\[[^]"]*(?:"[^"]*"[^]"]*)*\](?:<\d+>)?)?) *')
_VALUE = re.compile(
    rb' *(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<atom>[^ ()"]+))'
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a FETCH response says, as far as we ask for it."""

    sequence: int
    uid: int | None
    #: None when the response is not about the header; empty when there are no such lines.
    header: bytes | None


def parse_fetch(response: Response) -> Fetched | None:
    """Return what a FETCH response says, or None when this is another.

    Items may be of any kind and in any order. Raises ConnectionFailed(PROTOCOL_ERROR) for what looks like
    FETCH and is broken, or has a header and no UID: to ignore it would be to lose a message.
    """
    start = _FETCH.match(response[0])
    if start is None:
        return None
    uid = header = None
    for name, value in _items(response, start.end()):
        if name == b"UID":
            uid = _number(value)
        elif name.startswith(b"BODY[HEADER"):
            header = value
    if header is not None and uid is None:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    return Fetched(int(start[1]), uid, header)


def _number(value: bytes) -> int:
    if not value.isdigit() or len(value) > 10:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    return int(value)


def _items(response: Response, position: int) -> list[tuple[bytes, bytes]]:
    """Return names, in upper case, and values; that of a list is empty, as is that of NIL."""
    items: list[tuple[bytes, bytes]] = []
    name, depth = b"", 0
    for index in range(0, len(response), 2):
        line, literal = response[index], None
        end = len(line)
        if index + 1 < len(response):
            end, literal = _literal(line, response[index + 1])
        while position < end:
            if not name:
                if literal is None and _CLOSE.match(line, position):
                    return items
                position, name = _name(line, position, end)
                continue
            token = _VALUE.match(line, position, end)
            if token is None:
                break
            position = token.end()
            depth += (token.lastgroup == "open") - (token.lastgroup == "close")
            if depth == 0:
                items.append((name, _value(token)))
                name = b""
        if position < end or depth < 0 or literal is None or not name:
            break
        if depth == 0:
            items.append((name, literal))
            name = b""
        position = 0
    raise ConnectionFailed(Code.PROTOCOL_ERROR)


def _name(line: bytes, position: int, end: int) -> tuple[int, bytes]:
    match = _NAME.match(line, position, end)
    if match is None:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    return match.end(), match[1].upper()


def _value(token: re.Match[bytes]) -> bytes:
    if (quoted := token["quoted"]) is not None:
        return unquoted(quoted)
    atom = token["atom"] or b""
    return b"" if atom.upper() == b"NIL" else atom


def _literal(line: bytes, literal: bytes) -> tuple[int, bytes]:
    """Return where the line ends before it announces the literal, and its whole lines only if it was cut."""
    match = _LITERAL.search(line)
    if match is None:
        raise ConnectionFailed(Code.PROTOCOL_ERROR)
    if len(literal) < int(match[1]):
        literal = literal[: literal.rfind(b"\r\n") + 2] if b"\r\n" in literal else b""
    return len(line[: match.start()].rstrip(b" ")), literal


class Taker:
    """Takes the headers of one range of UIDs, each once."""

    def __init__(self, first: int, last: int, take: Callable[[int, bytes], None]) -> None:
        self.first = first
        self.last = last
        self._take = take
        self._seen: set[int] = set()

    @property
    def taken(self) -> int:
        """How many messages were taken."""
        return len(self._seen)

    def give(self, uid: int, header: bytes) -> None:
        """Take a message of the range."""
        if uid not in self._seen:
            self._seen.add(uid)
            self._take(uid, header)


#: Returns who takes the message with this UID; a range without UIDs for one that nobody asked for.
TakerOf = Callable[[int], Taker]


def skim(taker_of: TakerOf, buffer: bytearray, skimming: Skimming) -> None:
    """Take messages off the buffer while they have the usual form; a `framing.Skimmer` and its takers."""
    start, stop, responses = skimming.start, skimming.stop, skimming.responses
    filled = len(buffer)
    taker = NOBODY
    with memoryview(buffer) as view:  # copies once where a slice of a bytearray would twice
        while responses and (head := _HEAD.match(buffer, start, stop)):
            uid_text, size = head.groups()
            begin = head.end()
            end = begin + int(size)
            after = end + len(_TAIL)
            if after > stop or end - begin > LARGEST_HEADER:
                break
            if after > filled:
                skimming.wanted = after
                break
            if uid_text is None:
                tail = _UID_TAIL.match(buffer, end, stop)
                if tail is None:
                    break
                uid_text, after = tail[1], tail.end()
            elif view[end:after] != _TAIL:
                break
            uid = int(uid_text)
            if not taker.first <= uid <= taker.last:
                taker = taker_of(uid)
            taker.give(uid, view[begin:end].tobytes())
            start = after
            responses -= 1
    skimming.start, skimming.responses = start, responses


def drop(uid: int, header: bytes) -> None:
    """Take nothing."""


class _Nobody(Taker):
    """Takes nothing and remembers nothing: all readings share it."""

    def give(self, uid: int, header: bytes) -> None:
        """Take nothing."""


NOBODY: Taker = _Nobody(1, 0, drop)
