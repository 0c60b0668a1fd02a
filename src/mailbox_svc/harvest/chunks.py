"""Takes what is read from one folder, and commits it a chunk at a time while more comes in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable

from mailbox_svc.harvest.intake import Intake
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.meter import Meter
from mailbox_svc.model.tally import Chunk


class ChunkSink:
    """Satisfies `ports.mail.HeaderSink` for one folder."""

    def __init__(
        self,
        intake: Intake,
        meter: Meter,
        limits: HarvestLimits,
        *,
        last_uid: int,
        commit: Callable[[Chunk], Awaitable[None]],
    ) -> None:
        self._intake = intake
        self._meter = meter
        self._limits = limits
        self._reached = self._sealed_at = last_uid
        self._commit = commit
        self._sealed: deque[Chunk] = deque()
        self._sealed_when = time.monotonic()

    def message(self, uid: int, header: bytes) -> None:  # noqa: ARG002  (positions move by `reached`)
        self._intake.take_in(header)
        meter = self._meter
        meter.scanned += 1
        if meter.remaining:
            meter.remaining -= 1

    def reached(self, uid: int) -> None:
        self._reached = uid
        waiting = self._intake.waiting
        late = time.monotonic() - self._sealed_when >= self._limits.chunk_seconds
        if waiting >= self._limits.chunk_messages or (waiting and late):
            self._seal()

    async def checkpoint(self) -> None:
        while self._sealed:
            await self._commit(self._sealed.popleft())

    async def finish(self) -> None:
        """Commit the rest; the folder was read to its end."""
        if self._reached > self._sealed_at:
            self._seal()
        await self.checkpoint()

    def _seal(self) -> None:
        # Now, before the next message is given: what is counted and the position must belong together.
        self._sealed.append(self._intake.chunk(self._reached))
        self._sealed_at = self._reached
        self._sealed_when = time.monotonic()
