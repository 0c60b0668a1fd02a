"""A database that fails: one error, soon, without the driver's words, and all is well again afterwards."""

import asyncio
import contextlib
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbox_svc.errors import ConfigError, StorageUnavailable
from mailbox_svc.model.secret import SealedSecret
from mailbox_svc.storage.store import SqlStore, open_store
from support.evidence import chunk_of, folder_with, seen
from support.full_disk import full_disk
from support.postgres import PostgresServer
from support.processes import free_port
from support.stores import FIELD, PreparedDatabase, add, mailbox_of, opened


@contextlib.contextmanager
def unavailable(within: float = 8.0) -> Iterator[None]:
    """Expects StorageUnavailable within this many seconds, with nothing of the driver's to print.

    Ours are 3 and 5; the rest is room for a machine that has more to do.
    """
    began = time.monotonic()
    with pytest.raises(StorageUnavailable) as raised:
        yield
    assert time.monotonic() - began < within
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert raised.value.message == "The database does not answer; try again in a moment."


async def test_a_transaction_whose_failure_was_swallowed_is_not_called_a_success(store: SqlStore) -> None:
    async def go_on_after_failure() -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.insert(mailbox_of("anna"))
            for mailbox in (mailbox_of("anna", label=None), mailbox_of("anna")):
                with contextlib.suppress(StorageUnavailable):
                    await tx.mailboxes.insert(mailbox)

    with unavailable():
        await go_on_after_failure()
    assert await store.list_mailboxes("anna") == []


async def test_no_statement_of_many_rows_runs_after_one_that_failed(store: SqlStore) -> None:
    mailbox, folder = await folder_with(store)
    chunk = chunk_of(seen("bob@example.org", received=1))

    async def go_on_after_failure() -> None:
        async with store.begin("anna") as tx:
            with contextlib.suppress(StorageUnavailable):
                await tx.groups.put_members("none", [("none", 1)])
            with contextlib.suppress(StorageUnavailable):
                await tx.folders.commit(folder.id, chunk)

    with unavailable():
        await go_on_after_failure()
    async with store.begin("anna") as tx:
        assert await tx.contacts.unjudged(10) == []
        assert [position.last_uid for position in await tx.folders.all(mailbox.id)] == [0]


# SQLite


async def test_a_file_locked_by_another_process_is_unavailable_to_writers_only(
    sqlite: PreparedDatabase,
) -> None:
    other = sqlite3.connect(sqlite.name, isolation_level=None)
    async with opened(sqlite.url) as store:
        kept = await add(store, mailbox_of("anna"))
        other.execute("BEGIN IMMEDIATE")
        with unavailable():
            await add(store, mailbox_of("anna"))
        assert await store.list_mailboxes("anna") == [kept]
        other.execute("ROLLBACK")
        await add(store, mailbox_of("anna"))
    other.close()


async def test_all_who_wait_for_a_locked_file_fail_together(sqlite: PreparedDatabase) -> None:
    other = sqlite3.connect(sqlite.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with opened(sqlite.url) as store:
        began = time.monotonic()
        results = await asyncio.gather(
            *(add(store, mailbox_of("anna")) for _ in range(20)), return_exceptions=True
        )
        assert all(isinstance(result, StorageUnavailable) for result in results)
        assert time.monotonic() - began < 15  # one after the other they take thirty
    other.close()


@pytest.mark.parametrize("large", [False, True], ids=["at COMMIT", "at a statement"])
async def test_a_full_disk_loses_no_acknowledged_save_and_keeps_no_half(
    sqlite: PreparedDatabase, *, large: bool
) -> None:
    async with opened(sqlite.url) as store:
        acknowledged = [await add(store, mailbox_of("anna")) for _ in range(5)]

        async def save(number: int) -> None:
            # What does not fit SQLite's cache is written before COMMIT.
            blob = bytes(4_000_000 if large and number % 4 == 3 else 10)
            async with store.begin("anna") as tx:
                mailbox = mailbox_of("anna")
                await tx.mailboxes.insert(mailbox)
                await tx.secrets.put(mailbox.id, FIELD, 1, SealedSecret("k", blob))

        with full_disk(Path(sqlite.name), room=200_000 if large else 100):
            results = await asyncio.gather(*(save(number) for number in range(16)), return_exceptions=True)
        assert all(isinstance(result, StorageUnavailable) for result in results)
        assert await store.list_mailboxes("anna") == acknowledged
        acknowledged.append(await add(store, mailbox_of("anna")))
    async with opened(sqlite.url) as store:
        assert await store.list_mailboxes("anna") == acknowledged


async def test_a_full_disk_in_the_midst_of_a_chunk_leaves_nothing_of_it(sqlite: PreparedDatabase) -> None:
    async with opened(sqlite.url) as store:
        small = chunk_of(seen("bob@example.org", received=1), keys=b"1" * 8)
        mailbox, folder = await folder_with(store, small)

        async def state() -> object:
            async with store.begin("anna") as tx:
                contacts = await tx.contacts.unjudged(10)
                return contacts, await tx.folders.all(mailbox.id), await tx.folders.message_keys(mailbox.id)

        # More than SQLite keeps in memory: it is written to the disk in the midst of the statements.
        long = "x" * 900
        many = [seen(f"{long}{number}@example.org", received=1) for number in range(8000)]
        large = chunk_of(seen("bob@example.org", received=1), *many, last_uid=9, keys=b"2" * 80_000)
        before = await state()
        with full_disk(Path(sqlite.name), room=2_000_000), unavailable(within=20):
            async with store.begin("anna") as tx:
                await tx.folders.commit(folder.id, large)
        assert await state() == before
        async with store.begin("anna") as tx:
            await tx.folders.commit(folder.id, large)
            assert (await tx.folders.all(mailbox.id))[0].last_uid == 9
            assert len(await tx.contacts.unjudged(10_000)) == 8001


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)  # the first page says that it is a database; the rest is the data
        file.write(b"\xff" * 4096 * 3)


