"""What counts as a crash of a mailbox, and that those beside it do not end with it for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import CRASHES_TOGETHER
from mailbox_svc.storage.store import SqlStore
from support.dovecot import DovecotServer
from support.stores import PreparedDatabase
from support.sync_parts import SyncParts, sync_parts

SOON = datetime.now(UTC) + timedelta(minutes=2)


async def started(store: SqlStore, mailbox: Mailbox, *, apart: bool) -> bool:
    async with store.begin(mailbox.user_id) as tx:
        return await tx.schedules.start(mailbox.id, lost_at=SOON, apart=apart) is not None


async def crash(parts: SyncParts, mailbox: Mailbox, times: int) -> None:
    """Begin runs that never end."""
    for _ in range(times):
        assert await started(parts.store, mailbox, apart=True)


async def test_a_mailbox_whose_last_runs_ended_with_their_process_runs_apart_from_others_like_it(
    database: PreparedDatabase, dovecot: DovecotServer
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as parts:
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await crash(parts, mailbox, CRASHES_TOGETHER - 1)
        assert await started(parts.store, mailbox, apart=False)
        assert not await started(parts.store, mailbox, apart=False)
        await parts.engine.start()
        read = await parts.until(mailbox, lambda schedule: schedule.last_success_at is not None)
    assert read.starts == 0


@pytest.mark.parametrize("forget", [True, False])
async def test_crashes_are_forgotten_once_a_run_has_committed_something(
    database: PreparedDatabase, dovecot: DovecotServer, *, forget: bool
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as parts:
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await crash(parts, mailbox, 4)
        async with parts.store.begin(mailbox.user_id) as tx:
            if forget:
                await tx.schedules.forget_crashes(mailbox.id)
        assert (await parts.schedule(mailbox)).starts == (0 if forget else 4)
