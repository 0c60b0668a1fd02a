"""What all objects have in common: how names, times, durations and counts are written.

Names are lowerCamelCase, times RFC 3339 in UTC, durations seconds. What is not there is null; a text that its
user has left empty is "".
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """What is sent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Body(BaseModel):
    """What is received. A field that nobody knows is refused: it may be a slip in one that matters."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", strict=True
    )


def _rfc3339(moment: datetime) -> str:
    """Return the time with `Z`, and a fraction only where there is one."""
    return moment.isoformat().replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainSerializer(_rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
