"""A memory of verified tokens, because checking a signature costs more than serving `List`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from mailbox_svc.identity.token import UnixTime
from mailbox_svc.model.caller import Caller

#: Seconds for which a token is taken as verified.
KEEP: Final = 300.0
#: Tokens remembered at most, about 3 MB.
CAPACITY: Final = 10_000


class _Inner(Protocol):
    """A verifier that tells when what it said before may no longer hold."""

    async def verify(self, token: str) -> Caller: ...

    def revision(self) -> int: ...


class _Entry(NamedTuple):
    until: float
    revision: int
    caller: Caller


class CachingVerifier:
    """Remembers good tokens by their SHA-256 for five minutes, never past `exp`; bad ones not at all."""

    def __init__(
        self,
        inner: _Inner,
        *,
        capacity: int = CAPACITY,
        clock: UnixTime = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._capacity = capacity
        self._clock = clock
        # Ages are monotonic: a wall clock set back must not lengthen them.
        self._monotonic = monotonic
        self._entries: dict[bytes, _Entry] = {}

    async def verify(self, token: str) -> Caller:
        """Return the caller. Raises what the inner verifier raises."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        entry = self._entries.get(digest)
        if entry is not None and entry.until > self._monotonic() and entry.revision == self._inner.revision():
            return entry.caller
        self._entries.pop(digest, None)
        revision = self._inner.revision()
        caller = await self._inner.verify(token)
        self._remember(digest, revision, caller)
        return caller

    def _remember(self, digest: bytes, revision: int, caller: Caller) -> None:
        left = min(KEEP, caller.expires_at - self._clock())
        if len(self._entries) >= self._capacity:
            # Dicts keep insertion order and all entries live equally long, so the first is the oldest.
            del self._entries[next(iter(self._entries))]
        self._entries[digest] = _Entry(self._monotonic() + left, revision, caller)
