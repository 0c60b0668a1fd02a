"""A worker that is paused, stopped or loses its mailbox in the middle of a run that a gate holds.

Others go on, and what it knows by then is not written any more.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from mailbox_svc.model.mailbox import Destination, Mailbox
from mailbox_svc.vault import Keyring, Vault
from support.dovecot import DovecotServer
from support.gate import Gate, gate_before
from support.harvest_parts import Counted, counted
from support.letters import OWNER, PASSWORD
from support.stores import add, mailbox_of, migrated_file, opened
from support.sync_parts import sync_parts
from support.sync_worker import Worker
from support.sync_world import PATIENCE, SyncWorld, sync_world

#: Bytes after which a run is in its TLS handshake, and a harvest in its second folder or third.
AT_ONCE, MIDWAY = 0, 45_000
#: Seconds; no second run comes by itself.
SELDOM = 3600


@pytest.fixture
def gate(mailbox: DovecotServer) -> Iterator[Gate]:
    with gate_before(mailbox.tls_port) as ready:
        yield ready


@pytest.fixture
def world(mailbox: DovecotServer, gate: Gate, tmp_path: Path) -> Iterator[SyncWorld]:
    """One mailbox full of letters, behind the gate."""
    with sync_world(
        mailbox, tmp_path / "world", port=gate.port, accounts=[OWNER], password=PASSWORD
    ) as ready:
        yield ready


def run_no(world: SyncWorld) -> int:
    return int(world.sql("SELECT run_no FROM schedules"))


def read_once(world: SyncWorld) -> None:
    """Have everything read, by a worker that is gone then."""
    worker = world.start()
    world.switch_on(SELDOM)
    world.until(lambda: world.sql("SELECT count(last_success_at) FROM schedules") == "1")
    end(worker)


def end(worker: BaseProcess) -> None:
    worker.terminate()
    worker.join(PATIENCE)
    assert worker.exitcode == 0


def due_now(world: SyncWorld) -> None:
    world.sql("UPDATE schedules SET next_sync_at = now()")


def hold_a_quiet_run(world: SyncWorld, gate: Gate) -> None:
    gate.hold_next(AT_ONCE)
    due_now(world)
    world.until(gate.holds.is_set)


def signalled(worker: BaseProcess, number: int) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, number)


def test_a_worker_paused_in_a_harvest_that_another_has_ended_commits_nothing_when_it_wakes(
    world: SyncWorld, gate: Gate, mailbox: DovecotServer, tmp_path: Path
) -> None:
    paused = world.start()
    gate.hold_next(MIDWAY)
    world.switch_on(SELDOM)
    world.until(lambda: gate.holds.is_set() and world.sql("SELECT sum(counted) > 0 FROM folders") == "t")
    signalled(paused, signal.SIGSTOP)
    half = int(world.sql("SELECT sum(counted) FROM folders"))
    world.start()
    world.until(lambda: world.sql("SELECT count(last_success_at) FROM schedules") == "1")
    tallies = world.counted()
    schedule = world.sql("SELECT * FROM schedules")

    gate.open()
    signalled(paused, signal.SIGCONT)
    end(paused)  # which waits for its run

    assert 0 < half < 230
    assert world.counted() == tallies
    assert world.sql("SELECT * FROM schedules") == schedule
    with sync_world(mailbox, tmp_path / "quiet", accounts=[OWNER], password=PASSWORD) as quiet:
        read_once(quiet)
        assert quiet.counted() == tallies


def test_a_worker_paused_in_a_quiet_run_that_another_has_ended_stores_nothing_when_it_wakes(
    world: SyncWorld, gate: Gate
) -> None:
    read_once(world)
    paused = world.start()
    hold_a_quiet_run(world, gate)
    begun = run_no(world)
    signalled(paused, signal.SIGSTOP)
    world.start()
    world.until(
        lambda: world.sql(f"SELECT count(*) FROM schedules WHERE NOT in_flight AND run_no > {begun}") == "1"
    )
    schedule = world.sql("SELECT * FROM schedules")

    gate.open()
    signalled(paused, signal.SIGCONT)
    end(paused)

    assert world.sql("SELECT * FROM schedules") == schedule
    assert run_no(world) == begun + 1


def test_a_worker_that_is_told_to_stop_gives_its_runs_back_and_that_is_no_crash(
    world: SyncWorld, gate: Gate
) -> None:
    read_once(world)
    stopped = world.start()
    hold_a_quiet_run(world, gate)
    assert world.sql("SELECT in_flight, starts FROM schedules") == "t|1"

    end(stopped)

    assert world.sql("SELECT in_flight, starts, next_sync_at <= now() FROM schedules") == "f|0|t"
    assert world.sql("SELECT count(*) FROM pgqueuer") == "0"
    begun = run_no(world)
    world.start()
    world.until(
        lambda: world.sql(f"SELECT count(*) FROM schedules WHERE NOT in_flight AND run_no > {begun}") == "1"
    )


@pytest.mark.parametrize("when", [AT_ONCE, MIDWAY])
def test_a_mailbox_that_is_deleted_during_its_run_leaves_nothing_behind(
    world: SyncWorld, gate: Gate, when: int
) -> None:
    world.start()
    gate.hold_next(when)
    world.switch_on(SELDOM)
    world.until(gate.holds.is_set)
    asyncio.run(_deleted(world))

    gate.open()

    tables = world.sql(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'user_id' AND table_schema = 'public'"
    ).splitlines()
    assert "tallies" in tables
    tables.remove("contact_versions")  # how often the user's contacts have changed
    # On a busy machine the job may be given to somebody else, and be gone before the run has seen its loss.
    world.until(lambda: not left(world, [*tables, "pgqueuer"]))


def left(world: SyncWorld, tables: Sequence[str]) -> dict[str, str]:
    """Return the tables that hold rows, and how many."""
    counts = {table: world.sql(f"SELECT count(*) FROM {table}") for table in tables}
    return {table: rows for table, rows in counts.items() if rows != "0"}


async def _deleted(world: SyncWorld) -> None:
    """Delete the mailbox as its user does."""
    worker = world.worker
    keyring = Keyring.load(worker.keyring)
    async with sync_parts(worker.url, worker.port, worker.ca_file, keyring=keyring) as parts:
        (mailbox,) = await parts.store.list_mailboxes(OWNER)
        await parts.mailboxes.delete(OWNER, mailbox.id)


def test_serve_on_sqlite_that_was_killed_in_a_run_goes_on_when_it_is_started_again(
    mailbox: DovecotServer, gate: Gate, undisturbed: Counted, tmp_path: Path
) -> None:
    database, secret = tmp_path / "mailboxes.sqlite3", tmp_path / "jwt-secret"
    secret.write_text("CANARY-" + "x" * 40)
    keyring = tmp_path / "keyring.json"
    Keyring.generate().save(keyring)
    worker = Worker(f"sqlite:///{database}", keyring, gate.port, mailbox.ca_file, tmp_path / "log")
    asyncio.run(_scheduled(database, Vault(Keyring.load(keyring)), gate.port))
    settings = {"MAILBOX_JWT_SECRET_FILE": secret, "MAILBOX_GRPC_ADDR": "127.0.0.1:0"}
    gate.hold_next(MIDWAY)
    killed = worker.started("serve", **settings)
    try:
        assert gate.holds.wait(PATIENCE)
        killed.kill()
        killed.join()
        assert not _is_read(database)
        gate.open()
        again = worker.started("serve", **settings)
        try:
            SyncWorld("", worker, tmp_path).until(lambda: _is_read(database))
        finally:
            end(again)
    finally:
        killed.kill()
        killed.join()
    assert counted(database) == undisturbed


async def _scheduled(database: Path, vault: Vault, port: int) -> Mailbox:
    async with opened(await migrated_file(database)) as store:
        destination = Destination("localhost", port, tls=True, user=OWNER)
        mailbox = await add(store, mailbox_of("ann", destination=destination), vault, PASSWORD)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO schedules (mailbox_id, user_id, enabled, interval_seconds, host, account,"
            " next_sync_at, in_flight, run_no, starts, failures, stopped) VALUES"
            " (?, 'ann', true, 3600, 'h', 'a', '2026-01-01T00:00:00.000000+00:00', false, 0, 0, 0, '')",
            [mailbox.id],
        )
    return mailbox


def _is_read(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        ((read,),) = connection.execute("SELECT count(last_success_at) FROM schedules")
    return bool(read)
