"""Mailboxes that are synced by processes of their own, on one PostgreSQL: what faults are done to."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from mailbox_svc.model.mailbox import Destination, Mailbox
from mailbox_svc.model.tally import COUNTS, LATEST
from mailbox_svc.vault import Keyring, Vault
from support import postgres
from support.dovecot import DovecotServer
from support.maildir import deliver
from support.stores import add, mailbox_of, opened, prepared
from support.sync_worker import Worker

PASSWORD = "CANARY-sync-world"
ACCOUNTS = [f"account-{number}@example.org" for number in range(6)]
#: Seconds between two syncs of a mailbox; the contract's least are 300.
INTERVAL = 2
#: Seconds; only reached where something is wrong.
PATIENCE = 100.0

_SUMS = ", ".join(
    [f"sum({name})" for name in COUNTS] + ["min(nullif(first_at, 0))"] + [f"max({name})" for name in LATEST]
)
_COUNTED = (
    f"SELECT a.user_id, address, {_SUMS} FROM tallies t JOIN addresses a ON a.id = address_id GROUP BY 1, 2",
    "SELECT user_id, name, sum(by_self), sum(by_user), sum(by_others) FROM address_names GROUP BY 1, 2",
    "SELECT user_id, sum(counted) FROM folders GROUP BY 1",
    "SELECT user_id, found_name, kind, skipped, score, wrote_to, received, first_at, last_at FROM contacts",
)
_letters = itertools.count(1)


@dataclass(slots=True)
class SyncWorld:
    """A database with a mailbox for each of some accounts, and the processes that were started on it."""

    name: str
    worker: Worker
    folder: Path
    processes: list[BaseProcess] = field(default_factory=list)

    def sql(self, statement: str) -> str:
        """Ask the database as its administrator, whom row-level security hides nothing from."""
        return postgres.server().sql(statement, database=self.name)

    def start(self, **changes: Any) -> BaseProcess:
        """Start one more worker with these changes, and return when it works."""
        log = self.folder / f"worker-{len(self.processes)}.log"
        log.touch()
        self.worker.log, self.worker.changes = log, changes
        process = self.worker.started()
        self.processes.append(process)
        self.until(lambda: b'"working"' in log.read_bytes() or not process.is_alive())
        assert process.is_alive(), log.read_text()
        return process

    def switch_on(self, interval: float = INTERVAL) -> None:
        """Have all mailboxes synced, from now on."""
        self.sql(
            "INSERT INTO schedules (mailbox_id, user_id, enabled, interval_seconds, host, account,"
            " next_sync_at, in_flight, run_no, starts, failures, stopped)"
            f" SELECT id, user_id, true, {interval}, host, login, now(), false, 0, 0, 0, '' FROM mailboxes"
        )

    def all_synced_since(self, moment: str) -> bool:
        """Say whether each mailbox has been synced with success, by a run that began after this."""
        late = self.sql(
            "SELECT count(*) FROM schedules WHERE last_success_at IS NULL"
            f" OR last_success_at < timestamptz '{moment}' + interval '{INTERVAL / 2} seconds'"
        )
        return late == "0"

    def now(self) -> str:
        return self.sql("SELECT clock_timestamp()")

    def until(self, holds: Callable[[], bool], *, patience: float = PATIENCE) -> float:
        """Wait until this holds; return how many seconds that took."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < patience, "it does not come about"
            time.sleep(0.1)
        return time.monotonic() - began

    def settle(self) -> None:
        """Wait until all that has come in by now has been read."""
        for _ in range(2):  # a run that is under way just now may have looked before
            now = self.now()
            self.until(lambda now=now: self.all_synced_since(now))  # type: ignore[misc]

    def counted(self) -> list[set[str]]:
        """Return all that was counted, and what became of it."""
        return [set(self.sql(statement).splitlines()) for statement in _COUNTED]

    def stop_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.join()


@contextmanager
def sync_world(
    dovecot: DovecotServer,
    folder: Path,
    *,
    port: int = 0,
    accounts: Sequence[str] = ACCOUNTS,
    password: str = PASSWORD,
) -> Iterator[SyncWorld]:
    """Make a database with a mailbox for each account; `port` is that of what stands before the server."""
    folder.mkdir(exist_ok=True)
    keyring = folder / "keyring.json"
    Keyring.generate().save(keyring)
    with asyncio.Runner() as runner:
        preparing = prepared("postgresql", folder)
        database = runner.run(preparing.__aenter__())
        try:
            port = port or dovecot.tls_port
            worker = Worker(database.url, keyring, port, dovecot.ca_file, folder / "log")
            runner.run(_add(database.url, Vault(Keyring.load(keyring)), port, accounts, password))
            world = SyncWorld(database.name, worker, folder)
            try:
                yield world
            finally:
                world.stop_all()
        finally:
            runner.run(preparing.__aexit__(None, None, None))


async def _add(url: str, vault: Vault, port: int, accounts: Sequence[str], password: str) -> list[Mailbox]:
    async with opened(url) as store:
        return [
            await add(
                store,
                mailbox_of(account, destination=Destination("localhost", port, tls=True, user=account)),
                vault,
                password,
            )
            for account in accounts
        ]


def write_to(dovecot: DovecotServer, account: str) -> None:
    """Have one more letter come in, from one of a few people."""
    number = next(_letters)
    deliver(
        dovecot.maildir(account),
        f"From: Person {number % 5} <person-{number % 5}@example.com>\r\nTo: {account}, Other {number % 3}"
        f" <other-{number % 3}@example.com>\r\nDate: Mon, 1 Jun 2026 10:{number % 60:02}:00 +0000\r\n"
        f"Message-ID: <{number}@sync.example>\r\nSubject: x\r\n\r\nbody\r\n".encode(),
    )
