"""Locks among processes on one PostgreSQL database: advisory ones, each in a transaction of its own.

They have connections of their own, so that slow providers take none from the service's pool. The end of
the connection frees the lock: when it is closed, or its process dies. Works behind pgbouncer in
transaction mode: the lock is the transaction's, and no statement is prepared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from mailbox_svc.storage.failures import DRIVER_ERRORS, storage_errors
from mailbox_svc.storage.refresh_locks import HoldNumber

#: Locks that one process holds or waits for at a time.
_ROOM = 12
#: Seconds for saying good-bye to the server.
_CLOSE_TIMEOUT = 1.5
# A paused process keeps its lock, so its idle transaction must not be ended; a host that has gone without
# a word must not keep it for hours, so its kernel is asked every now and then.
_BEGIN = """
BEGIN;
SET LOCAL lock_timeout = {milliseconds};
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL tcp_keepalives_idle = 60;
SET LOCAL tcp_keepalives_interval = 15;
SET LOCAL tcp_keepalives_count = 4;
SELECT pg_advisory_xact_lock({number})
"""


def advisory_lock(connect: Callable[[float], Awaitable[Any]]) -> HoldNumber:
    """Return the locks of a database, to which `connect` opens asyncpg's connections, in so many seconds."""
    room = asyncio.Semaphore(_ROOM)

    @asynccontextmanager
    async def hold(number: int, timeout: float) -> AsyncIterator[None]:
        async with room:
            with storage_errors():
                connection = await connect(timeout)
            try:
                with storage_errors():
                    await connection.execute(
                        _BEGIN.format(milliseconds=max(1, round(timeout * 1000)), number=number)
                    )
                yield
            finally:
                # It closes, if need be without a word, also when this is cancelled.
                with suppress(*DRIVER_ERRORS):
                    await connection.close(timeout=_CLOSE_TIMEOUT)

    return hold
