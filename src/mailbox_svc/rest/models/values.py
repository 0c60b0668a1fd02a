"""Single values of the contract's messages as they are sent: times, durations, members of enums."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Protocol

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import WithJsonSchema

#: What a member is called that a newer service sends and this gateway does not know.
UNKNOWN: Final = "unknown"


class Enum(Protocol):
    """An enum of the generated contract."""

    def items(self) -> Any:
        """Return pairs of name and number."""


class Words:
    """The members of an enum as words: their names in lower case without the prefix."""

    def __init__(self, enum: Enum, prefix: str) -> None:
        self._words: dict[int, str] = {
            number: name.removeprefix(prefix).lower() for name, number in enum.items()
        }

    @property
    def schema(self) -> WithJsonSchema:
        """Name every word. The first member of an enum says that there is none: it is never sent, or null."""
        return WithJsonSchema({"type": "string", "enum": [*list(self._words.values())[1:], UNKNOWN]})

    def of(self, number: int) -> str:
        """Return the member's word."""
        return self._words.get(number, UNKNOWN)

    def maybe(self, number: int) -> str | None:
        """Return the member's word, None for the member that says that there is none."""
        return self.of(number) if number else None


def time(stamp: Timestamp) -> datetime:
    """Return the time, exact to the microsecond."""
    return stamp.ToDatetime(tzinfo=UTC)


def time_of(message: Message, field: str) -> datetime | None:
    """Return a time of a message, None when it is not set."""
    return time(getattr(message, field)) if message.HasField(field) else None


def seconds(duration: Duration) -> float:
    """Return the duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def seconds_of(message: Message, field: str) -> float | None:
    """Return a duration of a message in seconds, None when it is not set."""
    return seconds(getattr(message, field)) if message.HasField(field) else None
