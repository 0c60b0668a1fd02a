"""Locks among processes on one SQLite database: bytes of a file beside it, locked by the system (POSIX).

SQLite itself has one lock for all writers, which nobody may hold for as long as a provider takes to
answer. The death of a process frees its locks; its being paused does not. The file stays empty.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from mailbox_svc.storage.failures import storage_errors
from mailbox_svc.storage.refresh_locks import HoldNumber

#: Seconds between two looks: the system tells nobody when a lock becomes free.
_PAUSE = 0.02


class _LockFile:
    """The file as this process has it open.

    A process loses all its locks on a file when it closes any descriptor of it, and is never kept out by
    itself (fcntl(2)). So it is opened once, never closed, and remembers what this process holds.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._holders: dict[int, object] = {}

    def take(self, number: int, holder: object) -> bool:
        """Lock the byte at this offset, past the file's end; False when somebody else has it."""
        if self._holders.setdefault(number, holder) is not holder:
            return False
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError as error:
            del self._holders[number]
            if isinstance(error, BlockingIOError | PermissionError):  # EAGAIN, or EACCES on some systems
                return False
            raise
        return True

    def free(self, number: int) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)
        del self._holders[number]


def file_lock(database: str) -> HoldNumber:
    """Return the locks that go with the database at this path."""
    path = os.path.realpath(database) + "-refresh"

    @asynccontextmanager
    async def hold(number: int, _timeout: float) -> AsyncIterator[None]:
        holder = object()
        with storage_errors():
            file = _opened(path)
            while not file.take(number, holder):  # noqa: ASYNC110  (what is awaited is another process)
                await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            file.free(number)

    return hold


@cache
def _opened(path: str) -> _LockFile:
    return _LockFile(path)
