"""Real mailboxes on a real server, synced in turn by one worker, by two, and by one that does without TLS."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from rich.console import Console

from harvest.measured import peak, reset_peak
from support import certs
from support.processes import new_folder
from sync.mail_server import MailServer, running_mail_server
from sync.workers import Bench, Round, running_workers
from sync.world import World, running_world

ONE, PLAIN, NEWS, TWO = (
    "nothing new",
    "nothing new, without TLS",
    "1 % with new mail",
    "nothing new, 2 workers",
)
_PLAIN = (sys.executable, "-m", "harvest.variant", "plain")
#: Seconds that a slow server takes for each answer, and how many syncs a worker may have there.
_DELAY, _SYNCS = 0.4, 24


@dataclass(slots=True)
class Rounds:
    """What each round took, by what was done."""

    of: dict[str, list[Round]] = field(default_factory=dict)

    def add(self, what: str, measured: Round) -> None:
        self.of.setdefault(what, []).append(measured)


def near(mailboxes: int, rounds: int) -> Rounds:
    """Sync so many mailboxes on a Dovecot beside us."""
    found = Rounds()
    with running_mail_server(mailboxes) as mail:
        with running_world() as world:
            world.add_mailboxes(mail.users, mail.dovecot.tls_port)
            for number, what in ((1, ONE), (2, TWO)):
                _measure(world, mail, found, number, what, rounds)
        with running_world() as world:
            world.add_mailboxes(mail.users, mail.dovecot.starttls_port)
            _measure(world, mail, found, 1, PLAIN, rounds, program=_PLAIN)
    return found


def _measure(
    world: World,
    mail: MailServer,
    found: Rounds,
    workers: int,
    what: str,
    rounds: int,
    program: Sequence[str] = (),
) -> None:
    dovecot = mail.dovecot
    ports = [dovecot.tls_port, dovecot.starttls_port]
    _say(f"{what} …")
    with running_workers(world, workers, dovecot.ca_file, ports, program=program) as pids, world.sql() as sql:
        bench = Bench(world, pids, mail.pid, dovecot.log)
        if sql.value("SELECT count(last_run_at) = 0 FROM schedules"):
            bench.run_all(sql)  # reads everything
        bench.run_all(sql)
        for _ in range(rounds):
            found.add(what, bench.run_all(sql))
            if what == ONE:
                mail.deliver(0.01)
                found.add(NEWS, bench.run_all(sql))


def far(mailboxes: int) -> dict[int, Round]:
    """Sync mailboxes on a server that takes its time, by one worker and by two."""
    found = {}
    with _slow_server(_DELAY, 0) as (port, ca_file, pid, _), _quiet_world(mailboxes, port) as world:
        for number in (1, 2):
            _say(f"a slow server, workers: {number} …")
            with (
                running_workers(world, number, ca_file, [port], syncs=_SYNCS) as pids,
                world.sql() as sql,
            ):
                found[number] = Bench(world, pids, pid, None).run_all(sql)
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """Syncs that were held by slow servers."""

    wanted: int
    at_once: int
    #: Bytes of the worker above idle, for each.
    memory: float


def held(syncs: int) -> Held:
    """Have one worker hold so many syncs, which all wait for the same answer."""
    _say(f"{syncs} syncs at once …")
    with (
        _slow_server(0.0, syncs) as (port, ca_file, pid, server),
        _quiet_world(syncs, port) as world,
        running_workers(world, 1, ca_file, [port], syncs=syncs) as pids,
        world.sql() as sql,
    ):
        idle = reset_peak(pids[0])
        Bench(world, pids, pid, None).run_all(sql)
        above = peak(pids[0]) - idle
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write("?\n")
        server.stdin.flush()
        at_once = int(server.stdout.readline())
        return Held(syncs, at_once, above / at_once)


@contextmanager
def _quiet_world(mailboxes: int, port: int) -> Iterator[World]:
    """Mailboxes of which everything is known already that the slow server tells."""
    with running_world() as world:
        world.add_mailboxes([f"user{number}@example.test" for number in range(mailboxes)], port)
        with world.sql() as sql:
            sql.rows(
                "INSERT INTO folders (user_id, mailbox_id, raw_name, uidvalidity, last_uid, counted,"
                " duplicates) SELECT user_id, id, 'INBOX', 7, 0, 0, 0 FROM mailboxes"
            )
        yield world


@contextmanager
def _slow_server(delay: float, gather: int) -> Iterator[tuple[int, Path, int, subprocess.Popen[str]]]:
    folder = new_folder("bench-slow-server")
    files = certs.issue(trustme.CA(), folder)
    with subprocess.Popen(
        [sys.executable, "-m", "sync.slow_server", str(folder), str(delay), str(gather)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), files.ca, process.pid, process
        finally:
            process.terminate()


def _say(words: str) -> None:
    Console(stderr=True).print(words)