async def test_a_damaged_file_is_an_error_and_not_an_empty_list(sqlite: PreparedDatabase) -> None:
    async with opened(sqlite.url) as store:
        await add(store, mailbox_of("anna"))
    damage(Path(sqlite.name))
    async with opened(sqlite.url) as store:
        with unavailable():
            await store.list_mailboxes("anna")


async def test_a_file_that_is_no_database_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "mail.db").write_text("Dear diary, " * 1000)
    with pytest.raises(ConfigError, match=r"mail\.db cannot be opened"):
        await open_store(f"sqlite:///{tmp_path}/mail.db")


async def test_a_closed_store_is_unavailable(sqlite: PreparedDatabase) -> None:
    store = await open_store(sqlite.url)
    await store.close()
    for use in (
        store.ping(),
        store.list_mailboxes("anna"),
        add(store, mailbox_of("anna")),
        groups_of(store),
        store.claimable_harvests(datetime.now(UTC), 10),
    ):
        with unavailable():
            await use


# PostgreSQL


async def groups_of(store: SqlStore) -> object:
    async with store.read("anna") as tx:
        return await tx.groups.all()


async def uses(store: SqlStore) -> None:
    """Every way to the database fails alike."""
    calls: list[Callable[[], Awaitable[object]]] = [
        store.ping,
        store.check_ready,
        store.key_usage,
        lambda: store.list_mailboxes("anna"),
        lambda: add(store, mailbox_of("anna")),
        lambda: store.claimable_harvests(datetime.now(UTC), 10),
        lambda: groups_of(store),
    ]
    for call in calls:
        with unavailable():
            await call()


async def test_a_refused_connection_is_unavailable_at_once(postgres_server: PostgresServer) -> None:
    del postgres_server
    async with opened(f"postgresql://a@127.0.0.1:{free_port()}/none") as store:
        await uses(store)


async def test_a_server_that_accepts_and_is_silent_is_unavailable_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with opened(f"postgresql://a@127.0.0.1:{silent.getsockname()[1]}/none") as store:
            with unavailable():
                await store.ping()


async def test_an_exhausted_pool_is_unavailable_soon(postgresql: PreparedDatabase) -> None:
    async with opened(postgresql.url, pool_size=1) as store:
        async with store.begin("anna") as tx:
            await tx.mailboxes.count()
            with unavailable():
                await store.list_mailboxes("anna")
        assert await store.list_mailboxes("anna") == []


async def test_a_connection_cut_in_a_transaction_saves_nothing_of_it(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    others = f"datname = '{postgresql.name}' AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"

    async def save_cut(*, before_commit: bool) -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.insert(mailbox_of("anna", label="Full"))
            await asyncio.to_thread(postgres_server.sql, cut)
            if not before_commit:
                await tx.mailboxes.count()

    async with opened(postgresql.url) as store:
        for before_commit in (False, True):
            with unavailable():
                await save_cut(before_commit=before_commit)
            assert await store.list_mailboxes("anna") == []


async def test_a_restarted_server_is_used_again_without_an_error(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    async with opened(postgresql.url) as store:
        kept = await add(store, mailbox_of("anna"))
        postgres_server.stop()
        postgres_server.start()
        assert await store.list_mailboxes("anna") == [kept]
        postgres_server.stop()
        try:
            await uses(store)
        finally:
            postgres_server.start()
        assert await store.list_mailboxes("anna") == [kept]


async def test_a_server_turned_read_only_still_lists(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    postgres_server.sql(f"ALTER DATABASE {postgresql.name} SET default_transaction_read_only = on")
    async with opened(postgresql.url) as store:
        with unavailable():
            await add(store, mailbox_of("anna", label="Full"))
        assert await store.list_mailboxes("anna") == []
    named = [record.__dict__.get("error_type") for record in caplog.records]
    assert "ReadOnlySQLTransactionError 25006" in named, "the operator's log names the failure"
    assert "CANARY" not in caplog.text
