"""Owns how many calls may run at once, and how long. A call over a limit is refused; none ever waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass

from mailbox_svc.errors import Overloaded, StreamEnded
from mailbox_svc.rpc.methods import Kind


@dataclass(frozen=True, slots=True)
class Limits:
    """The most calls that run at once in this process, and the longest."""

    #: All calls that need a token, but for `watches`.
    calls: int = 256
    #: `Test` calls among them; each holds a connection to a mail server.
    tests: int = 64
    #: `Test` calls of one user.
    tests_per_user: int = 4
    #: `CompleteAuthorization` and `Revoke` calls among them; each holds a connection to a provider.
    authorizations: int = 64
    #: The same of one user.
    authorizations_per_user: int = 4
    #: `ExportContacts` calls among them; each goes at its client's pace.
    exports: int = 32
    #: `ExportContacts` calls of one user.
    exports_per_user: int = 2
    #: `ListDuplicates` calls among them; one of them compares, the others wait for it.
    comparisons: int = 16
    #: `ListDuplicates` calls of one user.
    comparisons_per_user: int = 2
    #: `WatchHarvest` streams; they last long and do next to nothing.
    watches: int = 512
    #: `WatchHarvest` streams of one user.
    watches_per_user: int = 16
    #: Streams open to everybody: health `Watch`, reflection. Health `Check` has no limit.
    open_streams: int = 128
    #: Seconds after which a call is over, whatever deadline the client set.
    seconds: float = 10.0
    #: The same for `Test`.
    test_seconds: float = 60.0
    #: The same for `CompleteAuthorization` and `Revoke`.
    oauth_seconds: float = 60.0
    #: The same for `ImportContacts`.
    import_seconds: float = 60.0
    #: The same for `ExportContacts`.
    export_seconds: float = 600.0
    #: The same for `ListDuplicates`.
    comparison_seconds: float = 60.0
    #: The same for `WatchHarvest`: as long as a connection lives, so that clients move to new instances.
    watch_seconds: float = 1800.0

    def seconds_of(self, kind: Kind) -> float:
        """Return how long a call of this kind may last once its caller is known."""
        seconds = {
            Kind.TEST: self.test_seconds,
            Kind.OAUTH: self.oauth_seconds,
            Kind.IMPORT: self.import_seconds,
            Kind.EXPORT: self.export_seconds,
            Kind.COMPARE: self.comparison_seconds,
            Kind.WATCH: self.watch_seconds,
        }
        return seconds.get(kind, self.seconds)


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
        return self._hold("calls", self._limits.calls)

    def of_kind(self, kind: Kind, user_id: str) -> AbstractContextManager[None]:
        """Hold what a call of this kind needs besides: a slot of its kind, and one of its user's."""
        limits = self._limits
        match kind:
            case Kind.TEST:
                return self._hold_two("tests", limits.tests, user_id, limits.tests_per_user)
            case Kind.OAUTH:
                most, of_user = limits.authorizations, limits.authorizations_per_user
                return self._hold_two("authorizations", most, user_id, of_user)
            case Kind.EXPORT:
                return self._hold_two("exports", limits.exports, user_id, limits.exports_per_user)
            case Kind.COMPARE:
                most, of_user = limits.comparisons, limits.comparisons_per_user
                return self._hold_two("comparisons", most, user_id, of_user)
            case Kind.WATCH:
                return self._hold_two("watches", limits.watches, user_id, limits.watches_per_user)
            case _:
                return nullcontext()

    @asynccontextmanager
    async def open_stream(self) -> AsyncIterator[None]:
        """Hold a slot for a stream of a caller we do not know. Raises StreamEnded, as does `stream`."""
        with self._hold("open streams", self._limits.open_streams):
            async with self.stream(None):
                yield

    @asynccontextmanager
    async def stream(self, seconds: float | None) -> AsyncIterator[None]:
        """Raise StreamEnded out of the block after so many seconds, or when streams end."""
        end = asyncio.timeout(0 if self._ended else seconds)
        try:
            async with end:
                self._ends.add(end)
                yield
        except TimeoutError:
            if end.expired():
                raise StreamEnded from None
            raise
        finally:
            self._ends.discard(end)

    def end_streams(self) -> None:
        """End all streams that last, and new ones at once: they can be opened again, and lose nothing."""
        self._ended = True
        for end in self._ends:
            if not end.expired():
                end.reschedule(0)

    @contextmanager
    def _hold_two(self, what: str, most: int, user_id: str, most_of_user: int) -> Iterator[None]:
        message = f"Too many {what} of this user are running; try again in a moment."
        with self._hold((what, user_id), most_of_user, message), self._hold(what, most):
            yield

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
