"""Of all processes on a database, one at a time refreshes a mailbox's token."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mailbox_svc.storage.store import SqlStore
from support.refresher import read, write
from support.refreshing import hold, refresher, refused
from support.stores import PreparedDatabase, add, mailbox_of, opened


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
            await asyncio.to_thread(process.communicate)
            assert process.returncode == 0
    assert read(counter) == 120


async def test_a_killed_process_frees_it_at_once(
    store: SqlStore, database: PreparedDatabase, counter: Path
) -> None:
    for _ in range(3):
        async with refresher(database.url, counter) as process:
            waiter = asyncio.create_task(hold(store, "m", timeout=30))
            await asyncio.sleep(0.2)
            assert not waiter.done()
            process.kill()
            began = time.monotonic()
            await waiter
            assert time.monotonic() - began < 10  # it would have held it for a minute


async def test_a_paused_process_keeps_it_and_others_are_refused_in_time(
    store: SqlStore, database: PreparedDatabase, counter: Path
) -> None:
    async with refresher(database.url, counter) as process:
        process.send_signal(signal.SIGSTOP)
        for seconds in (0.3, 1.0):
            with refused(after=seconds):
                await hold(store, "m", timeout=seconds)
        await hold(store, "another", timeout=10)
        process.send_signal(signal.SIGCONT)
        with refused(after=0.3):
            await hold(store, "m", timeout=0.3)
    await hold(store, "m", timeout=10)


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
        waiters = [asyncio.create_task(hold(store, "m", timeout=60)) for _ in range(24)]
        await asyncio.sleep(0.1)
        for number in range(16):
            await hold(store, f"other-{number}", timeout=10)
        assert not any(waiter.done() for waiter in waiters)
    await asyncio.gather(*waiters)


async def test_who_waits_too_long_in_its_own_process_is_refused(store: SqlStore) -> None:
    async with store.refresh_lock("m", timeout=5):
        with refused(after=0.3):
            await hold(store, "m", timeout=0.3)
    await hold(store, "m", timeout=10)


async def test_a_block_that_fails_frees_it_and_its_error_is_seen(store: SqlStore) -> None:
    for error in (RuntimeError, TimeoutError):
        with pytest.raises(error):
            async with store.refresh_lock("m", timeout=5):
                raise error
        await hold(store, "m", timeout=10)


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
        await hold(store, "m", timeout=10)
        await hold(second, "m", timeout=10)


async def test_it_is_held_across_transactions_of_the_same_and_other_users(store: SqlStore) -> None:
    async with store.refresh_lock("m", timeout=5), asyncio.timeout(30):
        await add(store, mailbox_of("anna"))
        await add(store, mailbox_of("bob"))
        with refused(after=0.2):
            await hold(store, "m", timeout=0.2)
