"""Refresh locks, held here and by other processes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.ports import Store
from support.nursery import Program
from support.refresher import main


@contextlib.contextmanager
def refused(after: float, *, slack: float = 4) -> Iterator[None]:
    """Expects StorageUnavailable so many seconds from now, or a little later on a machine that is busy.

    `hold` by itself waits for five, and the lock is held for longer than that.
    """
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        yield
    assert after - 0.05 < time.monotonic() - began < after + slack


async def hold(store: Store, mailbox_id: str, *, timeout: float = 5, seconds: float = 0) -> None:
    async with store.refresh_lock(mailbox_id, timeout=timeout):
        await asyncio.sleep(seconds)


@asynccontextmanager
async def refresher(
    url: str, counter: Path, *, times: int = 1, seconds: float = 60, timeout: float = 30
) -> AsyncIterator[Program]:
    """Run another process, which holds the lock of `m` by the time it is yielded, or is refused."""
    process = Program(main, url, "m", times, seconds, counter, timeout)
    try:
        await asyncio.to_thread(process.stdout.readline)
        yield process
    finally:
        process.kill()
