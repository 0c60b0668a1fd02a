"""Claiming what is due: each mailbox once, together with its place in the queue, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import Claim, DueSync, Schedule
from mailbox_svc.queue import JobQueue
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.sync.admission import admit
from mailbox_svc.sync.limits import SyncLimits
from support.stores import PreparedDatabase, add, mailbox_of, opened

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMITS = SyncLimits(per_host=100)


@pytest.fixture
async def store(database: PreparedDatabase) -> AsyncIterator[SqlStore]:
    async with opened(database.url, pool_size=5) as ready:
        yield ready


async def scheduled(store: SqlStore, count: int = 1, *, at: datetime = NOW) -> list[Mailbox]:
    """Mailboxes of as many users, each with an account of its own, due at this time."""
    mailboxes = []
    for number in range(count):
        mailbox = mailbox_of(f"user {number}")
        mailbox = await add(store, mailbox)
        async with store.begin(mailbox.user_id) as tx:
            schedule = await tx.schedules.find(mailbox.id)
            values = {name: getattr(schedule, name) for name in Schedule.__slots__}
            due = Schedule(**values | {"enabled": True, "next_run_at": at})
            destination = mailbox.destination
            await tx.schedules.put(due, type(destination)(destination.host, 993, tls=True, user=mailbox.id))
        mailboxes.append(mailbox)
    return mailboxes


def decide(due: Sequence[DueSync], in_flight: dict[str, int]) -> list[Claim]:
    return admit(due, in_flight, LIMITS, NOW)


async def schedule_of(store: SqlStore, mailbox: Mailbox) -> Schedule:
    async with store.read(mailbox.user_id) as tx:
        return await tx.schedules.find(mailbox.id)


class Taker:
    """Takes what is enqueued."""

    def __init__(self, leaves_out: Collection[str] = ()) -> None:
        self.taken: list[str] = []
        self._leaves_out = leaves_out

    async def __call__(self, due: Sequence[DueSync], connection: object) -> Collection[str]:  # noqa: ARG002
        self.taken += [one.mailbox_id for one in due]
        return self._leaves_out


async def test_what_is_due_is_claimed_once_and_what_is_not_stays(store: SqlStore) -> None:
    (due,) = await scheduled(store)
    (later,) = await scheduled(store, at=NOW + timedelta(seconds=1))
    take = Taker()

    assert await store.dispatch_syncs(NOW, 10, decide, take) == 1
    assert await store.dispatch_syncs(NOW, 10, decide, take) == 0

    assert take.taken == [due.id]
    claimed, waiting = await schedule_of(store, due), await schedule_of(store, later)
    assert (claimed.in_flight, claimed.next_run_at) == (True, NOW + timedelta(seconds=120))
    assert (waiting.in_flight, waiting.next_run_at) == (False, NOW + timedelta(seconds=1))


async def test_the_oldest_come_first_and_no_more_than_were_asked_for(store: SqlStore) -> None:
    (second,) = await scheduled(store, at=NOW - timedelta(minutes=1))
    (first,) = await scheduled(store, at=NOW - timedelta(minutes=2))
    take = Taker()
    assert await store.dispatch_syncs(NOW, 1, decide, take) == 1
    assert await store.dispatch_syncs(NOW, 1, decide, take) == 1
    assert take.taken == [first.id, second.id]


async def test_dispatchers_at_the_same_moment_claim_each_mailbox_once(store: SqlStore) -> None:
    mailboxes = await scheduled(store, 40)
    take = Taker()
    while len(take.taken) < 40:
        await asyncio.gather(*(store.dispatch_syncs(NOW, 10, decide, take) for _ in range(4)))
    assert sorted(take.taken) == sorted(mailbox.id for mailbox in mailboxes)


async def test_when_the_queue_takes_nothing_nothing_is_claimed(store: SqlStore) -> None:
    (mailbox,) = await scheduled(store)
    before = await schedule_of(store, mailbox)

    async def fails(_due: Sequence[DueSync], _connection: object) -> Collection[str]:
        raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        await store.dispatch_syncs(NOW, 10, decide, fails)

    assert await schedule_of(store, mailbox) == before


async def test_what_the_queue_still_has_is_due_again_in_seconds(store: SqlStore) -> None:
    (mailbox,) = await scheduled(store)
    await store.dispatch_syncs(NOW, 10, decide, Taker(leaves_out={mailbox.id}))
    schedule = await schedule_of(store, mailbox)
    assert not schedule.in_flight
    assert schedule.next_run_at is not None
    assert schedule.next_run_at <= NOW + timedelta(seconds=20)


async def test_what_was_claimed_and_never_ran_is_claimed_again(store: SqlStore) -> None:
    (mailbox,) = await scheduled(store)
    take = Taker()
    await store.dispatch_syncs(NOW, 10, decide, take)
    await store.dispatch_syncs(NOW + timedelta(seconds=120), 10, decide, take)
    assert take.taken == [mailbox.id] * 2


async def test_the_decision_knows_how_many_of_each_host_are_in_flight(store: SqlStore) -> None:
    await scheduled(store, 3)
    await store.dispatch_syncs(NOW, 2, decide, Taker())
    seen = []

    def look(due: Sequence[DueSync], in_flight: dict[str, int]) -> list[Claim]:
        seen.append(in_flight)
        return decide(due, in_flight)

    await store.dispatch_syncs(NOW, 2, look, Taker())
    assert seen == [{"imap.example.org": 2}]


async def test_the_real_queue_holds_each_mailbox_once_and_only_with_its_claim(
    store: SqlStore, database: PreparedDatabase
) -> None:
    mailboxes = await scheduled(store, 3)
    queue = JobQueue(store.queue_connection)
    ran: list[tuple[str, str]] = []

    async def note(user_id: str, mailbox_id: str) -> None:
        ran.append((user_id, mailbox_id))

    if database.kind == "postgresql":

        async def then_fails(due: Sequence[DueSync], connection: object) -> Collection[str]:
            await queue.enqueue(due, connection)
            raise StorageUnavailable

        with pytest.raises(StorageUnavailable):
            await store.dispatch_syncs(NOW, 10, decide, then_fails)
    running = asyncio.create_task(queue.run(note, most=4))
    try:
        assert await store.dispatch_syncs(NOW, 10, decide, queue.enqueue) == 3
        async with asyncio.timeout(30):
            while len(ran) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert sorted(ran) == sorted((mailbox.user_id, mailbox.id) for mailbox in mailboxes)


async def test_a_queue_that_is_stopped_cancels_its_jobs_and_waits_for_them(store: SqlStore) -> None:
    await scheduled(store, 2)
    queue = JobQueue(store.queue_connection)
    begun, ended = asyncio.Semaphore(0), []

    async def hang(_user_id: str, mailbox_id: str) -> None:
        begun.release()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(mailbox_id)

    running = asyncio.create_task(queue.run(hang, most=4))
    await asyncio.sleep(0)
    await store.dispatch_syncs(NOW, 10, decide, queue.enqueue)
    async with asyncio.timeout(30):
        for _ in range(2):
            await begun.acquire()
    running.cancel()
    await asyncio.wait({running})
    assert len(ended) == 2


async def test_the_survey_tells_what_waits_and_for_how_long(store: SqlStore) -> None:
    assert (await store.sync_survey(NOW)).oldest_due_at is None
    await scheduled(store, 2, at=NOW - timedelta(minutes=3))
    await store.dispatch_syncs(NOW, 1, decide, Taker())
    survey = await store.sync_survey(NOW)
    assert (survey.due, survey.in_flight) == (1, 1)
    assert survey.oldest_due_at == NOW - timedelta(minutes=3)


async def test_what_a_queue_in_memory_took_with_it_is_due_at_once(
    store: SqlStore, database: PreparedDatabase
) -> None:
    (mailbox,) = await scheduled(store)
    await store.dispatch_syncs(NOW, 1, decide, Taker())
    await store.release_syncs(NOW)
    due = (await schedule_of(store, mailbox)).next_run_at
    # On PostgreSQL the queue outlives the process, and others may be at work on it.
    assert due == (NOW if database.kind == "sqlite" else NOW + timedelta(seconds=120))
