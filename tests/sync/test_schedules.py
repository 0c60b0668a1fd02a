"""What users decide about schedules, and what they are shown: on both databases."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from mailbox_svc.errors import InvalidFields, MailboxNotFound
from mailbox_svc.model.harvest import Failure, FailureCode, Policy
from mailbox_svc.model.mailbox import Destination, Mailbox
from mailbox_svc.model.schedule import (
    DEFAULT_INTERVAL,
    MAX_HISTORY,
    RunEnd,
    Schedule,
    ScheduleState,
    Stop,
    SyncOutcome,
    SyncRun,
)
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.sync.service import Schedules
from support.stores import PreparedDatabase, add, mailbox_of, opened

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAILED = Failure(FailureCode.CONNECTION, "No.")


@pytest.fixture
async def store(database: PreparedDatabase) -> AsyncIterator[SqlStore]:
    async with opened(database.url, pool_size=5) as ready:
        yield ready


@pytest.fixture
def schedules(store: SqlStore) -> Schedules:
    return Schedules(store, clock=lambda: NOW)


@pytest.fixture
async def mailbox(store: SqlStore) -> Mailbox:
    return await add(store, mailbox_of("ann"))


async def on(schedules: Schedules, mailbox: Mailbox, interval: timedelta | None = None) -> Schedule:
    return await schedules.set("ann", mailbox.id, enabled=True, interval=interval, policy=None)


async def begun(store: SqlStore, mailbox: Mailbox) -> Schedule:
    async with store.begin("ann") as tx:
        schedule = await tx.schedules.start(mailbox.id, lost_at=NOW + HOUR)
    assert schedule is not None
    return schedule


async def finish(store: SqlStore, schedule: Schedule, end: RunEnd) -> bool:
    async with store.begin("ann") as tx:
        return await tx.schedules.finish(schedule.mailbox_id, schedule.run_no, end)


async def shown(schedules: Schedules) -> Schedule:
    (schedule,) = await schedules.list("ann")
    return schedule


async def test_a_mailbox_has_no_schedule_until_it_is_given_one(
    schedules: Schedules, mailbox: Mailbox
) -> None:
    schedule = await shown(schedules)
    assert (schedule.mailbox_id, schedule.state) == (mailbox.id, ScheduleState.OFF)
    assert (schedule.interval, schedule.next_run_at) == (DEFAULT_INTERVAL, None)
    assert await schedules.runs("ann", mailbox.id) == []


async def test_switching_on_begins_soon_and_keeps_interval_and_policy(
    schedules: Schedules, mailbox: Mailbox
) -> None:
    schedule = await schedules.set("ann", mailbox.id, enabled=True, interval=HOUR, policy=Policy.EVERYONE)
    assert (schedule.state, schedule.interval) == (ScheduleState.WAITING, HOUR)
    assert schedule.policy is Policy.EVERYONE
    assert schedule.next_run_at is not None
    assert NOW <= schedule.next_run_at <= NOW + timedelta(seconds=3)
    assert await on(schedules, mailbox) == schedule == await shown(schedules)


async def test_a_shorter_interval_counts_from_now_and_a_longer_one_from_the_next_run(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox, 24 * HOUR)
    await finish(store, await begun(store, mailbox), RunEnd(NOW, NOW + 24 * HOUR, success=True))
    sooner = await on(schedules, mailbox, HOUR)
    assert sooner.next_run_at is not None
    assert sooner.next_run_at <= NOW + 1.1 * HOUR
    assert (await on(schedules, mailbox, 48 * HOUR)).next_run_at == sooner.next_run_at


async def test_switching_off_ends_it_and_keeps_what_is_known(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox, HOUR)
    await finish(store, await begun(store, mailbox), RunEnd(NOW, NOW + HOUR, success=True))
    off = await schedules.set("ann", mailbox.id, enabled=False, interval=None, policy=None)
    assert (off.state, off.next_run_at, off.interval) == (ScheduleState.OFF, None, HOUR)
    assert off.last_success_at == NOW


@pytest.mark.parametrize("interval", [timedelta(minutes=5), timedelta(days=7)])
async def test_intervals_from_five_minutes_to_seven_days_are_taken(
    schedules: Schedules, mailbox: Mailbox, interval: timedelta
) -> None:
    assert (await on(schedules, mailbox, interval)).interval == interval


@pytest.mark.parametrize("interval", [timedelta(minutes=5, microseconds=-1), timedelta(days=7, seconds=1)])
async def test_other_intervals_are_refused_and_change_nothing(
    schedules: Schedules, mailbox: Mailbox, interval: timedelta
) -> None:
    before = await on(schedules, mailbox)
    with pytest.raises(InvalidFields, match="interval"):
        await on(schedules, mailbox, interval)
    assert await shown(schedules) == before


async def test_another_users_mailbox_is_not_found_in_the_words_of_none(
    schedules: Schedules, mailbox: Mailbox
) -> None:
    for mailbox_id in (mailbox.id, str(uuid.uuid4())):
        with pytest.raises(MailboxNotFound):
            await schedules.set("bob", mailbox_id, enabled=True, interval=None, policy=None)
        with pytest.raises(MailboxNotFound):
            await schedules.runs("bob", mailbox_id)
    assert await schedules.list("bob") == []


async def test_no_user_touches_another_ones_schedule(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    before = await on(schedules, mailbox)
    async with store.begin("bob") as tx:
        assert await tx.schedules.start(mailbox.id, lost_at=NOW) is None
        assert not await tx.schedules.is_ours(mailbox.id, 0, lost_at=NOW)
        assert not await tx.schedules.finish(mailbox.id, 0, RunEnd(NOW, NOW))
        await tx.schedules.give_back(mailbox.id, 0, now=NOW)
        await tx.schedules.refuse(mailbox.id, FAILED)
        await tx.schedules.quarantine(mailbox.id, FAILED)
        await tx.schedules.renew(mailbox.id, Destination("h", 1, tls=True, user="u"), now=NOW)
        assert await tx.schedules.runs(mailbox.id) == []
    assert await shown(schedules) == before


async def test_a_later_run_keeps_an_earlier_one_from_writing(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox)
    earlier, later = await begun(store, mailbox), await begun(store, mailbox)
    assert (earlier.run_no, earlier.starts, later.run_no, later.starts) == (1, 1, 2, 2)
    assert not await finish(store, earlier, RunEnd(NOW, NOW + HOUR))
    async with store.begin("ann") as tx:
        assert not await tx.schedules.is_ours(mailbox.id, earlier.run_no, lost_at=NOW)
        await tx.schedules.give_back(mailbox.id, earlier.run_no, now=NOW)
    assert await shown(schedules) == later
    assert await finish(store, later, RunEnd(NOW, NOW + HOUR))


async def test_a_schedule_that_is_off_or_stopped_begins_no_run(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox)
    async with store.begin("ann") as tx:
        await tx.schedules.refuse(mailbox.id, FAILED)
        assert await tx.schedules.start(mailbox.id, lost_at=NOW) is None
    assert (await shown(schedules)).stopped is Stop.REFUSED
    await schedules.set("ann", mailbox.id, enabled=False, interval=None, policy=None)
    async with store.begin("ann") as tx:
        assert await tx.schedules.start(mailbox.id, lost_at=NOW) is None


async def test_a_credential_mends_a_refusal_and_failures_but_no_quarantine(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox)
    for stop in (Stop.REFUSED, Stop.QUARANTINED):
        async with store.begin("ann") as tx:
            await (tx.schedules.refuse if stop is Stop.REFUSED else tx.schedules.quarantine)(
                mailbox.id, FAILED
            )
        async with store.begin("ann") as tx:
            await tx.schedules.resume(mailbox.id, now=NOW)
            await tx.schedules.renew(mailbox.id, mailbox.destination, now=NOW)
        now = await shown(schedules)
        assert (now.stopped, now.next_run_at) == (
            (None, NOW) if stop is Stop.REFUSED else (Stop.QUARANTINED, None)
        )
    await on(schedules, mailbox)
    await finish(store, await begun(store, mailbox), RunEnd(NOW, NOW + HOUR, failure=FAILED))
    assert (await shown(schedules)).failures == 1
    async with store.begin("ann") as tx:
        await tx.schedules.renew(mailbox.id, mailbox.destination, now=NOW)
    mended = await shown(schedules)
    assert (mended.failures, mended.last_failure, mended.next_run_at) == (0, None, NOW)


async def test_the_latest_runs_are_remembered_and_older_ones_forgotten(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    async with store.begin("ann") as tx:
        for number in range(1, MAX_HISTORY + 6):
            at = NOW + number * HOUR
            await tx.schedules.add_run(
                SyncRun(mailbox.id, number, at, at + HOUR, SyncOutcome.FAILED, 3, 2, FAILED, "h")
            )
    runs = await schedules.runs("ann", mailbox.id)
    assert [run.number for run in runs] == list(range(MAX_HISTORY + 5, 5, -1))
    at = NOW + (MAX_HISTORY + 5) * HOUR
    assert runs[0] == SyncRun(
        mailbox.id, MAX_HISTORY + 5, at, at + HOUR, SyncOutcome.FAILED, 3, 2, FAILED, "h"
    )


async def test_a_deleted_mailbox_takes_its_schedule_with_it(
    schedules: Schedules, store: SqlStore, mailbox: Mailbox
) -> None:
    await on(schedules, mailbox)
    async with store.begin("ann") as tx:
        await tx.schedules.add_run(SyncRun(mailbox.id, 1, NOW, NOW, SyncOutcome.NEWS))
        await tx.mailboxes.delete(mailbox.id)
    again = await add(store, mailbox)
    assert (await shown(schedules)).state is ScheduleState.OFF
    assert await schedules.runs("ann", again.id) == []
