"""Owns the facts about the call that is being served: its request id, its user and how it ended."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

from grpc import StatusCode

#: The metadata of a call as grpc.aio hands it over; values are bytes for `-bin` keys only.
Metadata = Iterable[tuple[str, str | bytes]]

#: In requests as a wish, in trailing metadata always.
REQUEST_ID = "x-request-id"
# What may stand in a log line and in a header without any escaping.
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Call:
    """One call, from its first byte to its line in the log."""

    metadata: Metadata
    request_id: str
    #: Empty until the caller is known.
    user_id: str = ""
    code: StatusCode = StatusCode.OK
    #: `ErrorReason` without its prefix, when the call failed with one.
    reason: str = ""
    started: float = field(default_factory=time.perf_counter)

    @classmethod
    def received(cls, metadata: Metadata) -> Call:
        """Begin a call, with the client's request id when it sent a sane one."""
        match values_of(metadata, REQUEST_ID):
            case [wish] if _SANE_REQUEST_ID.fullmatch(wish):
                request_id = wish
            case _:
                # An id, not a secret: no system call for it.
                request_id = f"{random.getrandbits(64):016x}"
        return cls(metadata, request_id)


#: The call that the running task serves.
current_call: ContextVar[Call] = ContextVar("current_call")


def calling_user() -> str:
    """Return the id of the user on whose behalf the running task works."""
    return current_call.get().user_id


def values_of(metadata: Metadata, key: str) -> list[str]:
    """Return all values of a metadata key; a proxy and we might pick different ones of two."""
    return [value for name, value in metadata if name == key and isinstance(value, str)]
