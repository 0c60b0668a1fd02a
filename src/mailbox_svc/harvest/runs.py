"""The harvests that this process runs: takes them up, a few at a time, and those of processes that died."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.quarantine import quarantined
from mailbox_svc.harvest.run import HarvestRun
from mailbox_svc.model.harvest import Harvest
from mailbox_svc.model.schedule import MAX_CRASHES

_log = logging.getLogger(__name__)

#: Called with each harvest that this process has brought to an end.
OnEnd = Callable[[Harvest], None]


class HarvestRuns:
    """Runs harvests in the background. Start and stop it in one event loop."""

    def __init__(self, parts: RunParts, *, on_end: OnEnd | None = None) -> None:
        self._parts = parts
        self._on_end = on_end
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, HarvestRun] = {}
        self._of_user: Counter[str] = Counter()
        #: Those under which processes have ended: one runs at a time, or they would all be left alone
        #: for what one of them does.
        self._suspects: set[str] = set()
        self._apart: str | None = None
        self._look = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take up what waits."""
        self._looking = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Stop all runs at their last chunk and give them back; whoever starts next goes on."""
        tasks = [task for task in (self._looking, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def wake(self) -> None:
        """Look at once for harvests that wait."""
        self._look.set()

    def running(self, harvest_id: str) -> Harvest | None:
        """Return the harvest as it is now, if this process runs it."""
        run = self._runs.get(harvest_id)
        return run.harvest if run else None

    async def cancelled(self, harvest_id: str) -> None:
        """Stop a run that was cancelled, and wait until it has."""
        run = self._runs.get(harvest_id)
        if run is not None:
            run.lose()
            await run.over()

    async def execute(self, run: HarvestRun) -> None:
        """Execute a run that was claimed elsewhere in this process; meanwhile it is one of ours."""
        harvest_id = run.harvest.id
        self._runs[harvest_id] = run
        try:
            await run.execute()
        finally:
            del self._runs[harvest_id]
        if self._on_end is not None:
            self._on_end(run.harvest)

    async def _keep_looking(self) -> None:
        while True:
            self._look.clear()
            with suppress(StorageUnavailable):
                await self._take_up()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._parts.limits.look_every):
                    await self._look.wait()

    async def _take_up(self) -> None:
        limits = self._parts.limits
        if len(self._tasks) >= limits.runs:
            return
        # More than are free, for those of users who have their share are passed over, and so are suspects.
        most = 8 * limits.runs + len(self._suspects)
        waiting = await self._parts.store.claimable_harvests(self._parts.clock(), most)
        self._suspects &= {harvest_id for _, harvest_id in waiting}
        for user_id, harvest_id in waiting:
            if len(self._tasks) >= limits.runs:
                return
            if harvest_id in self._tasks or self._of_user[user_id] >= limits.runs_per_user:
                continue
            apart = harvest_id in self._suspects
            if apart and self._apart is not None:
                continue
            if apart:
                self._apart = harvest_id
            self._of_user[user_id] += 1
            task = asyncio.create_task(self._run(user_id, harvest_id, apart=apart))
            self._tasks[harvest_id] = task
            task.add_done_callback(lambda done, u=user_id, h=harvest_id: self._ended(done, u, h))  # type: ignore[misc]

    async def _run(self, user_id: str, harvest_id: str, *, apart: bool) -> None:
        now = self._parts.clock()
        lease_until = now + timedelta(seconds=self._parts.limits.lease)
        async with self._parts.store.begin(user_id) as tx:
            harvest = await tx.harvests.claim(harvest_id, now=now, lease_until=lease_until, apart=apart)
            if harvest is not None and harvest.crashes >= MAX_CRASHES:
                harvest = await quarantined(tx, harvest, now=now)
        if harvest is None:
            if not apart:
                self._suspects.add(harvest_id)  # or somebody else has it: then it waits no more
            return
        if harvest.state.final:
            _log.error("a mailbox is quarantined", extra={"mailbox_id": harvest.mailbox_id})
            if self._on_end is not None:
                self._on_end(harvest)
            return
        await self.execute(HarvestRun(self._parts, harvest))

    def _ended(self, task: asyncio.Task[None], user_id: str, harvest_id: str) -> None:
        del self._tasks[harvest_id]
        if self._apart == harvest_id:
            self._apart = None
        self._of_user[user_id] -= 1
        if not self._of_user[user_id]:
            del self._of_user[user_id]
        self._look.set()
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, StorageUnavailable):
            _log.error(
                "a harvest ended in an unexpected error", exc_info=error, extra={"harvest_id": harvest_id}
            )
