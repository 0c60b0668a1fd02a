"""A schedule that goes on with a new password is not put off by the run that the old one ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbox_svc.model.harvest import Failure, FailureCode
from mailbox_svc.model.schedule import RunEnd, ScheduleState
from support.dovecot import DovecotServer
from support.stores import PreparedDatabase
from support.sync_parts import sync_parts

REFUSED = Failure(FailureCode.CONNECTION, "x")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_the_end_of_a_run_with_the_old_password_does_not_put_off_the_first_with_the_new(
    database: PreparedDatabase, dovecot: DovecotServer
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as parts:
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        async with parts.store.begin(mailbox.user_id) as tx:
            begun = await tx.schedules.start(mailbox.id, lost_at=NOW)
            assert begun is not None
            await tx.schedules.refuse(mailbox.id, REFUSED)
            await tx.schedules.renew(mailbox.id, mailbox.destination, now=NOW)
            late = RunEnd(NOW, NOW + timedelta(hours=1), failure=REFUSED)
            assert not await tx.schedules.finish(mailbox.id, begun.run_no, late)
        schedule = await parts.schedule(mailbox)
    assert (schedule.state, schedule.next_run_at) == (ScheduleState.WAITING, NOW)
