"""One at a time refreshes a mailbox's token: first within this process, then among all on this database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from mailbox_svc.errors import StorageUnavailable

#: Waits until no other process holds this number, at least for so many seconds, and holds it.
HoldNumber = Callable[[int, float], AbstractAsyncContextManager[None]]


class RefreshLocks:
    """The locks of one store. Callers of this process queue up here; one of them asks the database's."""

    def __init__(self, hold_number: HoldNumber) -> None:
        self._hold_number = hold_number
        # Each lives as long as somebody holds it or waits for it.
        self._queues: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, mailbox_id: str, *, timeout: float) -> AsyncIterator[None]:
        """Do what `ports.Store.refresh_lock` says."""
        queue = self._queues.setdefault(mailbox_id, asyncio.Lock())
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(timeout):
                    await held.enter_async_context(queue)
                    await held.enter_async_context(self._hold_number(_number_of(mailbox_id), timeout))
            except TimeoutError:
                raise StorageUnavailable from None
            yield


def _number_of(mailbox_id: str) -> int:
    """Return what stands for the mailbox: 62 bits, which fit an offset in a file and an advisory lock.

    Its first words keep it apart from other locks in the same database.
    """
    digest = hashlib.sha256(f"mailbox-svc refresh {mailbox_id}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 2
