"""How the refresh lock is kept: a file beside an SQLite database, connections of its own on PostgreSQL."""

import asyncio
import socket
import stat
from contextlib import AsyncExitStack
from pathlib import Path

from support.postgres import PostgresServer
from support.processes import free_port
from support.refresher import write
from support.refreshing import hold, refresher, refused
from support.stores import PreparedDatabase, add, mailbox_of, opened

#: Connections for locks that a process has on PostgreSQL.
ROOM = 12


def lock_file(database: PreparedDatabase) -> Path:
    return Path(database.name + "-refresh")


def occupy(path: Path) -> None:
    path.mkdir()


def sizes_and_modes(folder: Path) -> dict[str, tuple[int, int]]:
    found = {file.name: file.stat() for file in folder.iterdir()}
    return {name: (status.st_size, stat.S_IMODE(status.st_mode)) for name, status in found.items()}


def link(name: Path, *, to: Path) -> None:
    name.symlink_to(to)


async def words_of_another(url: str, folder: Path) -> str:
    """Return what another process says that wants the lock of `m` and does not wait for long."""
    write(folder / "counter", 0)
    async with refresher(url, folder / "counter", seconds=0, timeout=0.5) as process:
        words, _ = await asyncio.to_thread(process.communicate)
        return words


# SQLite


async def test_the_file_beside_the_database_is_for_its_owner_alone(sqlite: PreparedDatabase) -> None:
    lock = lock_file(sqlite)
    async with opened(sqlite.url) as store:
        assert lock.name not in sizes_and_modes(lock.parent)
        await hold(store, "m")
        assert sizes_and_modes(lock.parent)[lock.name] == (0, 0o600)


async def test_a_file_that_cannot_be_opened_is_unavailable(sqlite: PreparedDatabase) -> None:
    occupy(lock_file(sqlite))
    async with opened(sqlite.url) as store:
        with refused(after=0):
            await hold(store, "m")


async def test_a_store_that_closes_frees_no_other_stores_lock(
    sqlite: PreparedDatabase, tmp_path: Path
) -> None:
    """POSIX would free all locks of a process with any descriptor of the file."""
    async with opened(sqlite.url) as store, store.refresh_lock("m", timeout=5):
        async with opened(sqlite.url) as second:
            await hold(second, "another")
        assert "StorageUnavailable" in await words_of_another(sqlite.url, tmp_path)


async def test_two_names_of_one_database_are_one_lock(sqlite: PreparedDatabase, tmp_path: Path) -> None:
    link(tmp_path / "other.db", to=Path(sqlite.name))
    async with opened(sqlite.url) as store, store.refresh_lock("m", timeout=5):
        words = await words_of_another(f"sqlite:///{tmp_path}/other.db", tmp_path)
    assert "StorageUnavailable" in words


async def test_the_one_writer_is_not_held_meanwhile(sqlite: PreparedDatabase) -> None:
    async with (
        opened(sqlite.url) as store,
        opened(sqlite.url) as another_process,
        store.refresh_lock("m", timeout=5),
    ):
        await add(another_process, mailbox_of("anna"))


# PostgreSQL


async def test_locks_and_the_pool_take_no_connections_from_each_other(
    postgresql: PreparedDatabase,
) -> None:
    async with opened(postgresql.url, pool_size=1) as store, AsyncExitStack() as held:
        async with store.begin("anna") as tx:
            await tx.mailboxes.count()
            for number in range(ROOM):
                await held.enter_async_context(store.refresh_lock(f"m{number}", timeout=20))
        await store.ping()
        with refused(after=0.3):
            await hold(store, "one more", timeout=0.3)
        async with opened(postgresql.url) as another_process:
            await hold(another_process, "one more", timeout=10)


async def test_no_connection_and_no_lock_is_left_open(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    connections = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgresql.name}'"
    async with opened(postgresql.url) as store:
        tasks = [
            asyncio.create_task(hold(store, f"m{number % 6}", timeout=30, seconds=0.02))
            for number in range(40)
        ]
        await asyncio.sleep(0.1)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
        for _ in range(100):
            if (left := postgres_server.sql(connections)) == "0":
                break
            await asyncio.sleep(0.05)
        assert left == "0"


async def test_an_idle_transaction_may_be_ended_but_a_lock_is_kept(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    postgres_server.sql(f"ALTER DATABASE {postgresql.name} SET idle_in_transaction_session_timeout = '100ms'")
    async with (
        opened(postgresql.url) as store,
        opened(postgresql.url) as second,
        store.refresh_lock("m", timeout=5),
    ):
        await asyncio.sleep(0.4)
        with refused(after=0.2):
            await hold(second, "m", timeout=0.2)


async def test_a_lock_that_the_server_took_away_is_no_failure_of_the_work(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    async with opened(postgresql.url) as store:
        async with store.refresh_lock("m", timeout=5):
            postgres_server.sql(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{postgresql.name}'"
            )
        await hold(store, "m", timeout=10)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with opened(f"postgresql://app@127.0.0.1:{free_port()}/nothing") as store:
        for _ in range(ROOM + 1):
            with refused(after=0):
                await hold(store, "m")


async def test_a_server_that_does_not_answer_is_unavailable_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with opened(f"postgresql://app@127.0.0.1:{silent.getsockname()[1]}/nothing") as store:
            with refused(after=0.5):
                await hold(store, "m", timeout=0.5)
