"""The real parts around the workers that are measured: a PostgreSQL that keeps what it is told; mailboxes.

All mailboxes lie on one server, so nothing but the limits of the machine holds the workers back.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from mailbox_svc.model.mailbox import Destination, Status
from mailbox_svc.model.schedule import Schedule
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.vault import Keyring, Vault
from support import postgres
from support.processes import new_folder
from support.stores import add, mailbox_of, opened

PASSWORD = "CANARY-bench-sync"
#: As an operator would have it: nothing acknowledged is lost, and what statements cost is counted.
_OPTIONS = (
    "-c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB"
    " -c shared_preload_libraries=pg_stat_statements -c autovacuum_naptime=15s"
)
_FAR_OFF = datetime(2100, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)
#: Migrated once; every world is a copy of it.
_TEMPLATE = "bench_template"


class Sql:
    """One connection to a database, for looking at it from outside of any event loop."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(asyncpg.connect(url))

    def rows(self, statement: str, *values: object) -> list[Any]:
        found: list[Any] = self._runner.run(self._connection.fetch(statement, *values))
        return found

    def value(self, statement: str, *values: object) -> Any:
        return self.rows(statement, *values)[0][0]

    def close(self) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


@dataclass(frozen=True, slots=True)
class World:
    """A migrated database, and the keys of its secrets."""

    server: postgres.PostgresServer
    name: str
    keyring: Path

    @property
    def url(self) -> str:
        return self.server.url(postgres.APP, self.name)

    @contextmanager
    def sql(self, role: str = postgres.ADMIN) -> Iterator[Sql]:
        connection = Sql(self.server.url(role, self.name))
        try:
            yield connection
        finally:
            connection.close()

    def add_mailboxes(self, users: Sequence[str], port: int) -> None:
        """Add a mailbox for each of these accounts of a server on loopback; its schedule is far off."""
        asyncio.run(self._add(users, port))

    async def _add(self, users: Sequence[str], port: int) -> None:
        vault = Vault(Keyring.load(self.keyring))
        async with opened(self.url) as store:
            for user in users:
                destination = Destination("127.0.0.1", port, tls=True, user=user)
                # Of another day, so that no run has to store that the login works.
                mailbox = mailbox_of(f"{user}-{port}", destination=destination, status=Status.OK)
                await add(store, mailbox, vault, PASSWORD)
                async with store.begin(mailbox.user_id) as tx:
                    schedule: Schedule = await tx.schedules.find(mailbox.id)
                    wanted = replace(schedule, enabled=True, next_run_at=_FAR_OFF)
                    await tx.schedules.put(wanted, destination)


@contextmanager
def running_world() -> Iterator[World]:
    """Run a database server and make an empty, migrated database on it."""
    server = _server()
    name = f"bench_{next(_numbers)}"
    server.sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER {postgres.OWNER}")
    try:
        keyring = new_folder("bench-sync-keys") / "keyring.json"
        Keyring.generate().save(keyring)
        yield World(server, name, keyring)
    finally:
        server.sql(f"DROP DATABASE {name} WITH (FORCE)")


_servers: list[postgres.PostgresServer] = []


def _server() -> postgres.PostgresServer:
    if not _servers:
        server = postgres.started(_OPTIONS)
        server.sql(f"CREATE DATABASE {_TEMPLATE} OWNER {postgres.OWNER}")
        asyncio.run(migrate(server.url(postgres.OWNER, _TEMPLATE), app_role=postgres.APP))
        server.sql("CREATE EXTENSION pg_stat_statements", database=_TEMPLATE)
        _servers.append(server)
    return _servers[0]
