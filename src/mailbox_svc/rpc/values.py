"""Owns the translation of single values: times, durations, members of enums. It knows no message of ours."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mailbox_svc.errors import FieldViolation, InvalidFields

Member = TypeVar("Member", bound=enum.Enum)


def timestamp(moment: datetime) -> Timestamp:
    """Return a time, exact to the microsecond."""
    # A third of the time that FromDatetime takes; a List makes three for each mailbox.
    return Timestamp(seconds=int(moment.timestamp() // 1), nanos=moment.microsecond * 1000)


def duration(seconds: float) -> Duration:
    """Return a duration."""
    result = Duration()
    result.FromTimedelta(timedelta(seconds=seconds))
    return result


def members(model: Iterable[Member], contract: Any, prefix: str) -> dict[Member, Any]:
    """Return the contract's value of each member, by its name.

    Meant for import time: a member that the contract does not have stops the service from starting.
    """
    return {member: contract.Value(prefix + member.name) for member in model}


def chosen(value: int, allowed: dict[int, Member], field: str) -> Member:
    """Return the member that a request's field stands for. Raises InvalidFields for any other value."""
    try:
        return allowed[value]
    except KeyError:
        names = ", ".join(member.name for member in allowed.values())
        raise InvalidFields(FieldViolation(field, f"Choose one of {names}.")) from None
