"""Cuts the bytes of a server into responses. Counts literals and never looks inside one; does no I/O.

Each byte is looked at a fixed number of times, nothing recurses, and every size has a cap, so a hostile
server costs no more than an honest one. How the bytes were split into reads never changes the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import Code

#: One response without its line ends: line, literal, line, literal, … line. A line that a literal follows
#: still ends in its `{size}`.
Response = tuple[bytes, ...]

_CRLF = b"\r\n"
#: RFC 9051 §9 `literal`, and `literal8` of RFC 3516.
_LITERAL_SIZE = re.compile(rb"~?\{(\d+)\+?\}\Z")
#: Responses that end in free text: a `{5}` at their end, echoed from a user name, say, is only text.
_FREE_TEXT = re.compile(rb"\+|\* (?:OK|NO|BAD|BYE|PREAUTH)\b|[^ *+]+ (?:OK|NO|BAD)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a server may send. Sizes are in bytes."""

    #: A line, or the part of a response between two literals.
    line: int = 64 << 10
    literal: int = 256 << 10
    literals_per_response: int = 512
    #: All lines and literals of one response.
    response: int = 1 << 20
    #: Everything before the login, from the greeting on.
    before_login: int = 64 << 10
    #: Everything in answer to one command after the login: a LIST of 10,000 folders is below 1 MiB.
    command: int = 4 << 20
    responses_per_command: int = 20_000
    #: Give out only the start of a literal that is larger than `literal`, rather than fail.
    cuts_literals: bool = False


@dataclass(slots=True)
class Skimming:
    """What a skimmer may take off a buffer, and what it took."""

    #: Where in the buffer the next response starts; moved on by the skimmer.
    start: int
    #: Where it must stop.
    stop: int
    #: How many responses it may take; counted down by the skimmer.
    responses: int
    #: Up to where the buffer must be filled before there is more to take; set by a skimmer that knows.
    wanted: int = 0


#: Takes the responses that it knows off the start of a buffer.
Skimmer = Callable[[bytearray, Skimming], None]


class Framer:
    """A byte buffer that gives out whole responses.

    Raises ConnectionFailed(RESPONSE_TOO_LARGE) as soon as a limit is certain to be passed; then it is done.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = self._own_limits = limits
        self._buffer = bytearray()
        #: Where in the buffer the next line or literal starts.
        self._start = 0
        #: Up to where the buffer is known to hold no line end.
        self._searched = 0
        #: Up to where it has to be filled before a skimmer is asked again.
        self._wanted = 0
        self._parts: list[bytes] = []
        self._size = 0
        #: The size of the literal that comes next, as far as it is given out.
        self._literal: int | None = None
        #: How many bytes of it are thrown away after that.
        self._excess = 0
        self._bytes_left = limits.before_login
        self._responses_left = limits.responses_per_command

    @property
    def pending(self) -> int:
        """How many bytes are buffered and not yet given out."""
        return len(self._buffer) - self._start

    def start_command(self, limits: Limits | None = None) -> None:
        """Grant the bytes and responses of one command after the login; other limits count for it alone."""
        self._limits = limits or self._own_limits
        self._bytes_left = self._limits.command
        self._responses_left = self._limits.responses_per_command

    def append(self, data: bytes) -> None:
        self._buffer += data

    def may_start_with(self, prefix: bytes) -> bool:
        """Tell whether what is pending starts with the prefix, or is too short to say."""
        return prefix.startswith(self._buffer[self._start : self._start + len(prefix)])

    def skim(self, skimmer: Skimmer) -> bool:
        """Let `skimmer` take whole responses, within the limits; True when it waits for more bytes.

        Else it is the turn of `next`.
        """
        if self._parts:  # the next bytes belong to a response that `next` has begun
            return False
        if self._wanted > len(self._buffer):
            return True
        skimming = Skimming(self._start, self._start + self._bytes_left, self._responses_left)
        skimmer(self._buffer, skimming)
        self._bytes_left -= skimming.start - self._start
        self._responses_left = skimming.responses
        self._start = skimming.start
        self._wanted = skimming.wanted
        self._compact()
        return self._wanted > 0

    def next(self) -> Response | None:
        """Return the next response, or None until more bytes come."""
        while self._literal_is_over():
            line = self._take_line()
            if line is None:
                break
            self._parts.append(line)
            if not self._announces_literal(line):
                return self._finish_response()
        self._compact()
        return None

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(_CRLF, max(self._start, self._searched))
        # Without a line end, the last byte may be the CR of one.
        length = (end if end >= 0 else len(self._buffer) - 1) - self._start
        if length > self._limits.line:
            raise ConnectionFailed(Code.RESPONSE_TOO_LARGE)
        if end < 0:
            self._searched = len(self._buffer) - 1
            return None
        line = bytes(self._buffer[self._start : end])
        self._consume(length + len(_CRLF))
        return line

    def _literal_is_over(self) -> bool:
        """Take what there is of the literal that comes next, if one does; False when there is more to it."""
        if self._literal is not None:
            if self.pending < self._literal:
                return False
            self._parts.append(bytes(self._buffer[self._start : self._start + self._literal]))
            self._consume(self._literal)
            self._literal = None
        dropped = min(self._excess, self.pending)
        self._excess -= dropped
        self._start += dropped
        self._bytes_left -= dropped
        return self._excess == 0

    def _announces_literal(self, line: bytes) -> bool:
        if not line.endswith(b"}") or not (match := _LITERAL_SIZE.search(line)):
            return False
        if len(self._parts) == 1 and _FREE_TEXT.match(line):
            return False
        digits = match[1]
        limits = self._limits
        # More digits than any limit has are not worth a number; int() of thousands of them is slow.
        size = int(digits) if len(digits) <= 10 else self._bytes_left + 1
        self._literal = min(size, limits.literal, limits.response - self._size)
        self._excess = size - self._literal
        too_large = size > self._bytes_left or (self._excess and not limits.cuts_literals)
        if too_large or len(self._parts) > 2 * limits.literals_per_response:
            raise ConnectionFailed(Code.RESPONSE_TOO_LARGE)
        return True

    def _consume(self, size: int) -> None:
        self._start += size
        self._size += size
        self._bytes_left -= size
        if self._size > self._limits.response or self._bytes_left < 0:
            raise ConnectionFailed(Code.RESPONSE_TOO_LARGE)

    def _finish_response(self) -> Response:
        self._responses_left -= 1
        if self._responses_left < 0:
            raise ConnectionFailed(Code.RESPONSE_TOO_LARGE)
        response = tuple(self._parts)
        self._parts.clear()
        self._size = 0
        return response

    def _compact(self) -> None:
        """Drop what was given out: once a read, not once a line, so that it stays linear."""
        del self._buffer[: self._start]
        self._searched -= self._start
        self._wanted -= self._start
        self._start = 0
