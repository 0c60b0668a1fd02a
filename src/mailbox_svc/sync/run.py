"""One run of a schedule: log in, see whether there is news, and if so harvest in the same connection.

Invariants: without news nothing is written but the schedule; with news there is a harvest, which is seen,
cancelled and resumed as any other; nothing is written once a later run was begun (`run_no`) or the harvest
was taken over (its attempt); whatever ends the run, the schedule says when the next one is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbox_svc.errors import MailboxNotFound, StorageUnavailable
from mailbox_svc.harvest.failures import failure_of
from mailbox_svc.harvest.login import Login, OpenMailbox, RunParts
from mailbox_svc.harvest.news import has_news
from mailbox_svc.harvest.quarantine import QUARANTINED, quarantined
from mailbox_svc.harvest.run import HarvestRun
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.mailboxes.credentials import StoredLogin, stored_login
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import (
    Failure,
    FailureCode,
    FolderPosition,
    Harvest,
    HarvestState,
    Progress,
    new_harvest,
)
from mailbox_svc.model.schedule import MAX_CRASHES, RunEnd, Schedule, Stop, SyncOutcome, SyncRun
from mailbox_svc.ports import Store, Transaction
from mailbox_svc.sync.limits import SyncLimits
from mailbox_svc.sync.times import after_failure, after_success

_log = logging.getLogger(__name__)

#: After this time it is seen how a harvest ended that somebody else has.
_LOOK_AGAIN = timedelta(seconds=60)
_NOT_TOLD = frozenset({SyncOutcome.QUIET})
_TOO_SLOW = Failure(
    FailureCode.CONNECTION,
    "The server took too long to say what is new.",
    connection_code=Code.SERVER_TIMEOUT,
    retryable=True,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended."""

    #: None when the mailbox is gone, or somebody else reads it just now.
    outcome: SyncOutcome | None
    failure: Failure | None = None
    harvest: Harvest | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that was begun, and all that it takes from the database to find nothing new."""

    schedule: Schedule
    login: StoredLogin
    positions: Sequence[FolderPosition]


async def begin(
    store: Store, user_id: str, mailbox_id: str, *, apart: bool, lost_at: datetime
) -> Begun | None:
    """Begin a run, in one transaction; None when the mailbox is off, stopped or gone by now.

    None too when it may only run `apart` from others.
    """
    async with store.begin(user_id) as tx:
        schedule = await tx.schedules.start(mailbox_id, apart=apart, lost_at=lost_at)
        # Not locked: a quiet run shall leave no trace on the mailbox, nor keep it from its user.
        mailbox = await tx.mailboxes.seen(mailbox_id) if schedule else None
        if schedule is None or mailbox is None:
            return None
        return Begun(schedule, await stored_login(tx, mailbox), await tx.folders.all(mailbox_id))


class MailboxSync:
    """One run that was begun."""

    def __init__(self, parts: RunParts, harvests: HarvestRuns, limits: SyncLimits, begun: Begun) -> None:
        schedule = begun.schedule
        self._parts = parts
        self._harvests = harvests
        self._limits = limits
        self._schedule = schedule
        self._positions = begun.positions
        self._login = Login(parts, schedule.user_id, schedule.mailbox_id, stored=begun.login)
        self._started_at = parts.clock()

    async def execute(self) -> Ended:
        """Run to an end and store it. Cancelled, it gives the mailbox back for another process.

        Raises StorageUnavailable when the end could not be stored; then the run counts as lost.
        """
        try:
            ended = await self._run()
        except asyncio.CancelledError:
            await asyncio.shield(self.give_back())
            raise
        storing = asyncio.create_task(self._store(ended))
        try:
            return await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait({storing})
            raise

    async def _run(self) -> Ended:
        if self._schedule.starts > MAX_CRASHES:
            _log.error("a mailbox is quarantined", extra={"mailbox_id": self._schedule.mailbox_id})
            return Ended(SyncOutcome.QUARANTINED, QUARANTINED)
        try:
            return await self._read()
        except MailboxNotFound:
            return Ended(None)
        except TimeoutError:
            return Ended(SyncOutcome.FAILED, _TOO_SLOW)
        except Exception as error:  # noqa: BLE001  (each ends in a state)
            return Ended(SyncOutcome.FAILED, failure_of(error, mailbox_id=self._schedule.mailbox_id))

    async def _read(self) -> Ended:
        """Log in, look, and harvest in the same connection when there is something to read."""
        async with asyncio.timeout(self._limits.look_seconds) as limit:
            async with await self._login.open() as opened:
                folders = await opened.reader.folders()
                if not await has_news(opened.reader, folders, self._positions):
                    return Ended(SyncOutcome.QUIET)
                limit.reschedule(None)  # a harvest has limits of its own
                return await self._harvest(replace(opened, folders=folders))

    async def _harvest(self, opened: OpenMailbox) -> Ended:
        harvest = await self._acquired()
        if harvest is None or harvest.state.final:
            return _told(harvest)
        run = HarvestRun(self._parts, harvest, login=self._login, opened=opened)
        await self._harvests.execute(run)
        return _told(run.harvest)

    async def _acquired(self) -> Harvest | None:
        """Return the mailbox's harvest, claimed; one that has ended when that ends process after process.

        None when a later run was begun, or somebody else has the harvest. Raises MailboxNotFound.
        """
        schedule, now = self._schedule, self._parts.clock()
        lease_until = now + timedelta(seconds=self._parts.limits.lease)
        async with self._parts.store.begin(schedule.user_id) as tx:
            if await tx.mailboxes.find(schedule.mailbox_id) is None:
                raise MailboxNotFound
            if not await self._is_ours(tx, now):
                return None
            stored = await tx.harvests.unfinished(schedule.mailbox_id)
            if stored is None:
                new = new_harvest(schedule.user_id, schedule.mailbox_id, schedule.policy, now=now)
                new = replace(
                    new, state=HarvestState.RUNNING, attempt=1, lease_until=lease_until, started_at=now
                )
                await tx.harvests.insert(new)
                return new
            claimed = await tx.harvests.claim(stored.id, now=now, lease_until=lease_until)
            if claimed is not None and claimed.crashes >= MAX_CRASHES:
                return await quarantined(tx, claimed, now=now)
            return claimed

    async def _is_ours(self, tx: Transaction, now: datetime) -> bool:
        return await tx.schedules.is_ours(
            self._schedule.mailbox_id,
            self._schedule.run_no,
            lost_at=now + timedelta(seconds=self._limits.lost_after),
        )

    async def _store(self, ended: Ended) -> Ended:
        """Store the end, trying for a while. Returns how the run ended in the end."""
        give_up_at = asyncio.get_running_loop().time() + self._limits.store_seconds
        pause = 0.25
        while True:
            try:
                return await self._stored(ended)
            except StorageUnavailable:
                if asyncio.get_running_loop().time() >= give_up_at:
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, 4.0)

    async def _stored(self, ended: Ended) -> Ended:
        schedule, now = self._schedule, self._parts.clock()
        async with self._parts.store.begin(schedule.user_id) as tx:
            if ended.outcome is SyncOutcome.QUIET and schedule.last_failure is None:
                # One statement for nearly all runs. False too when the interval was changed meanwhile.
                end = self._end(ended, schedule, now)
                if await tx.schedules.finish(
                    schedule.mailbox_id, schedule.run_no, end, interval=schedule.interval
                ):
                    return ended
            # First the mailbox, as all transactions lock: a run that is told of refers to it.
            tells = ended.outcome not in _NOT_TOLD or schedule.last_failure is not None
            if tells and await tx.mailboxes.find(schedule.mailbox_id) is None:
                return Ended(None)
            end = self._end(ended, await tx.schedules.find(schedule.mailbox_id), now)
            if not await tx.schedules.finish(schedule.mailbox_id, schedule.run_no, end):
                return Ended(None)  # fenced: a later run has begun, and it will tell
            told = await self._final(tx, ended)
            if told.outcome is not None and told.outcome not in _NOT_TOLD:
                await tx.schedules.add_run(self._told_run(told, now))
        return told

    def _end(self, ended: Ended, current: Schedule, now: datetime) -> RunEnd:
        if ended.outcome is None:
            return RunEnd(now, now + _LOOK_AGAIN)
        if ended.failure is None:
            return RunEnd(
                now, after_success(now, current.interval), success=ended.outcome is not SyncOutcome.CANCELLED
            )
        stopped = Stop.QUARANTINED if ended.outcome is SyncOutcome.QUARANTINED else None
        next_run_at = after_failure(now, current.failures + 1, ended.failure.retry_after)
        return RunEnd(now, next_run_at, failure=ended.failure, stopped=stopped)

    async def _final(self, tx: Transaction, ended: Ended) -> Ended:
        """Tell a failure that stops the schedule from one that is tried again, and when failures end."""
        if ended.outcome is SyncOutcome.FAILED:
            current = await tx.schedules.find(self._schedule.mailbox_id)
            if current.stopped is Stop.REFUSED:
                return Ended(SyncOutcome.STOPPED, ended.failure, ended.harvest)
        if ended.outcome is SyncOutcome.QUIET and self._schedule.last_failure is not None:
            return Ended(SyncOutcome.RECOVERED)
        return ended

    def _told_run(self, ended: Ended, now: datetime) -> SyncRun:
        assert ended.outcome is not None  # noqa: S101  (seen by the caller)
        progress = ended.harvest.progress if ended.harvest else Progress()
        return SyncRun(
            mailbox_id=self._schedule.mailbox_id,
            number=self._schedule.run_no,
            started_at=self._started_at,
            ended_at=now,
            outcome=ended.outcome,
            messages=progress.scanned,
            contacts=progress.contacts,
            failure=ended.failure,
            harvest_id=ended.harvest.id if ended.harvest else "",
        )

    async def give_back(self) -> None:
        """Say that the run was stopped by its process, and not by its mailbox."""
        schedule = self._schedule
        try:
            async with self._parts.store.begin(schedule.user_id) as tx:
                await tx.schedules.give_back(schedule.mailbox_id, schedule.run_no, now=self._parts.clock())
        except StorageUnavailable:
            _log.warning("a sync could not be given back", extra={"mailbox_id": schedule.mailbox_id})


def _told(harvest: Harvest | None) -> Ended:
    """Return what the end of the harvest is for the run that it belonged to."""
    if harvest is None or not harvest.state.final:
        return Ended(None)
    if harvest.state is HarvestState.CANCELLED:
        return Ended(SyncOutcome.CANCELLED, harvest=harvest)
    if harvest.failure is not None:
        crashed = harvest.failure.code is FailureCode.QUARANTINED
        outcome = SyncOutcome.QUARANTINED if crashed else SyncOutcome.FAILED
        return Ended(outcome, harvest.failure, harvest)
    return Ended(SyncOutcome.NEWS if harvest.progress.scanned else SyncOutcome.QUIET, harvest=harvest)
