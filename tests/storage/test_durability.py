"""An acknowledged save outlives a kill -9, and one caller's end never touches another's work."""

import asyncio
import itertools
import random
import signal
from collections import Counter

import pytest

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.storage.store import SqlStore
from support import saver
from support.nursery import Program
from support.stores import PreparedDatabase, mailbox_of, opened


async def saved_until_killed(url: str, prefix: str, seconds: float) -> set[str]:
    """Run a process that saves, kill it, and return the ids it had acknowledged."""
    process = Program(saver.main, url, prefix)
    lines = [await asyncio.to_thread(process.stdout.readline)]  # it has begun
    await asyncio.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return {line.strip() for line in (*lines, *said.split("\n")) if len(line.strip()) == 36}


async def test_an_acknowledged_save_outlives_a_kill(database: PreparedDatabase) -> None:
    chance = random.Random(9)
    acknowledged: set[str] = set()
    for life in range(4):
        acknowledged |= await saved_until_killed(database.url, f"life{life}-", chance.uniform(0.05, 0.4))
    assert len(acknowledged) > 20
    stored = set()
    async with opened(database.url) as store:
        for life, caller in itertools.product(range(4), range(8)):
            for batch in itertools.count():
                found = await store.list_mailboxes(f"life{life}-{caller}-{batch}")
                assert all(mailbox.has_password for mailbox in found), "a mailbox without its secret"
                stored |= {mailbox.id for mailbox in found}
                if not found:
                    break
    assert acknowledged <= stored


async def test_cancelled_transactions_are_whole_or_not_there(store: SqlStore) -> None:
    chance = random.Random(4)
    acknowledged: list[str] = []

    async def save_pair(label: str) -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.count()
            await tx.mailboxes.insert(mailbox_of("anna", label=label))
            await tx.mailboxes.insert(mailbox_of("anna", label=label))
        acknowledged.append(label)

    async def cancelled_saves(caller: int) -> None:
        for number in range(50):
            task = asyncio.create_task(save_pair(f"{caller}-{number}"))
            await asyncio.sleep(chance.choice([0, chance.uniform(0, 0.004), chance.uniform(0, 0.02)]))
            for _ in range(chance.choice([1, 2, 5])):  # impatient callers cancel again while it cleans up
                task.cancel()
                await asyncio.sleep(0)
            await asyncio.wait({task})

    await asyncio.gather(*(cancelled_saves(caller) for caller in range(4)))
    pairs = Counter(mailbox.label for mailbox in await store.list_mailboxes("anna"))
    assert set(pairs.values()) <= {2}
    assert set(acknowledged) <= set(pairs)
    assert len(pairs) < 200, "nothing was cancelled in time, so nothing was tested"
    await asyncio.wait_for(save_pair("after"), 30)


async def test_one_callers_failure_does_not_undo_anothers_work(store: SqlStore) -> None:
    async def save_some(number: int) -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.insert(mailbox_of("anna", label=str(number)))
            await asyncio.sleep(0)
            if number % 3 == 0:
                raise RuntimeError

    results = await asyncio.gather(*(save_some(number) for number in range(30)), return_exceptions=True)
    assert sum(isinstance(result, RuntimeError) for result in results) == 10
    labels = {mailbox.label for mailbox in await store.list_mailboxes("anna")}
    assert labels == {str(number) for number in range(30) if number % 3}


async def save(store: SqlStore, label: str = "") -> None:
    async with store.begin("anna") as tx:
        await tx.mailboxes.insert(mailbox_of("anna", label=label))


async def test_a_transaction_that_has_ended_runs_nothing_more(sqlite: PreparedDatabase) -> None:
    """On SQLite its connection is in another's transaction by then."""
    async with opened(sqlite.url) as store:
        async with store.begin("anna") as tx:
            pass
        with pytest.raises(StorageUnavailable):
            await tx.mailboxes.insert(mailbox_of("anna"))
        assert await store.list_mailboxes("anna") == []


async def test_callers_at_once_share_commits(sqlite: PreparedDatabase) -> None:
    statements: list[str] = []
    async with opened(sqlite.url) as store:
        await store._database._connections[1].set_trace_callback(statements.append)  # type: ignore[attr-defined]
        await asyncio.gather(*(save(store) for _ in range(32)))
        assert statements.count("COMMIT") == statements.count("BEGIN IMMEDIATE") <= 2
        assert len(await store.list_mailboxes("anna")) == 32


@pytest.mark.parametrize("cancels", [0, 1, 2])
async def test_a_transaction_that_cannot_be_undone_alone_is_undone_with_its_batch(
    sqlite: PreparedDatabase, cancels: int
) -> None:
    broken = asyncio.Event()

    async def break_savepoint() -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.insert(mailbox_of("anna", label="broken"))
            await tx.mailboxes._executor.text("RELEASE one")  # type: ignore[attr-defined]
            broken.set()
            if not cancels:
                raise RuntimeError
            await asyncio.sleep(10)

    async with opened(sqlite.url) as store:
        tasks = [asyncio.create_task(work) for work in (save(store), break_savepoint(), save(store))]
        await broken.wait()
        for _ in range(cancels):
            tasks[1].cancel()
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        expected = asyncio.CancelledError if cancels else RuntimeError
        assert [type(result) for result in results] == [StorageUnavailable, expected, StorageUnavailable]
        assert await store.list_mailboxes("anna") == []
        await save(store, "after")
        assert [mailbox.label for mailbox in await store.list_mailboxes("anna")] == ["after"]


async def test_processes_share_the_file(sqlite: PreparedDatabase) -> None:
    async with opened(sqlite.url) as first, opened(sqlite.url) as second:
        await asyncio.gather(*(save(store) for store in (first, second) for _ in range(25)))
        assert len(await first.list_mailboxes("anna")) == len(await second.list_mailboxes("anna")) == 50


@pytest.mark.parametrize("delay", [0, 0.001, 0.003])
async def test_closing_waits_for_the_last_commit(sqlite: PreparedDatabase, delay: float) -> None:
    async with opened(sqlite.url) as store:
        saving = [asyncio.create_task(save(store, str(number))) for number in range(5)]
        await asyncio.sleep(delay)
    results = await asyncio.gather(*saving, return_exceptions=True)
    saved = {str(number) for number, result in enumerate(results) if result is None}
    assert {type(result) for result in results} <= {type(None), StorageUnavailable}
    async with opened(sqlite.url) as store:
        assert {mailbox.label for mailbox in await store.list_mailboxes("anna")} == saved
