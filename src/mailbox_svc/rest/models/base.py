"""What all objects have in common: how names, times, durations and members of enums are written.

Names are lowerCamelCase, times RFC 3339 in UTC, durations seconds, members of enums their name in lower case
without its prefix. What is not there is null; a text that its user has left empty is "".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Protocol

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel

#: What a member is called that a newer service sends and this gateway does not know.
UNKNOWN: Final = "unknown"


class Answer(BaseModel):
    """What is sent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Body(BaseModel):
    """What is received. A field that nobody knows is refused: it may be a slip in one that matters."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", strict=True
    )


def _rfc3339(moment: datetime) -> str:
    """Return the time as protobuf's own JSON has it: `Z`, and a fraction only where there is one."""
    return moment.isoformat().replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]

#: Control characters and line breaks (Cc, Zl, Zp), as a class of a regular expression.
_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"


#: The pattern of a text that may have line breaks.
LINES: Final = rf"^(?:\r\n|\n|[^{_CONTROL}])*$"


def line(most: int, *, least: int = 1) -> Any:
    """Return the field of a text on one line with at most so many characters, not blank unless `least` is 0.

    All but the length is documented only: the service says in better words what is wrong.
    """
    some, no_control = rf"[^{_CONTROL}\s]" if least else "", rf"[^{_CONTROL}]*"
    pattern = f"^{no_control}{some}{no_control}$"
    return Field(max_length=most, json_schema_extra={"minLength": least, "pattern": pattern})


def _is_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("Must be a UUID.")
    return text


_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: An id in a body.
GivenId = Annotated[str, AfterValidator(_is_id), Field(json_schema_extra={"format": "uuid"})]


class Enum(Protocol):
    """One enum of the generated contract."""

    def Name(self, number: Any) -> str: ...  # noqa: N802  (protobuf's name)

    def keys(self) -> Any: ...


class Words:
    """The members of an enum of the contract as words."""

    def __init__(self, enum: Enum, prefix: str) -> None:
        self._enum = enum
        self._prefix = prefix

    @property
    def schema(self) -> WithJsonSchema:
        """Name every word; the first member of an enum says that there is none, and is null."""
        return WithJsonSchema(
            {"type": "string", "enum": [*map(self._word, list(self._enum.keys())[1:]), UNKNOWN]}
        )

    def of(self, number: int) -> str:
        """Return the member's word."""
        try:
            return self._word(self._enum.Name(number))
        except ValueError:
            return UNKNOWN

    def maybe(self, number: int) -> str | None:
        """Return the member's word, None for the member that says that there is none."""
        return self.of(number) if number else None

    def _word(self, name: str) -> str:
        return name.removeprefix(self._prefix).lower()


def time_of(message: Message, field: str) -> datetime | None:
    """Return a time of a message, None when it is not set."""
    return required_time(getattr(message, field)) if message.HasField(field) else None


def required_time(stamp: Timestamp) -> datetime:
    """Return the time, exact to the microsecond."""
    return stamp.ToDatetime(tzinfo=UTC)


def seconds(duration: Duration) -> float:
    """Return the duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def seconds_of(message: Message, field: str) -> float | None:
    """Return a duration of a message in seconds, None when it is not set."""
    return seconds(getattr(message, field)) if message.HasField(field) else None
