"""The queue of background sync: PgQueuer on PostgreSQL for any number of workers, or in memory for one.

The only module that knows PgQueuer. The mailbox's schedule is the truth: a job that is lost, run twice or run
late does no harm there, so neither the queue nor its log, which is short, is in the write-ahead log.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, cast

from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.model.schedule import DueSync
from mailbox_svc.ports.schedules import Handler

_log = logging.getLogger(__name__)

_ENTRYPOINT: Final = "sync"
#: A job whose worker has not been heard of for so long is run by another.
_HEARTBEAT = timedelta(seconds=30)
#: Between two looks at the queue when no notification comes.
_POLL = timedelta(seconds=2)
_BATCH: Final = 20
#: Seconds for saying good-bye to the database.
_CLOSE_TIMEOUT: Final = 2.0
_PRUNE: Final = "DELETE FROM pgqueuer_log WHERE created < now() - interval '15 minutes'"
_WAITING: Final = (
    "SELECT count(*) AS waiting FROM"
    " (SELECT FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued' LIMIT 100000) AS these"
)

#: Opens a connection of asyncpg's.
Connect = Callable[[], Awaitable[Any]]


class JobQueue:
    """Satisfies `ports.schedules.SyncQueue`."""

    def __init__(self, connect: Connect | None) -> None:
        """Without `connect` the queue is in memory."""
        self._connect = connect
        #: What the running, or next, `run` works on; None while there is no connection.
        self._pgq = None if connect else PgQueuer.in_memory()

    @property
    def _queries(self) -> Any:
        if self._pgq is None:
            raise StorageUnavailable
        return self._pgq.qm.queries

    async def enqueue(self, due: Sequence[DueSync], connection: object) -> Collection[str]:
        if not due:
            return ()
        queries: Any = Queries(AsyncpgDriver(cast("Any", connection))) if self._connect else self._queries
        ids = await queries.enqueue(
            [_ENTRYPOINT] * len(due),
            [json.dumps([one.user_id, one.mailbox_id]).encode() for one in due],
            [0] * len(due),
            dedupe_key=[one.mailbox_id for one in due],
            on_conflict="skip",
        )
        return {one.mailbox_id for one, job in zip(due, ids, strict=True) if job is None}

    async def waiting(self) -> int:
        queries = self._queries
        with _driver_errors():
            if self._connect is None:
                waiting: int = await queries.queued_work([_ENTRYPOINT])
            else:  # where PgQueuer only says whether there are any
                waiting = (await queries.driver.fetch(_WAITING, _ENTRYPOINT))[0]["waiting"]
        return waiting

    async def run(self, handler: Handler, *, most: int) -> None:
        if self._connect is None:
            assert self._pgq is not None  # noqa: S101  (there is always one)
            try:
                await _work(self._pgq, handler, most, asyncio.Event())
            finally:
                self._pgq = PgQueuer.in_memory()
            return
        with _driver_errors():
            connection = await self._connect()
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            self._pgq = PgQueuer(AsyncpgDriver(connection))
            await _work(self._pgq, handler, most, lost)
        finally:
            self._pgq = None
            with suppress(Exception):
                await connection.close(timeout=_CLOSE_TIMEOUT)

    async def prune(self) -> None:
        queries = self._queries
        with _driver_errors():
            if self._connect is None:
                await queries.clear_queue_log()
            else:
                await queries.driver.execute(_PRUNE)


async def _work(pgq: PgQueuer, handler: Handler, most: int, lost: asyncio.Event) -> None:
    """Work until cancelled or the connection is `lost`; then cancel the jobs, and wait for their ends."""
    jobs: set[asyncio.Task[Any]] = set()

    @pgq.entrypoint(_ENTRYPOINT)
    async def sync(job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (PgQueuer runs each job in one)
        jobs.add(task)
        try:
            user_id, mailbox_id = json.loads(job.payload or b"")
            await handler(user_id, mailbox_id)
        finally:
            jobs.discard(task)

    working = asyncio.create_task(
        pgq.qm.run(
            dequeue_timeout=_POLL,
            batch_size=max(1, min(_BATCH, most // 2)),
            max_concurrent_tasks=max(2, most),
            heartbeat_timeout=_HEARTBEAT,
            log_aggregation_interval=timedelta(0),
        )
    )
    losing = asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        losing.cancel()
        pgq.shutdown.set()
        # PgQueuer lets jobs end by themselves, which a harvest may take hours for.
        told: set[asyncio.Task[Any]] = set()
        while not working.done():
            for job in jobs - told:
                job.cancel()
            told |= jobs
            await asyncio.wait({working}, timeout=0.5)
    with _driver_errors():
        await working
    raise StorageUnavailable


@contextmanager
def _driver_errors() -> Iterator[None]:
    """Raise StorageUnavailable in the place of what PgQueuer or its driver raises; log the class alone."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (two foreign libraries)
        _log.warning("queue failure", extra={"error_type": type(error).__name__})
        raise StorageUnavailable from None
