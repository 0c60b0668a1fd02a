"""Reads google.rpc.Status without googleapis-common-protos, which would be a dependency for four messages.

Protobuf's own parser splits each message into numbered fields, so nothing is registered that could
clash with the real definitions in the same process. Numbers are those of google/rpc/status.proto
and google/rpc/error_details.proto.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

_DOMAIN = "mailboxes.v1"
#: Protobuf's wire type of texts, bytes and messages.
_LENGTH_DELIMITED = 2


@dataclass(slots=True)
class ErrorDetails:
    """What a status says beyond its code and message."""

    reason: str = ""
    field_violations: Mapping[str, str] = field(default_factory=dict)
    #: Seconds.
    retry_after: float | None = None


def error_details(status: bytes) -> ErrorDetails:
    """Read a serialized google.rpc.Status; what cannot be read is left out."""
    found = ErrorDetails()
    try:
        for packed in _fields(status)[3]:  # Status.details
            detail = Any.FromString(packed)
            _read(detail.TypeName(), detail.value, found)
    except (DecodeError, UnicodeDecodeError):
        pass
    return found


def _read(name: str, value: bytes, found: ErrorDetails) -> None:
    match name:
        case "google.rpc.ErrorInfo":
            if _text(value, 2) == _DOMAIN:
                found.reason = _text(value, 1)
        case "google.rpc.BadRequest":
            found.field_violations = {_text(v, 1): _text(v, 2) for v in _fields(value)[1]}
        case "google.rpc.RetryInfo":
            delay = Duration.FromString(b"".join(_fields(value)[1]))
            found.retry_after = delay.seconds + delay.nanos / 1e9


def _text(message: bytes, number: int) -> str:
    return b"".join(_fields(message)[number][-1:]).decode()


def _fields(message: bytes) -> Mapping[int, list[bytes]]:
    """Return the texts, bytes and messages in a message by field number."""
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    fields = UnknownFieldSet(Empty.FromString(message))
    for index in range(len(fields)):
        if fields[index].wire_type == _LENGTH_DELIMITED:
            found[fields[index].field_number].append(fields[index].data)
    return found
