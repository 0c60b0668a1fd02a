"""Set and show the schedules of one user's mailboxes."""

from __future__ import annotations

import builtins
from dataclasses import replace
from datetime import datetime, timedelta

from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.mailboxes.changes import found
from mailbox_svc.model.fields import checked_id
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.schedule import MAX_INTERVAL, MIN_INTERVAL, Schedule, SyncRun
from mailbox_svc.ports import Clock, Store
from mailbox_svc.sync.times import after_success, soon


class Schedules:
    """The use cases of HarvestService that are about schedules."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def set(
        self,
        user_id: str,
        mailbox_id: str,
        *,
        enabled: bool,
        interval: timedelta | None,
        policy: Policy | None,
    ) -> Schedule:
        """Switch the schedule of a mailbox on or off. Raises InvalidFields or MailboxNotFound.

        Switching on one that is on already starts it again if it was stopped, and keeps its next run
        else; a run that is under way goes on.
        """
        mailbox_id = checked_id(mailbox_id, "mailbox_id")
        _check(interval)
        async with self._store.begin(user_id) as tx:
            mailbox = await found(tx, mailbox_id)  # locked: schedules change one after another
            if policy is not None:
                await tx.harvests.set_policy(mailbox_id, policy)
            stored = await tx.schedules.find(mailbox_id)
            wanted = _decided(
                stored, enabled=enabled, interval=interval or stored.interval, now=self._clock()
            )
            await tx.schedules.put(wanted, mailbox.destination)
            return await tx.schedules.find(mailbox_id)

    async def list(self, user_id: str) -> list[Schedule]:
        """Return the schedules of all mailboxes of the user, in the order of their list."""
        async with self._store.read(user_id) as tx:
            return await tx.schedules.all()

    async def runs(self, user_id: str, mailbox_id: str) -> builtins.list[SyncRun]:
        """Return the runs that are remembered, the latest first. Raises InvalidFields or MailboxNotFound."""
        async with self._store.read(user_id) as tx:
            mailbox = await found(tx, checked_id(mailbox_id, "mailbox_id"))
            return await tx.schedules.runs(mailbox.id)


def _decided(stored: Schedule, *, enabled: bool, interval: timedelta, now: datetime) -> Schedule:
    if not enabled:
        return replace(stored, enabled=False, interval=interval, next_run_at=None, stopped=None)
    wanted = replace(stored, enabled=True, interval=interval, stopped=None)
    if stored.next_run_at is None:
        return replace(wanted, next_run_at=soon(now), starts=0, failures=0)
    if interval < stored.interval and not stored.in_flight:
        return replace(wanted, next_run_at=min(stored.next_run_at, after_success(now, interval)))
    return wanted


def _check(interval: timedelta | None) -> None:
    if interval is not None and not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise InvalidFields(FieldViolation("interval", "An interval is from 5 minutes to 7 days."))
