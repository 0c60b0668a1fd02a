"""A schedule whose runs fail: backs off, stops when the login is refused, and goes on when that is mended."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import FailureCode
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.model.schedule import MAX_CRASHES, ScheduleState, SyncOutcome
from mailbox_svc.model.secret import Secret
from support.letters import OWNER, PASSWORD
from support.moody_server import served
from support.stores import PreparedDatabase
from support.sync_parts import QUICK, SyncParts


async def stored(parts: SyncParts, mailbox: Mailbox) -> Mailbox:
    (found,) = [one for one in await parts.store.list_mailboxes(mailbox.user_id) if one.id == mailbox.id]
    return found


async def stopped(parts: SyncParts) -> Mailbox:
    """A mailbox whose password the server has refused."""
    mailbox = await parts.add(password="CANARY-wrong")
    await parts.switch_on(mailbox)
    schedule = await parts.until(mailbox, lambda now: now.state is ScheduleState.STOPPED)
    assert (schedule.next_run_at, schedule.in_flight) == (None, False)
    return mailbox


async def test_an_outage_is_tried_again_later_and_later_and_the_first_good_run_is_told(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.last_success_at is not None)

        server.login = b"NO [UNAVAILABLE] Try again later."
        first = await parts.next_run(mailbox)
        second = await parts.next_run(mailbox)

        for failures, schedule in enumerate((first, second), 1):
            assert (schedule.state, schedule.failures) == (ScheduleState.BACKING_OFF, failures)
            assert schedule.last_failure is not None
            assert schedule.last_failure.connection_code is Code.SERVER_UNAVAILABLE
            assert schedule.next_run_at is not None
            # The remedy table asks for five minutes.
            assert schedule.last_run_at is not None
            assert schedule.next_run_at - schedule.last_run_at >= timedelta(minutes=5)

        server.login = None
        mended = await parts.next_run(mailbox)
        outcomes = [run.outcome for run in await parts.told(mailbox)]

    assert (mended.state, mended.failures, mended.last_failure) == (ScheduleState.WAITING, 0, None)
    assert outcomes == [SyncOutcome.RECOVERED, SyncOutcome.FAILED, SyncOutcome.FAILED]


async def test_a_refused_password_is_never_tried_again(database: PreparedDatabase, tmp_path: Path) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await stopped(parts)
        parts.clock.ahead += timedelta(days=30)
        await asyncio.sleep(20 * QUICK.tick)

        assert server.logins == 1
        (run,) = await parts.told(mailbox)
        assert run.outcome is SyncOutcome.STOPPED
        assert run.failure is not None
        assert run.failure.code is FailureCode.CONNECTION
        assert run.failure.connection_code is Code.AUTH_INVALID_CREDENTIALS
        assert run.failure.remedy is not None
        shown = await stored(parts, mailbox)
        assert (shown.status, shown.last_error) == (Status.ERROR, run.failure.error)


async def test_a_new_password_starts_it_again_at_once(database: PreparedDatabase, tmp_path: Path) -> None:
    async with served(database, tmp_path) as (parts, _, _):
        mailbox = await stopped(parts)
        there = mailbox.destination
        draft = Draft(
            id=mailbox.id,
            label="Work",
            host=there.host,
            port=there.port,
            tls=there.tls,
            user=there.user,
            password=Secret(PASSWORD),
        )
        await parts.mailboxes.save(mailbox.user_id, draft)

        schedule = await parts.until(mailbox, lambda now: now.last_success_at is not None)

    assert (schedule.state, schedule.failures) == (ScheduleState.WAITING, 0)


async def test_a_test_that_passes_starts_it_again_and_one_that_fails_stops_it(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.last_success_at is not None)

        server.login = b"NO [AUTHENTICATIONFAILED] Authentication failed."
        report = await parts.mailboxes.test_saved(mailbox.user_id, mailbox.id, timeout=30)
        assert not report.ok
        assert (await parts.schedule(mailbox)).state is ScheduleState.STOPPED

        server.login = None
        before = await parts.schedule(mailbox)
        assert (await parts.mailboxes.test_saved(mailbox.user_id, mailbox.id, timeout=30)).ok
        schedule = await parts.until(mailbox, lambda now: now.run_no > before.run_no and not now.in_flight)

    assert schedule.state is ScheduleState.WAITING


async def test_a_schedule_that_was_switched_off_meanwhile_stays_off(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        server.lists.clear()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.starts == 1)
        await parts.schedules.set(mailbox.user_id, mailbox.id, enabled=False, interval=None, policy=None)
        server.lists.set()
        schedule = await parts.until(mailbox, lambda now: now.last_run_at is not None)

    assert (schedule.state, schedule.next_run_at) == (ScheduleState.OFF, None)


async def test_a_run_that_was_overtaken_changes_nothing(database: PreparedDatabase, tmp_path: Path) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        server.lists.clear()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.starts == 1)
        async with parts.store.begin(mailbox.user_id) as tx:
            later = await tx.schedules.start(mailbox.id, lost_at=parts.clock() + timedelta(hours=1))
        server.lists.set()
        async with asyncio.timeout(30):
            while not parts.ended:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        assert parts.ended[0].outcome is None
        assert await parts.schedule(mailbox) == later
        async with parts.store.read(mailbox.user_id) as tx:
            assert await tx.harvests.latest(mailbox.id) is None
            assert await tx.folders.all(mailbox.id) == []


async def test_a_run_that_its_process_stops_is_due_again_and_counts_as_no_crash(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        server.lists.clear()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.starts == 1)

        await parts.engine.stop()

        schedule = await parts.schedule(mailbox)
        assert (schedule.starts, schedule.in_flight, schedule.failures) == (0, False, 0)
        assert schedule.next_run_at is not None
        assert schedule.next_run_at <= parts.clock()


async def test_a_run_that_is_stopped_at_any_moment_is_given_back(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        await parts.engine.stop()
        mailbox = await parts.add()
        server.lists.clear()  # it would never answer
        await parts.switch_on(mailbox)
        for moment in range(40):
            run = asyncio.create_task(parts.engine.sync(mailbox.user_id, mailbox.id))
            await asyncio.sleep(moment / 4000)
            run.cancel()
            await asyncio.wait({run})
            schedule = await parts.schedule(mailbox)
            assert (schedule.starts, schedule.in_flight) == (0, False), moment


async def test_a_mailbox_that_ends_its_process_five_times_is_left_alone_until_the_user_says_so(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        await parts.engine.stop()
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        for _ in range(MAX_CRASHES):
            async with parts.store.begin(mailbox.user_id) as tx:
                await tx.schedules.start(mailbox.id, apart=True, lost_at=parts.clock())
        await parts.engine.start()
        schedule = await parts.until(mailbox, lambda now: now.state is ScheduleState.QUARANTINED)

        assert (server.logins, schedule.next_run_at) == (0, None)
        (run,) = await parts.told(mailbox)
        assert run.outcome is SyncOutcome.QUARANTINED
        assert run.failure is not None
        assert run.failure.code is FailureCode.QUARANTINED
        survey = await parts.store.sync_survey(parts.clock())
        assert (survey.quarantined, survey.refused, survey.in_flight) == (1, 0, 0)

        await parts.switch_on(mailbox)
        schedule = await parts.until(mailbox, lambda now: now.last_success_at is not None)

    assert schedule.state is ScheduleState.WAITING


async def test_a_mailbox_that_is_deleted_during_its_run_leaves_nothing_behind(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        mailbox = await parts.add()
        server.lists.clear()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda now: now.starts == 1)
        await parts.mailboxes.delete(mailbox.user_id, mailbox.id)
        server.lists.set()
        async with asyncio.timeout(30):
            while not parts.ended:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

        assert parts.ended[0].outcome is None
        assert await parts.schedules.list(mailbox.user_id) == []
        survey = await parts.store.sync_survey(parts.clock())
        assert (survey.due, survey.in_flight) == (0, 0)


async def test_two_mailboxes_with_one_account_are_never_read_at_the_same_time(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, scripted):
        server.lists.clear()
        both = [await parts.add(user=OWNER), await parts.add(user=OWNER, owner="bob")]
        for mailbox in both:
            await parts.switch_on(mailbox)
        await asyncio.sleep(10 * QUICK.tick)
        assert scripted.connections == 1

        server.lists.set()
        for mailbox in both:
            await parts.until(mailbox, lambda now: now.last_success_at is not None)
