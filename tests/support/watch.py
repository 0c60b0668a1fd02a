"""Watches a block of a test: nothing may be left behind, nothing secret may be logged."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

#: Stands in every text that a hostile server sends; it has no business in a log or a report.
SERVER_WORDS = b"HOSTILE-WORDS"
#: Bytes that one connection may take at its peak.
_MEMORY = 8 << 20


class _Everything(logging.Handler):
    """Keeps every record as text, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Log everything at DEBUG, and fail if a canary or a server's words are in it."""
    handler = _Everything()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    for line in handler.lines:
        assert "CANARY" not in line, line
        assert SERVER_WORDS.decode() not in line, line


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Fail if the block leaves a task or a socket, or an error for the loop to handle."""
    loop = asyncio.get_running_loop()
    unhandled: list[str] = []

    def keep(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "incoming connection" not in context["message"]:  # the test server's own
            unhandled.append(repr(context))

    loop.set_exception_handler(keep)
    before = _left()
    gc.freeze()  # so that the collection below need look at this block's objects only
    try:
        yield
        for _ in range(100):  # a second for what is about to be closed
            if _left() == before:
                break
            await asyncio.sleep(0.01)
        gc.collect()  # reports futures whose exception nobody took
        assert _left() == before, (before, _left())
        assert unhandled == [], unhandled
    finally:
        gc.unfreeze()
        loop.set_exception_handler(None)


def _left() -> tuple[set[asyncio.Task[Any]], set[str]]:
    return asyncio.all_tasks(), set(filter(None, map(_socket, Path("/proc/self/fd").iterdir())))


def _socket(fd: Path) -> str | None:
    """Return the socket that a descriptor stands for, or None."""
    try:
        target = str(fd.readlink())
    except FileNotFoundError:  # that of the listing itself
        return None
    return target if target.startswith("socket:") else None


@contextmanager
def little_memory() -> Iterator[None]:
    """Fail if the block takes more than 8 MiB at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < _MEMORY, peak
