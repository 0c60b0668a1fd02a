"""One attempt at one harvest: connects, reads every folder from where it was left, and ends in a state.

Invariants: a chunk of tallies and the folder's new position commit in one transaction, and only while the
attempt is still ours; whatever ends the attempt, the next one goes on from the last commit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.errors import MailboxNotFound, StorageUnavailable
from mailbox_svc.harvest.failures import failure_of
from mailbox_svc.harvest.login import Login, OpenMailbox, RunParts
from mailbox_svc.harvest.meter import Meter
from mailbox_svc.harvest.session import HarvestSession, RunLost
from mailbox_svc.model.harvest import Failure, FailureCode, Harvest, HarvestState
from mailbox_svc.ports.mail import ReadingFailed

_log = logging.getLogger(__name__)


class HarvestRun:
    """One attempt at a harvest that was claimed."""

    def __init__(
        self,
        parts: RunParts,
        harvest: Harvest,
        *,
        login: Login | None = None,
        opened: OpenMailbox | None = None,
    ) -> None:
        """`opened` is a connection of `login` to begin with."""
        self._login = login or Login(parts, harvest.user_id, harvest.mailbox_id)
        self._opened = opened
        self._over = asyncio.Event()
        self._parts = parts
        self._harvest = harvest
        self._meter = Meter()
        self._task: asyncio.Task[object] | None = None
        self._lost = False
        self._session: HarvestSession | None = None
        self._skipped = harvest.skipped_folders

    @property
    def harvest(self) -> Harvest:
        """The harvest as it is now; its final state once `execute` has returned."""
        if self._harvest.state.final:
            return self._harvest
        return replace(self._harvest, progress=self._meter.progress())

    def lose(self) -> None:
        """Stop: the run is not ours any more, because it was cancelled or taken over."""
        if not self._lost and self._task is not None:
            self._task.cancel()
        self._lost = True

    async def execute(self) -> None:
        """Run to an end and store it. Cancelled, it gives the harvest back for another process to go on."""
        self._task = asyncio.current_task()
        beat = asyncio.create_task(self._keep_lease())
        try:
            failure = await self._failure()
            await self._judge()
            state = HarvestState.FAILED if failure else HarvestState.DONE
            await self._finish(state, failure)
        except RunLost:
            await self._after_loss()
        except asyncio.CancelledError:
            if not self._lost:
                await asyncio.shield(self._give_back())
                raise
            if self._task is not None:
                self._task.uncancel()
            await self._after_loss()
        except StorageUnavailable:
            # The lease runs out, and whoever finds it then goes on.
            _log.warning("a harvest's end could not be stored", extra={"harvest_id": self._harvest.id})
        finally:
            beat.cancel()
            self._over.set()

    async def over(self) -> None:
        """Wait until `execute` has ended."""
        await self._over.wait()

    async def _failure(self) -> Failure | None:
        """Read everything; return why that was not possible."""
        try:
            async with asyncio.timeout(self._parts.limits.seconds):
                await self._read_all()
        except RunLost:
            raise
        except MailboxNotFound:
            raise RunLost from None
        except TimeoutError:
            return Failure(
                FailureCode.DEADLINE_PASSED,
                "The harvest took longer than one may; the next one goes on where it stopped.",
                retryable=True,
            )
        except Exception as error:  # noqa: BLE001  (each ends in a state)
            return failure_of(error, harvest_id=self._harvest.id)
        return None

    async def _read_all(self) -> None:
        """Read in as many connections as it takes, as long as they bring it forward."""
        limits = self._parts.limits
        failures, opened = 0, self._opened
        while True:
            self._session = None
            try:
                await self._login.use(self._read_in, opened=opened, progressed=self._has_committed)
            except (ReadingFailed, StorageUnavailable) as error:
                failures = 1 if self._has_committed() else failures + 1
                may_pass = not isinstance(error, ReadingFailed) or error.report.retryable
                # What fails before any mail was read is told at once.
                if not may_pass or not self._meter.scanned or failures > limits.retries:
                    raise
                opened = None
                await asyncio.sleep(limits.retry_pause * 2 ** (failures - 1))
            else:
                return

    async def _read_in(self, opened: OpenMailbox) -> None:
        """Read in this connection."""
        parts = self._parts
        self._session = session = HarvestSession(
            parts.store, self._harvest, self._meter, parts.limits, clock=parts.clock
        )
        await session.read(opened.reader, opened.mailbox.destination.user, opened.folders)
        self._skipped = tuple(session.skipped)

    def _has_committed(self) -> bool:
        return self._session is not None and self._session.committed

    async def _judge(self) -> None:
        await refresh(self._parts.store, self._harvest.user_id, clock=self._parts.clock)

    async def _finish(self, state: HarvestState, failure: Failure | None) -> None:
        ended = replace(
            self._harvest,
            state=state,
            failure=failure,
            progress=self._meter.progress(ended=True),
            skipped_folders=self._skipped,
            lease_until=None,
            ended_at=self._parts.clock(),
        )
        async with self._parts.store.begin(ended.user_id) as tx:
            if not await tx.harvests.finish(ended):
                raise RunLost
        self._harvest = ended

    async def _after_loss(self) -> None:
        """What was committed stays, and shows."""
        with suppress(StorageUnavailable):
            await self._judge()
            async with self._parts.store.begin(self._harvest.user_id) as tx:
                stored = await tx.harvests.find(self._harvest.id)
            if stored is not None:
                self._harvest = stored

    async def _give_back(self) -> None:
        waiting = replace(
            self._harvest,
            state=HarvestState.QUEUED,
            progress=self._meter.progress(),
            lease_until=None,
        )
        with suppress(StorageUnavailable):
            async with self._parts.store.begin(waiting.user_id) as tx:
                await tx.harvests.finish(waiting)

    async def _keep_lease(self) -> None:
        """Give a sign of life now and then, and stop the run when it is no longer ours."""
        lease = timedelta(seconds=self._parts.limits.lease)
        judged = time.monotonic()
        while True:
            await asyncio.sleep(self._parts.limits.lease / 3)
            harvest = self.harvest
            try:
                async with self._parts.store.begin(harvest.user_id) as tx:
                    ours = await tx.harvests.beat(
                        harvest.id,
                        harvest.attempt,
                        progress=harvest.progress,
                        lease_until=self._parts.clock() + lease,
                    )
                if not ours:
                    self.lose()
                    return
                if time.monotonic() - judged >= self._parts.limits.judge_every:
                    await self._judge()
                    judged = time.monotonic()
            except StorageUnavailable:
                continue  # the chunks will tell, or the next sign of life
