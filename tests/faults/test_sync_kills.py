"""Workers of background sync that are killed, cut off, stopped or wrong about the time: nothing is lost.

And nothing is counted twice: in the end the database holds what one undisturbed worker counts.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from support import postgres
from support.dovecot import DovecotServer, running_dovecot
from support.sync_world import ACCOUNTS, PASSWORD, SyncWorld, sync_world, write_to


@pytest.fixture(scope="module")
def dovecot() -> Iterator[DovecotServer]:
    with running_dovecot(dict.fromkeys(ACCOUNTS, PASSWORD), trustme.CA()) as server:
        for account in ACCOUNTS:
            for _ in range(20):
                write_to(server, account)
        yield server


@pytest.fixture
def world(dovecot: DovecotServer, tmp_path: Path) -> Iterator[SyncWorld]:
    with sync_world(dovecot, tmp_path / "disturbed") as ready:
        yield ready


@contextmanager
def mail_coming_in(dovecot: DovecotServer) -> Iterator[None]:
    """Letters to everybody, all the time."""
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.1):
            write_to(dovecot, random.choice(ACCOUNTS))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def undisturbed(dovecot: DovecotServer, folder: Path) -> list[set[str]]:
    """What one worker counts that nothing happens to."""
    with sync_world(dovecot, folder) as world:
        world.start()
        world.switch_on()
        world.settle()
        return world.counted()


@pytest.mark.timeout(3600)
def test_kill_9_of_workers_under_load_loses_nothing_and_counts_nothing_twice(
    dovecot: DovecotServer,
    world: SyncWorld,
    tmp_path: Path,
    kills: int,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(kills)
    workers = [world.start() for _ in range(3)]
    world.switch_on()
    with mail_coming_in(dovecot):
        for _ in range(kills):
            time.sleep(chance.uniform(0, 1.5))
            victim = workers.pop(chance.randrange(len(workers)))
            victim.kill()
            victim.join()
            workers.append(world.start())
        now = world.now()
    record_property("all_synced_again_after", world.until(lambda: world.all_synced_since(now)))
    world.settle()
    assert world.sql("SELECT count(*) FROM schedules WHERE stopped <> ''") == "0"
    assert world.counted() == undisturbed(dovecot, tmp_path / "undisturbed")


def test_connections_that_the_database_ends_and_its_restart_lose_nothing(
    dovecot: DovecotServer, world: SyncWorld, tmp_path: Path, kills: int
) -> None:
    for _ in range(2):
        world.start()
    world.switch_on()
    with mail_coming_in(dovecot):
        for _ in range(max(3, kills // 4)):
            time.sleep(1.5)
            postgres.server().sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{world.name}' AND usename = '{postgres.APP}'"
            )
        time.sleep(1)
        postgres.server().stop()
        time.sleep(1)
        postgres.server().start()
    world.settle()
    assert all(process.is_alive() for process in world.processes)
    assert world.counted() == undisturbed(dovecot, tmp_path / "undisturbed")


def test_a_worker_whose_clock_is_ten_minutes_ahead_syncs_no_earlier_than_others(
    dovecot: DovecotServer, world: SyncWorld
) -> None:
    world.start(ahead=600)
    world.start()
    world.switch_on()
    with mail_coming_in(dovecot):
        time.sleep(4)
    world.settle()
    often, far = world.sql(
        "SELECT max(run_no), count(*) FILTER (WHERE abs(extract(epoch FROM next_sync_at - now())) > 60"
        " OR last_run_at > clock_timestamp()) FROM schedules"
    ).split("|")
    assert far == "0"
    assert int(often) < 60  # it would be due again at once, hundreds of times


def test_a_mailbox_that_ends_its_worker_five_times_is_left_alone_while_others_go_on(
    world: SyncWorld, tmp_path: Path
) -> None:
    deadly = ACCOUNTS[0]
    log = tmp_path / "supervised.log"
    over = threading.Event()

    def supervise() -> None:
        """Start it again whenever it has ended, as an operator's supervisor does."""
        world.worker.log, world.worker.changes = log, {"deadly": deadly, "heartbeat": 1, "lost_after": 3}
        while not over.is_set():
            process = world.worker.started()
            world.processes.append(process)
            while process.is_alive() and not over.wait(0.05):
                pass

    world.switch_on()
    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        world.until(lambda: world.sql("SELECT count(*) FROM schedules WHERE stopped <> ''") != "0")
        now = world.now()
        others = f"SELECT count(*) FROM schedules WHERE last_success_at < '{now}' AND stopped = ''"
        world.until(lambda: world.sql(others) == "0")
    finally:
        over.set()
        supervisor.join()
    stopped = world.sql("SELECT user_id, stopped, last_failure FROM schedules WHERE stopped <> ''")
    assert stopped.startswith(f"{deadly}|quarantined|")
    assert "left alone" in stopped
    killed = [process for process in world.processes if process.exitcode == -signal.SIGKILL]
    assert len(killed) == 5
    assert world.sql("SELECT outcome FROM sync_runs WHERE outcome = 'QUARANTINED'") == "QUARANTINED"
