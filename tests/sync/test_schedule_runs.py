"""A schedule does its work: on both databases, in both queues, with a real IMAP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mailbox_svc.model.schedule import DEFAULT_INTERVAL, ScheduleState, SyncOutcome
from support.dovecot import DovecotServer
from support.stores import PreparedDatabase
from support.sync_parts import SyncParts, sync_parts


@pytest.fixture
async def parts(database: PreparedDatabase, dovecot: DovecotServer) -> AsyncIterator[SyncParts]:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as ready:
        await ready.engine.start()
        yield ready


async def test_the_first_run_reads_everything_and_the_next_finds_nothing_new(parts: SyncParts) -> None:
    mailbox = await parts.add()
    switched_on = await parts.switch_on(mailbox)
    assert (switched_on.state, switched_on.interval) == (ScheduleState.WAITING, DEFAULT_INTERVAL)

    first = await parts.until(mailbox, lambda schedule: schedule.last_run_at is not None)

    assert (first.state, first.failures, first.starts) == (ScheduleState.WAITING, 0, 0)
    assert first.last_success_at == first.last_run_at
    (run,) = await parts.told(mailbox)
    assert (run.number, run.outcome, run.failure) == (1, SyncOutcome.NEWS, None)
    assert (run.messages, run.contacts > 20) == (250, True)

    second = await parts.next_run(mailbox)

    assert second.state is ScheduleState.WAITING
    assert second.last_run_at is not None
    assert first.last_run_at is not None
    assert second.last_run_at > first.last_run_at
    assert await parts.told(mailbox) == [run]
    assert [ended.outcome for ended in parts.ended] == [SyncOutcome.NEWS, SyncOutcome.QUIET]
    assert await parts.queue.waiting() == 0
    await asyncio.sleep(0)
