"""The service behind pgbouncer in transaction mode, where any transaction may be another connection's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailbox_svc.errors import ConfigError
from mailbox_svc.storage.store import open_store
from support import postgres
from support.dovecot import running_dovecot
from support.letters import USERS, fill, letters, logged_in
from support.pgbouncer import running_pgbouncer
from support.refreshing import hold, refused
from support.stores import PreparedDatabase, add, mailbox_of, opened, prepared
from support.sync_parts import sync_parts

#: To the server; fewer than those who want one, so that they take turns.
CONNECTIONS = 3
CLIENTS = 4 * CONNECTIONS


@dataclass(frozen=True, slots=True)
class Pooled:
    """A database, and the URL of the pooler before it."""

    database: PreparedDatabase
    url: str


@pytest.fixture
async def pooled(tmp_path: Path) -> AsyncIterator[Pooled]:
    async with prepared("postgresql", tmp_path) as database:
        with running_pgbouncer(postgres.server(), database.name, connections=CONNECTIONS) as url:
            yield Pooled(database, url)


async def test_each_user_sees_their_own_rows_whatever_connection_they_get(pooled: Pooled) -> None:
    async with opened(pooled.url, pool_size=CLIENTS, direct_url=pooled.database.url) as store:

        async def user(name: str) -> None:
            kept = []
            for _ in range(10):
                kept.append((await add(store, mailbox_of(name))).id)
                async with store.begin(name) as tx:
                    found = [schedule.mailbox_id for schedule in await tx.schedules.all()]
                assert sorted(found) == sorted(kept)
                assert {mailbox.id for mailbox in await store.list_mailboxes(name)} == set(kept)

        await asyncio.gather(*(user(f"user-{number}") for number in range(CLIENTS)))


async def test_nobody_else_gets_a_lock_that_is_held_through_it(pooled: Pooled) -> None:
    async with (
        opened(pooled.url, direct_url=pooled.database.url) as one,
        opened(pooled.url, direct_url=pooled.database.url) as other,
    ):
        entered = asyncio.create_task(hold(one, "mailbox", seconds=60))
        await asyncio.sleep(0.5)
        with refused(after=1):
            await hold(other, "mailbox", timeout=1)
        await hold(other, "another")
        entered.cancel()
        await asyncio.gather(entered, return_exceptions=True)
        await hold(other, "mailbox")


async def test_a_mailbox_is_synced_through_it(pooled: Pooled) -> None:
    with running_dovecot(USERS, trustme.CA()) as dovecot:
        with logged_in(dovecot) as client:
            fill(client, letters())
        async with sync_parts(
            pooled.url, dovecot.tls_port, dovecot.ca_file, direct_url=pooled.database.url
        ) as parts:
            mailbox = await parts.add()
            await parts.engine.start()
            await parts.switch_on(mailbox)
            await parts.until(mailbox, lambda schedule: schedule.last_success_at is not None)
            (run,) = await parts.told(mailbox)
            assert run.messages == 250


async def test_the_queue_listens_at_the_server_itself(pooled: Pooled) -> None:
    async with opened(pooled.url, direct_url=pooled.database.url) as store:
        heard = asyncio.Event()
        assert store.queue_connection is not None
        connection: Any = await store.queue_connection()
        await connection.add_listener("news", lambda *_: heard.set())
        postgres.server().sql("NOTIFY news", database=pooled.database.name)
        async with asyncio.timeout(30):
            await heard.wait()
        await connection.close()


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("sqlite:///a.db", "postgresql://app@db/mailboxes"),
        ("postgresql://app@db/mailboxes", "sqlite:///a.db"),
    ],
)
async def test_only_postgresql_is_pooled(url: str, direct: str) -> None:
    with pytest.raises(ConfigError, match="direct database URL"):
        await open_store(url, direct_url=direct)


async def test_a_direct_url_of_an_empty_file_is_not_taken_for_none() -> None:
    with pytest.raises(ConfigError, match="The database URL must be"):
        await open_store("postgresql://app@db/mailboxes", direct_url="")
