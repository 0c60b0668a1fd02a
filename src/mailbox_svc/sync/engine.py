"""Background sync in this process: claims what is due, runs it, and keeps the queue tidy."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.model.schedule import Claim, DueSync, SyncSurvey
from mailbox_svc.ports.schedules import SyncQueue
from mailbox_svc.sync.admission import admit
from mailbox_svc.sync.limits import SyncLimits
from mailbox_svc.sync.run import Begun, Ended, MailboxSync, begin

_log = logging.getLogger(__name__)

#: Seconds until the queue is taken up again after it was lost, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

#: Mailboxes looked at in one transaction, at least.
_FEWEST = 50

#: Called with how each run ended, and how many seconds it took.
OnSync = Callable[[Ended, float], None]
#: Called with how many that were due found no room at their host, or with their account.
OnSentAway = Callable[[int], None]
#: Called now and then with how all schedules stand, and the time of that.
OnSurvey = Callable[[SyncSurvey, datetime], None]


class SyncEngine:
    """Start and stop it in one event loop."""

    def __init__(
        self,
        parts: RunParts,
        harvests: HarvestRuns,
        queue: SyncQueue,
        limits: SyncLimits,
        *,
        on_end: OnSync | None = None,
        on_sent_away: OnSentAway | None = None,
        on_survey: OnSurvey | None = None,
    ) -> None:
        self._parts = parts
        self._harvests = harvests
        self._queue = queue
        self._limits = limits
        self._on_end = on_end
        self._on_sent_away = on_sent_away
        self._on_survey = on_survey
        self._tasks: list[asyncio.Task[None]] = []
        self._apart = asyncio.Lock()
        #: How many more this process may claim just now.
        self._room = 0

    async def start(self) -> None:
        """Begin to work. What a queue in memory took with it when its process died is due at once."""
        with suppress(StorageUnavailable):
            await self._parts.store.release_syncs(self._parts.clock())
        self._tasks = [
            asyncio.create_task(self._keep_running()),
            asyncio.create_task(self._repeat(self._dispatch, self._limits.tick)),
            asyncio.create_task(self._repeat(self._queue.prune, self._limits.prune_every)),
            asyncio.create_task(self._repeat(self._look_round, self._limits.survey_every)),
        ]

    async def stop(self) -> None:
        """Claim nothing more, stop all runs at their last chunk, and give them back."""
        for task in reversed(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def sync(self, user_id: str, mailbox_id: str) -> None:
        """Run one mailbox, unless it is off, stopped or gone by now. Raises nothing."""
        try:
            if await self._run(user_id, mailbox_id, apart=False):
                return
            # Perhaps processes have ended under it; one of those runs at a time.
            async with self._apart:
                await self._run(user_id, mailbox_id, apart=True)
        except StorageUnavailable:
            return  # it counts as lost, and is claimed again
        except Exception:  # noqa: BLE001  (nothing may get into PgQueuer's log)
            _log.exception("a sync ended in an unexpected error", extra={"mailbox_id": mailbox_id})

    async def _run(self, user_id: str, mailbox_id: str, *, apart: bool) -> bool:
        """Run it, and say whether it was begun."""
        parts, began = self._parts, time.monotonic()
        lost_at = parts.clock() + timedelta(seconds=self._limits.lost_after)
        beginning = asyncio.create_task(begin(parts.store, user_id, mailbox_id, apart=apart, lost_at=lost_at))
        try:
            begun = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            # It may have begun all the same, and would count as a crash.
            if begun := await beginning:
                await self._sync_of(begun).give_back()
            raise
        if begun is None:
            return False
        ended = await self._sync_of(begun).execute()
        if self._on_end is not None:
            self._on_end(ended, time.monotonic() - began)
        return True

    def _sync_of(self, begun: Begun) -> MailboxSync:
        return MailboxSync(self._parts, self._harvests, self._limits, begun)

    async def _keep_running(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await self._queue.run(self.sync, most=self._limits.runs)
            except StorageUnavailable:
                _log.warning("the queue is lost; taking it up again")
            if time.monotonic() - began > _LONGEST_PAUSE:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _dispatch(self) -> None:
        """Claim what is due, but not much more than this process can run soon: others may have room."""
        limits = self._limits
        self._room = 2 * limits.runs - await self._queue.waiting()
        while self._room > 0:
            # Where hosts are full, many have to be looked at to find some that have room.
            most = min(max(self._room, _FEWEST), limits.batch)
            found = await self._parts.store.dispatch_syncs(
                self._parts.clock(), most, self._admit, self._queue.enqueue
            )
            if found < most:
                return

    async def _look_round(self) -> None:
        if self._on_survey is not None:
            now = self._parts.clock()
            self._on_survey(await self._parts.store.sync_survey(now), now)

    def _admit(self, due: Sequence[DueSync], in_flight: dict[str, int]) -> Sequence[Claim]:
        claims = admit(due, in_flight, self._limits, self._parts.clock())
        admitted = sum(claim.admitted for claim in claims)
        self._room -= admitted
        if self._on_sent_away is not None:
            self._on_sent_away(len(claims) - admitted)
        return claims

    async def _repeat(self, work: Callable[[], Awaitable[None]], every: float) -> None:
        while True:
            try:
                await work()
            except StorageUnavailable:
                pass  # the next time will do
            except Exception:  # noqa: BLE001  (it must go on)
                _log.exception("unexpected error in background sync")
            # Processes that were started together do not stay together.
            await asyncio.sleep(every * random.uniform(0.8, 1.2))
