"""Of all processes on a database, one at a time refreshes a mailbox's token."""

import asyncio
import contextlib
import signal
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.storage.store import SqlStore
from support.postgres import PostgresServer
from support.processes import free_port
from support.refresher import read, write
from support.stores import PreparedDatabase, add, mailbox_of, opened

REFRESHER = Path(__file__).parents[1] / "support" / "refresher.py"
#: Connections for locks that a process has on PostgreSQL.
ROOM = 8


@contextlib.contextmanager
def refused(after: float, *, slack: float = 0.5) -> Iterator[None]:
    """Expects StorageUnavailable about so many seconds from now."""
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        yield
    assert after - 0.05 < time.monotonic() - began < after + slack


def lock_file(database: PreparedDatabase) -> Path:
    return Path(database.name + "-refresh")


def occupy(path: Path) -> None:
    path.mkdir()


def sizes_and_modes(folder: Path) -> dict[str, tuple[int, int]]:
    found = {file.name: file.stat() for file in folder.iterdir()}
    return {name: (status.st_size, stat.S_IMODE(status.st_mode)) for name, status in found.items()}


async def hold(store: SqlStore, mailbox_id: str, *, timeout: float = 5, seconds: float = 0) -> None:
    async with store.refresh_lock(mailbox_id, timeout=timeout):
        await asyncio.sleep(seconds)


@asynccontextmanager
async def refresher(
    url: str, counter: Path, *, times: int = 1, seconds: float = 60, timeout: float = 30
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run another process, which holds the lock of `m` by the time it is yielded, or is refused."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        REFRESHER,
        *(url, "m", str(times), str(seconds), counter, str(timeout)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(REFRESHER.parents[1])},
    )
    assert process.stdout is not None
    try:
        await process.stdout.readline()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    file = tmp_path / "counter"
    write(file, 0)
    return file


# Among processes


async def test_processes_hold_it_one_after_another(database: PreparedDatabase, counter: Path) -> None:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(refresher(database.url, counter, times=40, seconds=0.003))
            for _ in range(3)
        ]
        for process in processes:
            await process.communicate()
            assert process.returncode == 0
    assert read(counter) == 120


async def test_a_killed_process_frees_it_at_once(
    store: SqlStore, database: PreparedDatabase, counter: Path
) -> None:
    for _ in range(3):
        async with refresher(database.url, counter) as process:
            waiter = asyncio.create_task(hold(store, "m"))
            await asyncio.sleep(0.2)
            assert not waiter.done()
            process.kill()
            began = time.monotonic()
            await waiter
            assert time.monotonic() - began < 1


async def test_a_paused_process_keeps_it_and_others_are_refused_in_time(
    store: SqlStore, database: PreparedDatabase, counter: Path
) -> None:
    async with refresher(database.url, counter) as process:
        process.send_signal(signal.SIGSTOP)
        for seconds in (0.3, 1.0):
            with refused(after=seconds):
                await hold(store, "m", timeout=seconds)
        await hold(store, "another", timeout=0.5)
        process.send_signal(signal.SIGCONT)
        with refused(after=0.3):
            await hold(store, "m", timeout=0.3)


# Within a process


async def test_two_hundred_waiters_get_it_one_at_a_time(store: SqlStore, database: PreparedDatabase) -> None:
    inside = most = done = 0

    async def work(through: SqlStore) -> None:
        nonlocal inside, most, done
        async with through.refresh_lock("m", timeout=30):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
            done += 1

    async with opened(database.url) as second:
        await asyncio.gather(*(work(one) for one in (store, second) * 100))
    assert (most, done) == (1, 200)


async def test_waiters_of_one_mailbox_take_no_room_from_another(store: SqlStore) -> None:
    async with store.refresh_lock("m", timeout=5):
        waiters = [asyncio.create_task(hold(store, "m")) for _ in range(ROOM * 3)]
        await asyncio.sleep(0.1)
        for number in range(ROOM * 2):
            await hold(store, f"other-{number}", timeout=0.5)
        assert not any(waiter.done() for waiter in waiters)
    await asyncio.gather(*waiters)


async def test_who_waits_too_long_in_its_own_process_is_refused(store: SqlStore) -> None:
    async with store.refresh_lock("m", timeout=5):
        with refused(after=0.3):
            await hold(store, "m", timeout=0.3)
    await hold(store, "m", timeout=0.5)


async def test_a_block_that_fails_frees_it_and_its_error_is_seen(store: SqlStore) -> None:
    for error in (RuntimeError, TimeoutError):
        with pytest.raises(error):
            async with store.refresh_lock("m", timeout=5):
                raise error
        await hold(store, "m", timeout=0.5)


async def test_whoever_is_cancelled_at_whatever_moment_leaves_nothing_held(
    store: SqlStore, database: PreparedDatabase
) -> None:
    async with opened(database.url) as second:
        for number in range(60):
            tasks = [asyncio.create_task(hold(one, "m", seconds=0.01)) for one in (store, second, store)]
            await asyncio.sleep(number * 0.0005)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await hold(store, "m", timeout=1)
        await hold(second, "m", timeout=1)


async def test_it_is_held_across_transactions_of_the_same_and_other_users(store: SqlStore) -> None:
    async with store.refresh_lock("m", timeout=5), asyncio.timeout(2):
        await add(store, mailbox_of("anna"))
        await add(store, mailbox_of("bob"))
        with refused(after=0.2):
            await hold(store, "m", timeout=0.2)


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
    sqlite: PreparedDatabase, counter: Path
) -> None:
    """POSIX would free all locks of a process with any descriptor of the file."""
    async with opened(sqlite.url) as store, store.refresh_lock("m", timeout=5):
        async with opened(sqlite.url) as second:
            await hold(second, "another")
        async with refresher(sqlite.url, counter, timeout=0.5) as process:
            _, words = await process.communicate()
    assert b"StorageUnavailable" in words
    assert read(counter) == 0


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
                await held.enter_async_context(store.refresh_lock(f"m{number}", timeout=2))
        await store.ping()
        with refused(after=0.3):
            await hold(store, "one more", timeout=0.3)
        async with opened(postgresql.url) as another_process:
            await hold(another_process, "one more", timeout=1)


async def test_no_connection_and_no_lock_is_left_open(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    connections = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgresql.name}'"
    async with opened(postgresql.url) as store:
        tasks = [asyncio.create_task(hold(store, f"m{number % 6}", seconds=0.02)) for number in range(40)]
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
        await hold(store, "m", timeout=1)


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
