"""Sharing one run between callers."""

from __future__ import annotations

import asyncio

import pytest

from mailbox_svc.mailboxes.shared import SharedRuns


class Work:
    """Counts its runs; ends when told."""

    def __init__(self) -> None:
        self.started = 0
        self.cancelled = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.started += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.started


async def test_callers_at_the_same_time_share_one_run() -> None:
    runs: SharedRuns[int] = SharedRuns()
    work = Work()
    callers = [asyncio.create_task(runs.run("key", work)) for _ in range(5)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*callers) == [1] * 5
    assert work.started == 1


async def test_a_later_caller_starts_anew() -> None:
    runs: SharedRuns[int] = SharedRuns()
    work = Work()
    work.go.set()
    assert [await runs.run("key", work), await runs.run("key", work)] == [1, 2]


async def test_one_waiter_leaving_does_not_hurt_the_other() -> None:
    runs: SharedRuns[int] = SharedRuns()
    work = Work()
    first, second = (asyncio.create_task(runs.run("key", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    work.go.set()
    assert await second == 1
    assert work.cancelled == 0


async def test_the_run_ends_with_its_last_waiter() -> None:
    runs: SharedRuns[int] = SharedRuns()
    work = Work()
    waiters = [asyncio.create_task(runs.run("key", work)) for _ in range(2)]
    await asyncio.sleep(0)
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert work.cancelled == 1
    assert not runs._tasks
    assert not runs._alive


async def test_an_error_reaches_every_waiter() -> None:
    runs: SharedRuns[int] = SharedRuns()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("boom")

    results = await asyncio.gather(*(runs.run("key", fail) for _ in range(3)), return_exceptions=True)
    assert [str(r) for r in results] == ["boom"] * 3
    with pytest.raises(ValueError, match="boom"):
        await runs.run("key", fail)
