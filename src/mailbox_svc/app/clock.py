"""The service's clock: the database's time, so that processes whose machines disagree agree on leases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.ports import Clock, Store

#: Seconds between two looks at the database's clock.
_EVERY = 30.0


def now() -> datetime:
    """Return the present time in UTC by this machine."""
    return datetime.now(UTC)


@asynccontextmanager
async def database_clock(store: Store) -> AsyncIterator[Clock]:
    """Yield a clock that follows the database's; between two looks it goes by this machine's steady one.

    While the database does not answer, it goes on from what was known last.
    """
    clock = _Following()
    with suppress(StorageUnavailable):
        clock.set(await store.now())
    following = asyncio.create_task(_follow(clock, store))
    try:
        yield clock.now
    finally:
        following.cancel()
        await asyncio.wait({following})


class _Following:
    def __init__(self) -> None:
        self.set(now())

    def set(self, moment: datetime) -> None:
        self._moment, self._at = moment, time.monotonic()

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=time.monotonic() - self._at)


async def _follow(clock: _Following, store: Store) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        with suppress(StorageUnavailable):
            clock.set(await store.now())
