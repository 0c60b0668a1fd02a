"""Callers who want the same thing at the same time share one run of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRuns(Generic[T]):
    """At most one run per key; it is cancelled when its last waiter has gone."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}
        self._waiters: dict[Hashable, int] = {}
        # The loop keeps weak references only; a cancelled run must live until it has cleaned up.
        self._alive: set[asyncio.Task[T]] = set()

    async def run(self, key: Hashable, start: Callable[[], Awaitable[T]]) -> T:
        """Join the run of this key, or start one. Its result or error goes to every waiter."""
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(_called(start))
            self._tasks[key] = task
            self._waiters[key] = 0
            self._alive.add(task)
            task.add_done_callback(lambda done: self._forget(key, done))
        self._waiters[key] += 1
        try:
            # shield: one waiter that gives up must not take the others' result away.
            return await asyncio.shield(task)
        finally:
            if self._tasks.get(key) is task:
                self._waiters[key] -= 1
                if not self._waiters[key]:
                    self._forget(key, task)
                    task.cancel()

    def _forget(self, key: Hashable, task: asyncio.Task[T]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key], self._waiters[key]
        if task.done():
            self._alive.discard(task)
            if not task.cancelled():
                # Every waiter may have left before it failed; say that the error was seen.
                task.exception()


async def _called(start: Callable[[], Awaitable[T]]) -> T:
    return await start()
