"""Reads rows out of JSON objects or JSON lines, each with the line it starts on.

Broken text costs only the line it is on: reading goes on at the next line that opens an object.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

_SPACE = " \t\r\n\ufeff"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Row:
    """One element of a user's array. `value` is whatever JSON stood there."""

    line: int
    user_id: str
    value: Any

    def __repr__(self) -> str:
        return f"Row(line={self.line})"  # the value holds a password


@dataclass(frozen=True, slots=True)
class BadText:
    """Text that could not be read, with the line (from 1) it is on."""

    line: int
    reason: str


class _Broken(Exception):
    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position
        self.reason = reason


def rows(text: str) -> Iterator[Row | BadText]:
    """Yield every row of every object in the text, in order, and what could not be read."""
    lines = [0]
    lines.extend(i + 1 for i, c in enumerate(text) if c == "\n")
    position = _skip(text, 0)
    while position < len(text):
        reader = _Reader(text, lines)
        try:
            yield from reader.object_rows(position)
            position = _skip(text, reader.end)
        except _Broken as broken:
            yield BadText(_line(lines, broken.position), broken.reason)
            position = _next_object(text, max(broken.position, position + 1))


class _Reader:
    """Walks one `{"user": [row, …], …}`; only the rows themselves are left to the json module."""

    def __init__(self, text: str, lines: list[int]) -> None:
        self._text = text
        self._lines = lines
        self.end = 0

    def object_rows(self, position: int) -> Iterator[Row | BadText]:
        position = self._expect(position, "{", "Expected an object of user id to mailboxes.")
        if self._peek(position) == "}":
            self.end = position + 1
            return
        while True:
            key_at = position
            user_id, position = self._value(position)
            if not isinstance(user_id, str):
                raise _Broken(key_at, "Expected a user id in quotes.")
            position = self._expect(position, ":", "Expected ':' after the user id.")
            if self._peek(position) == "[":
                position = yield from self._array_rows(user_id, position + 1)
            else:
                bad_at = position
                _, position = self._value(position)
                yield BadText(_line(self._lines, bad_at), "Expected an array of mailboxes.")
            if self._peek(position) != ",":
                break
            position = _skip(self._text, position + 1)
        self.end = self._expect(position, "}", "Expected ',' or '}' after a user's mailboxes.")

    def _array_rows(self, user_id: str, position: int) -> Generator[Row, None, int]:
        position = _skip(self._text, position)
        while self._peek(position) != "]":
            line = _line(self._lines, position)
            value, position = self._value(position)
            yield Row(line, user_id, value)
            if self._peek(position) == ",":
                position = _skip(self._text, position + 1)
            elif self._peek(position) != "]":
                raise _Broken(position, "Expected ',' or ']' after a mailbox.")
        return _skip(self._text, position + 1)

    def _value(self, position: int) -> tuple[Any, int]:
        try:
            value, end = _DECODER.raw_decode(self._text, position)
        except json.JSONDecodeError as exc:
            # The message of the json module names no content, only what it expected.
            raise _Broken(exc.pos, f"Not valid JSON: {exc.msg}.") from None
        except ValueError:
            raise _Broken(position, "Not valid JSON: a number is too long.") from None
        except RecursionError:
            raise _Broken(position, "Not valid JSON: nested too deeply.") from None
        return value, _skip(self._text, end)

    def _expect(self, position: int, char: str, reason: str) -> int:
        if self._peek(position) != char:
            raise _Broken(position, reason)
        return _skip(self._text, position + 1)

    def _peek(self, position: int) -> str:
        return self._text[position : position + 1]


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position


def _next_object(text: str, position: int) -> int:
    """Return where the next line that starts with '{' begins, or the end."""
    while (newline := text.find("\n", position)) >= 0:
        position = newline + 1
        start = _skip(text, position)
        if text[start : start + 1] == "{":
            return start
    return len(text)


def _line(lines: list[int], position: int) -> int:
    return bisect_right(lines, position)
