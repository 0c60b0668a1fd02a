"""Owns how many calls may run at once, and how long. A call over a limit is refused; none ever waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from mailbox_svc.errors import Overloaded


@dataclass(frozen=True, slots=True)
class Limits:
    """The most calls that run at once in this process, and the longest."""

    #: All calls that need a token.
    calls: int = 256
    #: `Test` calls among them; each holds a connection to a mail server.
    tests: int = 64
    #: `Test` calls of one user.
    tests_per_user: int = 4
    #: Streams open to everybody: health `Watch`, reflection. Health `Check` has no limit.
    open_streams: int = 128
    #: Seconds after which a call is over, whatever deadline the client set.
    seconds: float = 10.0
    #: The same for `Test`.
    test_seconds: float = 60.0


class Slots:
    """Counts the running calls against the limits.

    grpc's own `maximum_concurrent_rpcs` knows neither users nor methods, would refuse the health
    check too, and answers without details.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: Counter[Hashable] = Counter()
        self._ends: set[asyncio.Timeout] = set()
        self._ended = False

    @property
    def in_use(self) -> int:
        """How many slots are held, of all kinds."""
        return self._held.total()

    def call(self) -> AbstractContextManager[None]:
        """Hold a slot for any call. Raises Overloaded, as do the others."""
        return self._hold("call", self._limits.calls)

    def test(self) -> AbstractContextManager[None]:
        """Hold a slot for a test."""
        return self._hold("test", self._limits.tests)

    def test_of(self, user_id: str) -> AbstractContextManager[None]:
        """Hold a slot for a test of this user."""
        return self._hold(
            ("test", user_id),
            self._limits.tests_per_user,
            "Too many tests of this user are running; try again in a moment.",
        )

    @asynccontextmanager
    async def open_stream(self) -> AsyncIterator[None]:
        """Hold a slot for a stream of a caller we do not know; the block is left when streams end."""
        with self._hold("open stream", self._limits.open_streams):
            try:
                async with asyncio.timeout(0 if self._ended else None) as end:
                    self._ends.add(end)
                    yield
            except TimeoutError:
                pass
            finally:
                self._ends.discard(end)

    def end_open_streams(self) -> None:
        """End these streams, and new ones at once: they have no end of their own, and nothing to lose."""
        self._ended = True
        for end in self._ends:
            if not end.expired():
                end.reschedule(0)

    @contextmanager
    def _hold(self, slot: Hashable, most: int, message: str = "") -> Iterator[None]:
        if self._held[slot] >= most:
            raise Overloaded(message)
        self._held[slot] += 1
        try:
            yield
        finally:
            self._held[slot] -= 1
            if not self._held[slot]:
                del self._held[slot]  # users come and go; their counters go with them
