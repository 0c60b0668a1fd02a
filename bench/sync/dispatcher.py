"""The dispatcher and the queue with a million schedules: how fast, what it costs the database, what grows.

All schedules are due, as after an outage. First one process claims a thousand at a time; then workers do all
of background sync but the mail (`paper_worker.py`).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from mailbox_svc.ports.schedules import Admit
from mailbox_svc.queue import JobQueue
from mailbox_svc.sync.admission import admit
from mailbox_svc.sync.limits import SyncLimits
from support.pgbouncer import running_pgbouncer
from support.stores import opened
from sync.workers import cpu_of, postmaster
from sync.world import Sql, World, running_world

CLAIM = 1000
_NO_LIMITS = SyncLimits(per_host=10**9)
# Without foreign keys being looked up, which would be most of the time.
_FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
INSERT INTO mailboxes (id, user_id, label, host, port, tls, login, auth, status, last_error, etag,
    secret_version, created_at, updated_at)
    SELECT md5('m' || n)::uuid::text, 'user-' || n, 'Work', 'imap' || n % 20000 || '.example.org', 993, true,
        n || '@example.org', 'password', 'ok', '', 'e', 1, now(), now()
    FROM generate_series(1, {rows}) n;
INSERT INTO schedules (mailbox_id, user_id, enabled, interval_seconds, host, account, next_sync_at, in_flight,
    run_no, starts, failures, stopped)
    SELECT id, user_id, true, 900, host, md5(login), now() - interval '900 s' * random(), false, 0, 0, 0, ''
    FROM mailboxes;
VACUUM ANALYZE
"""
_TABLES = ("schedules", "pgqueuer", "pgqueuer_log")


@dataclass(frozen=True, slots=True)
class Claims:
    """Seconds of each claim of a thousand, in order, and how often the table was read from end to end."""

    seconds: list[float]
    seq_scans: int


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything but the mail, for a while."""

    workers: int
    syncs: int
    seconds: float
    #: Seconds of CPU.
    worker_cpu: float
    database_cpu: float
    wal_bytes: float
    #: The share of updates of schedules that wrote no index.
    hot: float
    seq_scans: int
    depth: int
    #: Bytes before and after, with indexes, by table.
    sizes: dict[str, tuple[int, int]]


def measure(
    rows: int, claims: int, workers: int, seconds: float, *, warm_up: float, pooler: bool
) -> tuple[Claims, Whole]:
    """Measure with so many schedules, for `seconds` after `warm_up` of them; workers may have a `pooler`."""
    with running_world() as world, world.sql() as sql:
        _say(f"making {rows:,} schedules …")
        for statement in _FILL.split(";"):
            sql.rows(statement.format(rows=rows))
        _say("claiming …")
        before = _scans(sql)
        claimed = Claims(sorted(asyncio.run(_claim(world, claims))), _scans(sql) - before)
        sql.rows("TRUNCATE pgqueuer, pgqueuer_log")
        sql.rows("UPDATE schedules SET in_flight = false, next_sync_at = now() WHERE in_flight")
        sql.rows("VACUUM ANALYZE schedules")
        sql.rows("CHECKPOINT")
        _say("syncing …")
        with _paper_workers(world, workers, warm_up, pooler=pooler) as pids:
            return claimed, _whole(world, sql, pids, seconds)


async def _claim(world: World, times: int) -> list[float]:
    async with opened(world.url) as store:
        queue = JobQueue(store.queue_connection)
        taken = []
        for _ in range(times):
            now = await store.now()
            began = time.perf_counter()
            found = await store.dispatch_syncs(now, CLAIM, _admitting(now), queue.enqueue)
            taken.append(time.perf_counter() - began)
            assert found == CLAIM
        return taken


def _admitting(now: datetime) -> Admit:
    return lambda due, in_flight: admit(due, in_flight, _NO_LIMITS, now)


@contextmanager
def _paper_workers(world: World, number: int, warm_up: float, *, pooler: bool) -> Iterator[list[int]]:
    with ExitStack() as stack:
        url, direct_url = world.url, []
        if pooler:
            through = running_pgbouncer(world.server, world.name, connections=20)
            url, direct_url = stack.enter_context(through), [world.url]
        command = [sys.executable, "-m", "sync.paper_worker", url, str(world.keyring), *direct_url]
        yield stack.enter_context(_started(command, number, warm_up))


@contextmanager
def _started(command: list[str], number: int, warm_up: float) -> Iterator[list[int]]:
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) for _ in range(number)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        time.sleep(warm_up)
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.communicate()


def _whole(world: World, sql: Sql, pids: list[int], seconds: float) -> Whole:
    def state() -> tuple[float, ...]:
        syncs = float(sql.value("SELECT sum(run_no) FROM schedules"))
        wal = float(sql.value("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))
        cpu = sum(map(cpu_of, pids)), cpu_of(postmaster(world.server))
        return time.monotonic(), syncs, wal, *cpu

    sizes = {table: _size(sql, table) for table in _TABLES}
    scans, updates, hot = _scans(sql), *_updates(sql)
    began = state()
    time.sleep(seconds)
    took, syncs, wal, worker_cpu, database_cpu = (
        after - before for after, before in zip(state(), began, strict=True)
    )
    time.sleep(1.5)  # for statistics to be written
    updates_now, hot_now = _updates(sql)
    return Whole(
        workers=len(pids),
        syncs=int(syncs),
        seconds=took,
        worker_cpu=worker_cpu,
        database_cpu=database_cpu,
        wal_bytes=wal,
        hot=(hot_now - hot) / (updates_now - updates),
        # `state` reads it from end to end, twice.
        seq_scans=_scans(sql) - scans - 2,
        depth=sql.value("SELECT count(*) FROM pgqueuer"),
        sizes={table: (sizes[table], _size(sql, table)) for table in _TABLES},
    )


def _size(sql: Sql, table: str) -> int:
    return int(sql.value(f"SELECT pg_total_relation_size('{table}')"))


def _scans(sql: Sql) -> int:
    time.sleep(1.5)
    return int(sql.value("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'schedules'"))


def _updates(sql: Sql) -> tuple[int, int]:
    return tuple(
        sql.rows("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'schedules'")[0]
    )


def _say(words: str) -> None:
    Console(stderr=True).print(words)
