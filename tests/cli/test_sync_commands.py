"""`mailbox-svc sync`, `queue status` and `worker` as people run them, beside a real service and mailbox."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailboxes import ScheduleState
from support.alice import World, alice_world
from support.command import Settings, mailbox_svc, serving


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with alice_world(tmp_path_factory.mktemp("alice")) as running:
        yield running


def until_synced(world: World) -> None:
    """Wait for the first run's end."""
    end = time.monotonic() + 60
    with world.client() as client:
        while not client.list_schedules()[0].HasField("last_success_at"):
            assert time.monotonic() < end, client.list_schedules()
            time.sleep(0.1)


def test_a_mailbox_is_synced_by_itself_shown_and_let_alone_again(world: World) -> None:
    assert world.run("sync", "history", "Alice").stderr == "There is none.\n"
    on = world.run("sync", "on", "Alice", "--every", "2h", "--policy", "everyone")
    assert (on.returncode, on.stdout) == (0, "Alice is synced every 2 h 0 min.\n")
    until_synced(world)

    listed = world.run("sync", "list").stdout
    assert re.search(r"^Alice +waiting +2 h 0 min +20\d\d-\S+ \S+Z +20\d\d-\S+ \S+Z *$", listed, re.MULTILINE)
    (schedule,) = map(json.loads, world.run("sync", "list", "--json").stdout.splitlines())
    assert (schedule["state"], schedule["policy"]) == ("SCHEDULE_STATE_WAITING", "CONTACT_POLICY_EVERYONE")
    history = world.run("sync", "history", "Alice").stdout
    assert re.search(r"^1 .* news +3\d\d +\d+ *$", history, re.MULTILINE)
    (run,) = map(json.loads, world.run("sync", "history", "Alice", "--json").stdout.splitlines())
    assert run["outcome"] == "SYNC_OUTCOME_NEWS"

    off = world.run("sync", "off", "Alice")
    assert (off.returncode, off.stdout) == (0, "Alice is not synced any more.\n")
    with world.client() as client:
        assert client.list_schedules()[0].state == ScheduleState.SCHEDULE_STATE_OFF


@pytest.mark.parametrize("every", ["often", "15", "5 m", "-5m"])
def test_an_interval_that_is_none_is_refused_in_one_sentence(world: World, every: str) -> None:
    done = world.run("sync", "on", "Alice", "--every", every)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "mailbox-svc: Say how often as 5m, 2h or 1d.\n"


def test_an_interval_that_the_service_does_not_take_says_why(world: World) -> None:
    done = world.run("sync", "on", "Alice", "--every", "1m")
    assert done.returncode == 1
    assert "5 minutes to 7 days" in done.stderr


def test_the_operator_sees_how_background_sync_stands(world: World) -> None:
    settings: Settings = {
        "MAILBOX_DATABASE_URL": f"sqlite:///{world.data_dir}/mailbox.sqlite3",
    }
    told = mailbox_svc("queue", "status", settings=settings)
    assert told.returncode == 0
    assert [line.split()[0] for line in told.stdout.splitlines()] == [
        "due", "in", "lag", "stopped", "quarantined",
    ]  # fmt: skip
    facts = json.loads(mailbox_svc("queue", "status", "--json", settings=settings).stdout)
    assert facts == {"due": 0, "in_flight": 0, "lag_seconds": 0, "stopped": 0, "quarantined": 0}


def test_a_service_without_its_worker_leaves_the_work_to_one_beside_it(world: World, tmp_path: Path) -> None:
    """On SQLite for want of anything else here; the file is shared as PostgreSQL is."""
    data = {
        "MAILBOX_TLS_CA_FILE": world.settings["MAILBOX_TLS_CA_FILE"],
        "MAILBOX_EMBEDDED_WORKER": "false",
        "MAILBOX_GRPC_ADDR": "127.0.0.1:0",
    }
    with serving("--dev", cwd=tmp_path, settings=data) as service:
        token, port = service.find(r"TOKEN=(\S+)"), service.find(r"serving on 127\.0\.0\.1:(\d+)")
        here = World(service, data, tmp_path / "mailbox-data", f"127.0.0.1:{port}", token, world.imap_port)
        here.save("Alice", world.imap_port)
        with here.client() as client:
            (mailbox,) = client.list()
            client.set_schedule(mailbox.id)
            time.sleep(4)  # longer than until the first run is due
            assert client.list_schedules()[0].state == ScheduleState.SCHEDULE_STATE_WAITING
        worker: Settings = {
            "MAILBOX_DATABASE_URL": f"sqlite:///{here.data_dir}/mailbox.sqlite3",
            "MAILBOX_KEYRING_FILE": here.data_dir / "keyring.json",
            "MAILBOX_TLS_CA_FILE": world.settings["MAILBOX_TLS_CA_FILE"],
            "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
            "MAILBOX_EGRESS_PORTS": str(world.imap_port),
        }
        with serving(cwd=tmp_path, settings=worker, command="worker"):
            until_synced(here)
