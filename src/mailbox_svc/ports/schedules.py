"""Storing schedules, handing out what is due, and the queue that runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from mailbox_svc.model.harvest import Failure
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.schedule import Claim, DueSync, RunEnd, Schedule, SyncRun


class ScheduleRepository(Protocol):
    """The schedules of the transaction's user. Never commits."""

    async def all(self) -> list[Schedule]:
        """Return one schedule a mailbox, in the order of `Store.list_mailboxes`; off where none was set."""

    async def find(self, mailbox_id: str) -> Schedule:
        """Return the schedule, locked as far as the mailbox is. Raises MailboxNotFound."""

    async def put(self, schedule: Schedule, destination: Destination) -> None:
        """Store what the user decides: enabled, interval, next run; and forget failures and stops."""

    async def start(self, mailbox_id: str, *, lost_at: datetime, apart: bool = False) -> Schedule | None:
        """Begin a run: its number and one start more. None when it may not run, or only `apart` from others.

        It counts as lost when its claim says so, and at `lost_at` when it has none.
        """

    async def is_ours(self, mailbox_id: str, run_no: int, *, lost_at: datetime) -> bool:
        """Say whether no later run was begun, and keep it so until the transaction ends."""

    async def forget_crashes(self, mailbox_id: str) -> None:
        """Count anew how many processes in a row end under it."""

    async def finish(
        self, mailbox_id: str, run_no: int, end: RunEnd, *, interval: timedelta | None = None
    ) -> bool:
        """End a run. False, and nothing stored, when a later one was begun, or the interval is another."""

    async def give_back(self, mailbox_id: str, run_no: int, *, now: datetime) -> None:
        """Take the start back: the run was stopped by its process, and is due again at once."""

    async def resume(self, mailbox_id: str, *, now: datetime) -> None:
        """Go on after a refused login: one has worked since. Does nothing in any other state."""

    async def renew(self, mailbox_id: str, destination: Destination, *, now: datetime) -> None:
        """Go on after a refused login or failures, for the credential or the destination has changed."""

    async def refuse(self, mailbox_id: str, failure: Failure) -> None:
        """Stop, for the stored login was refused. Does nothing when it is off or stopped."""

    async def quarantine(self, mailbox_id: str, failure: Failure) -> None:
        """Stop, for reading the mailbox ends processes."""

    async def add_run(self, run: SyncRun) -> None:
        """Remember a run, and forget those beyond `MAX_HISTORY`."""

    async def runs(self, mailbox_id: str) -> list[SyncRun]:
        """Return the runs that are remembered, the latest first."""


#: Takes what is admitted, in the transaction that claims it; given the driver's connection, if it has one.
#: Returns the ids of mailboxes that were not taken, for a job of before is still there.
Enqueue = Callable[[Sequence[DueSync], object], Awaitable[Collection[str]]]
#: Decides about mailboxes that are due, knowing how many of each host are in flight.
Admit = Callable[[Sequence[DueSync], dict[str, int]], Sequence[Claim]]
#: Runs one mailbox: user id, mailbox id.
Handler = Callable[[str, str], Awaitable[None]]


class SyncQueue(Protocol):
    """Runs what was enqueued, here or in another process: at least once each."""

    async def enqueue(self, due: Sequence[DueSync], connection: object) -> Collection[str]:
        """Add them in the transaction of the driver's connection, as `Enqueue` says.

        The queue in memory has no transaction: its jobs are there at once, and gone with the process.
        """

    async def waiting(self) -> int:
        """Return how many wait for a worker. Raises StorageUnavailable."""

    async def run(self, handler: Handler, *, most: int) -> None:
        """Run up to `most` jobs at once, until cancelled; then their tasks are cancelled and awaited.

        A job of a process that died, or has not been heard of for half a minute, is run again by another.
        """

    async def prune(self) -> None:
        """Forget the log of jobs that have ended. Raises StorageUnavailable."""
