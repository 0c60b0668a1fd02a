"""SQLite: one connection that reads, one that writes, statements in one hop, commits in groups.

Several processes may open the same file. SQLite has no row-level security, so the statements' own
`user_id` criterion is the only wall here; the repository tests prove it on every method.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiosqlite
from sqlalchemy import bindparam, func, select

from mailbox_svc.errors import ConfigError, StorageUnavailable
from mailbox_svc.storage.database import Executor, Parameters, Row, Statement
from mailbox_svc.storage.group_commit import BUSY_TIMEOUT, GroupCommit, SqliteExecutor
from mailbox_svc.storage.schema import refuse_old_schema
from mailbox_svc.storage.tables import mailbox_secrets

_KEY_USAGE = select(mailbox_secrets.c.key_id, func.count()).group_by(mailbox_secrets.c.key_id)
_STALE_USERS = (
    select(mailbox_secrets.c.user_id)
    .where(
        mailbox_secrets.c.key_id != bindparam("active_key_id"),
        mailbox_secrets.c.user_id > bindparam("after"),
    )
    .distinct()
    .order_by(mailbox_secrets.c.user_id)
    .limit(bindparam("page"))
)


class SqliteDatabase:
    """Satisfies `database.Database`."""

    def __init__(self, reader: aiosqlite.Connection, writer: aiosqlite.Connection) -> None:
        # A SELECT outside of a transaction is its own snapshot in WAL mode and never waits for writers.
        self._reader = SqliteExecutor(reader)
        self._connections = (reader, writer)
        self._writer = GroupCommit(writer)

    @asynccontextmanager
    async def transaction(self, user_id: str) -> AsyncIterator[Executor]:  # noqa: ARG002  (criterion, not session)
        async with self._writer.transaction() as executor:
            yield executor

    async def read(self, user_id: str, statement: Statement, parameters: Parameters) -> Sequence[Row]:  # noqa: ARG002
        return await self._reader.run(statement, parameters)

    async def key_usage(self) -> Sequence[Row]:
        return await self._reader.run(_KEY_USAGE, {})

    async def stale_users(self, active_key_id: str, after: str, limit: int) -> Sequence[Row]:
        return await self._reader.run(
            _STALE_USERS, {"active_key_id": active_key_id, "after": after, "page": limit}
        )

    async def check_ready(self) -> None:
        rows = await self._reader.text("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
        if rows:
            rows = await self._reader.text("SELECT version_num FROM alembic_version")
        refuse_old_schema(rows[0][0] if rows else None)

    async def ping(self) -> None:
        await self._reader.text("SELECT 1")

    async def close(self) -> None:
        """Close after the last commit. Calls that come later raise StorageUnavailable."""
        await self._writer.close()
        self._reader.end()
        for connection in self._connections:
            await connection.close()


async def open_sqlite(path: str) -> SqliteDatabase:
    """Open the file, which is made when there is none. Raises ConfigError when it cannot be."""
    opened: list[aiosqlite.Connection] = []
    try:
        for _ in ("reader", "writer"):
            opened.append(await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT))
            await _prepare(opened[-1])
        await SqliteExecutor(opened[0]).text("PRAGMA query_only = ON")
    except (aiosqlite.Error, StorageUnavailable):
        for connection in opened:
            await connection.close()
        raise ConfigError(f"The database file {path} cannot be opened for writing.") from None
    return SqliteDatabase(*opened)


async def _prepare(connection: aiosqlite.Connection) -> None:
    executor = SqliteExecutor(connection)
    await executor.text("PRAGMA foreign_keys = ON")
    await executor.text("PRAGMA journal_mode = WAL")
    # FULL, since an acknowledged save must outlive a power cut (NORMAL outlives a kill -9 only); one
    # fsync serves a whole group, so it costs nothing measurable.
    await executor.text("PRAGMA synchronous = FULL")
