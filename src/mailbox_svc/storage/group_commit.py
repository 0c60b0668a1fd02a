"""Write transactions on one SQLite connection, one after another, sharing COMMITs.

How it is right:
1. Only the holder of the turn runs statements. The turn is a fair lock, and the connection's thread
   runs what it is given in order, so what a holder posted runs before anything of the next holder.
2. The first holder of a batch posts BEGIN IMMEDIATE and queues the COMMIT for the turn. Those who
   were waiting before it join the batch; those who come later wait for the next.
3. Each transaction is a SAVEPOINT: its failure or cancellation undoes its own work alone.
4. A caller returns after the COMMIT of its batch has succeeded, never before; when it fails, all
   of the batch fail. When SQLite itself undid the batch (disk full), COMMIT fails for want of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Literal

import aiosqlite

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.storage.compiled import compiled, many
from mailbox_svc.storage.database import Parameters, Row, Statement
from mailbox_svc.storage.failures import storage_errors

#: Seconds to wait for another process to end its write.
BUSY_TIMEOUT = 1.5
#: Seconds to wait for one's turn to write.
_TURN_TIMEOUT = 5.0


class SqliteExecutor:
    """Satisfies `database.Executor` on one connection, one hop a statement, until `end`."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.ended = False

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        return compiled(statement).rows(await self.raw(statement, parameters))

    async def raw(self, statement: Statement, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Run a statement and return the rows as SQLite has them."""
        ready = compiled(statement)
        return await self.text(ready.sql, ready.bind(parameters))

    async def text(self, sql: str, parameters: dict[str, object] | None = None) -> Sequence[Sequence[Any]]:
        if self.ended:  # the connection belongs to another transaction by now
            raise StorageUnavailable
        with storage_errors():
            # aiosqlite types the parameters as a sequence; sqlite3 takes names as well.
            return list(await self._connection.execute_fetchall(sql, parameters))

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        if self.ended:
            raise StorageUnavailable
        with storage_errors():
            await self._connection.executemany(many(statement), rows)

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        """Do nothing: BEGIN IMMEDIATE has locked out every other writer."""

    def end(self) -> None:
        self.ended = True


class _Savepoint(SqliteExecutor):
    """Runs nothing more after a failure, even when its caller goes on.

    SQLite may have undone the whole batch by then, and a statement would be committed on its own.
    """

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        with self._the_last():
            return await super().run(statement, parameters)

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        with self._the_last():
            await super().run_many(statement, rows)

    @contextmanager
    def _the_last(self) -> Iterator[None]:
        try:
            yield
        except StorageUnavailable:
            self.end()
            raise


class _Batch:
    """One BEGIN IMMEDIATE … COMMIT. Its tasks belong to no caller, so no caller's end can stop them."""

    def __init__(self, connection: aiosqlite.Connection, turn: asyncio.Lock) -> None:
        self._connection = connection
        self._executor = SqliteExecutor(connection)
        self._turn = turn
        self.full = False
        self.begun = asyncio.create_task(self._begin())
        self.committed = asyncio.create_task(self._commit())
        # A batch whose callers are all gone may fail unseen.
        self.committed.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def lost(self) -> bool:
        """SQLite has undone everything, as it does when the disk is full."""
        return not self._connection.in_transaction

    async def _begin(self) -> None:
        await self._executor.text("BEGIN IMMEDIATE")

    async def _commit(self) -> None:
        async with self._turn:
            self.full = True
            await self.begun
            try:
                await self._executor.text("COMMIT")
            except StorageUnavailable:
                await self.undo()
                raise

    async def undo(self) -> None:
        with suppress(StorageUnavailable):  # there may be nothing left to undo
            await self._executor.text("ROLLBACK")


class GroupCommit:
    """The one writer of a process."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()
        self._batch: _Batch | None = None
        self._closed = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteExecutor]:
        """Open a transaction; leaving it returns when its work is durable. They do not nest."""
        async with self._my_turn():
            batch = await self._join()
            async with self._savepoint(batch) as executor:
                yield executor
        await asyncio.shield(batch.committed)

    async def close(self) -> None:
        """Wait for the last COMMIT; who has not begun by now gets StorageUnavailable."""
        self._closed = True
        if self._batch is not None:
            await asyncio.wait({self._batch.committed})

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_TURN_TIMEOUT):
                await self._turn.acquire()
        except TimeoutError:
            raise StorageUnavailable from None
        try:
            if self._closed:
                raise StorageUnavailable
            yield
        finally:
            self._turn.release()

    async def _join(self) -> _Batch:
        if self._batch is None or self._batch.full:
            self._batch = _Batch(self._connection, self._turn)
        await asyncio.shield(self._batch.begun)
        if self._batch.lost:
            raise StorageUnavailable
        return self._batch

    @asynccontextmanager
    async def _savepoint(self, batch: _Batch) -> AsyncIterator[SqliteExecutor]:
        executor = _Savepoint(self._connection)
        try:
            await executor.text("SAVEPOINT one")
            yield executor
            if executor.ended:
                raise StorageUnavailable  # noqa: TRY301  (the caller has swallowed it)
        except BaseException:
            executor.end()
            with suppress(StorageUnavailable):  # what ended the transaction is the news
                await _to_the_end(self._leave(batch, "ROLLBACK TO one", "RELEASE one"))
            raise
        executor.end()
        await _to_the_end(self._leave(batch, "RELEASE one"))

    async def _leave(self, batch: _Batch, *statements: str) -> None:
        executor = SqliteExecutor(self._connection)
        try:
            for statement in statements:
                await executor.text(statement)
        except StorageUnavailable:
            await batch.undo()  # rather nothing of the batch than half of one transaction
            raise


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` to its end even when cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    failure = task.exception()
    if cancelled or failure:
        raise cancelled or failure  # type: ignore[misc]
