"""`mailbox-svc harvest` as its users run it: beside a service, with a mailbox on a real IMAP server."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailboxes import ContactKind, ContactReasonCode, HarvestState
from support.alice import USER, World, alice_world
from support.command import BIN, environment, serving

#: The line that a harvest begins with where there is no terminal.
BEGINNING = {"waiting\n", "connecting\n"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with alice_world(tmp_path_factory.mktemp("alice")) as running:
        yield running


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that accepts and never says a word: a harvest of it goes on until somebody stops it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def start(world: World, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / "mailbox-svc", *arguments, "--dev", "--data-dir", world.data_dir],
        env=environment(world.settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_harvest_ends_with_what_it_found_and_the_next_one_reads_only_what_is_new(world: World) -> None:
    first = world.run("harvest", "alice")
    assert first.returncode == 0
    assert first.stderr in BEGINNING  # a short one has no other
    assert re.search(
        r"^messages  3\d\d read in \d+\.\d s, \d+ of them had been counted before$",
        first.stdout,
        re.MULTILINE,
    )
    assert re.search(r"^contacts  [3-9]\d$", first.stdout, re.MULTILINE)
    assert re.search(r"^left out  \d+ automated, \d list, \d never exchanged", first.stdout, re.MULTILINE)
    second = world.run("harvest", USER)
    assert second.returncode == 0
    assert second.stdout.startswith("messages  none that is new\n")
    assert second.stdout.splitlines()[1:] == first.stdout.splitlines()[1:]


def test_the_sample_mailbox_shows_every_kind_and_all_that_a_harvest_tells_them_by(world: World) -> None:
    with world.client() as client:
        found = [*client.list_contacts(), *client.list_skipped()]
    assert {ContactKind.Name(one.kind) for one in found} == set(ContactKind.keys()[1:])
    # What the user typed is not in mail, and the user's own addresses were known before they were seen.
    elsewhere = {"CONTACT_REASON_CODE_TYPED", "CONTACT_REASON_CODE_OWN_ADDRESS"}
    reasons = {ContactReasonCode.Name(one.reason.code) for one in found}
    assert reasons == set(ContactReasonCode.keys()[1:]) - elsewhere


def test_a_policy_is_kept_for_the_mailbox(world: World) -> None:
    corresponded = world.run("harvest", "alice", "--policy", "corresponded").stdout
    narrow = world.run("harvest", "alice", "--policy", "wrote-to")
    assert "never wrote to" not in corresponded
    assert re.search(r"\d+ never wrote to", narrow.stdout)
    assert world.run("harvest", "alice").stdout == narrow.stdout
    assert world.run("harvest", "alice", "--policy", "corresponded").stdout == corresponded


def test_an_unknown_or_ambiguous_mailbox_is_answered_with_those_there_are(world: World) -> None:
    unknown = world.run("harvest", "bob")
    assert unknown.returncode == 1
    assert re.fullmatch(
        r"mailbox-svc: There is no mailbox 'bob'; there are: .*Alice \(.{36}\).*\.\n", unknown.stderr
    )
    ids = [world.save("Twice", 1, user=user) for user in ("one@example.test", "two@example.test")]
    ambiguous = world.run("harvest", "twice")
    assert ambiguous.returncode == 1
    assert all(one in ambiguous.stderr for one in ids)
    assert world.run("harvest", ids[0]).returncode == 1  # nobody listens there
    with world.client() as client:
        for one in ids:
            client.delete(one)


def test_a_failed_harvest_says_why_and_what_to_do(world: World) -> None:
    wrong = world.save("Wrong", world.imap_port, password="CANARY-other")
    done = world.run("harvest", "Wrong")
    assert (done.returncode, done.stdout) == (1, "")
    _, error, remedy, kept = done.stderr.splitlines()
    assert error.startswith("mailbox-svc: Invalid credentials")
    assert remedy
    assert kept.startswith("What was read so far is kept")
    assert "CANARY" not in done.stderr
    with world.client() as client:
        client.delete(wrong)


def test_interrupting_it_leaves_the_harvest_running_and_cancel_stops_it(world: World) -> None:
    with silent_server() as port:
        mailbox = world.save("Silent", port)
        watching = start(world, "harvest", "Silent")
        assert watching.stderr is not None
        assert watching.stderr.readline() in BEGINNING
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=60)
        assert watching.returncode == 130
        assert "The harvest goes on" in errors
        with world.client() as client:
            assert client.latest_harvest(mailbox).state == HarvestState.HARVEST_STATE_RUNNING

        other = start(world, "harvest", "Silent")
        assert other.stderr is not None
        assert other.stderr.readline() in BEGINNING
        cancelled = world.run("harvest", "Silent", "--cancel")
        assert cancelled.returncode == 0
        assert cancelled.stdout.startswith("Cancelled.")
        _, errors = other.communicate(timeout=60)
        assert (other.returncode, errors) == (
            1,
            "mailbox-svc: The harvest was cancelled. What was read so far is kept.\n",
        )
        again = world.run("harvest", "Silent", "--cancel")
        assert (again.returncode, again.stderr) == (
            1,
            "mailbox-svc: No harvest of this mailbox is under way.\n",
        )
        with world.client() as client:
            client.delete(mailbox)


def test_the_line_that_serve_prints_finds_the_service(tmp_path: Path) -> None:
    settings = {"MAILBOX_GRPC_ADDR": "127.0.0.1:0"}
    with serving("--dev", "--data-dir", "my data", cwd=tmp_path, settings=settings) as running:
        line = running.find(r"(\S+ harvest LABEL .*)\n")
        done = subprocess.run(
            ["bash", "-c", line],
            env=environment({}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr == "mailbox-svc: There is no mailbox 'LABEL'; none is saved.\n"


def test_a_terminal_gets_a_bar_that_ends_full(world: World) -> None:
    fresh = world.save("Bar", world.imap_port)  # of which nothing was read before
    screen, code = world.on_a_terminal("harvest", "Bar")
    assert code == 0
    assert re.search(r"done ━+ (3\d\d)/\1 messages, \d\d found", screen)
    with world.client() as client:
        client.delete(fresh)
