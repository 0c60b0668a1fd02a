"""SQLite: one connection that reads, one that writes, statements in one hop, commits in groups.

Several processes may open the same file. SQLite has no row-level security, so the statements' own
`user_id` criterion is the only wall here; the repository tests prove it on every method.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import UTC, datetime
from typing import Self

import aiosqlite
from sqlalchemy import bindparam, exists, func, or_, select, union, union_all

from mailbox_svc.errors import ConfigError, StorageUnavailable
from mailbox_svc.model.harvest import HarvestState
from mailbox_svc.model.mailbox import Auth, Mailbox
from mailbox_svc.model.schedule import SyncSurvey
from mailbox_svc.model.secret import SecretField
from mailbox_svc.ports.schedules import Admit, Enqueue
from mailbox_svc.storage.columns import UNFINISHED
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.dispatch import SOME_DUE, dispatch_on_sqlite, release_on_sqlite, survey_on_sqlite
from mailbox_svc.storage.file_lock import file_lock
from mailbox_svc.storage.group_commit import BUSY_TIMEOUT, GroupCommit, SqliteExecutor
from mailbox_svc.storage.mailbox_rows import account_of
from mailbox_svc.storage.refresh_locks import HoldNumber, RefreshLocks
from mailbox_svc.storage.schema import refuse_old_schema
from mailbox_svc.storage.shared_list import SharedList
from mailbox_svc.storage.tables import authorizations, harvests, mailbox_secrets, mailboxes

#: For the first change to a write-ahead log; the pause is in seconds.
_TRIES, _PAUSE = 50, 0.02

_SEALED = (mailbox_secrets, authorizations)
_KEYS = union_all(*(select(table.c.key_id) for table in _SEALED)).subquery()
_KEY_USAGE = select(_KEYS.c.key_id, func.count()).group_by(_KEYS.c.key_id)
_STALE = union(
    *(
        select(table.c.user_id).where(
            table.c.key_id != bindparam("active_key_id"), table.c.user_id > bindparam("after")
        )
        for table in _SEALED
    )
).subquery()
_STALE_USERS = select(_STALE.c.user_id).order_by(_STALE.c.user_id).limit(bindparam("page"))

_m = mailboxes.c
_SHARED = select(
    exists().where(
        _m.auth == Auth.OAUTH.value,
        _m.oauth_provider == bindparam("provider"),
        _m.host == bindparam("host"),
        _m.login == bindparam("login"),
        _m.id != bindparam("id"),
        # One whose permission was given back lives on none.
        exists().where(
            mailbox_secrets.c.mailbox_id == _m.id,
            mailbox_secrets.c.field == SecretField.MAILBOX_REFRESH_TOKEN.value,
        ),
    )
)

_h = harvests.c
_CLAIMABLE = (
    select(_h.user_id, _h.id)
    .where(
        UNFINISHED,
        or_(
            _h.state == HarvestState.QUEUED.value,
            _h.lease_until <= bindparam("now", type_=_h.lease_until.type),
        ),
    )
    .order_by(_h.created_at, _h.id)
    .limit(bindparam("most"))
)


class SqliteDatabase:
    """Satisfies `database.Database`."""

    def __init__(
        self,
        reader: aiosqlite.Connection,
        pages: aiosqlite.Connection,
        writer: aiosqlite.Connection,
        hold_number: HoldNumber,
    ) -> None:
        # A SELECT outside of a transaction is its own snapshot in WAL mode and never waits for writers.
        self._reader = SqliteExecutor(reader)
        self._list = SharedList(self._reader.raw)
        # Larger reads have a connection of their own, so that no List waits for one.
        self._pages = pages
        self._connections = (reader, pages, writer)
        self._writer = GroupCommit(writer)
        self._refresh_locks = RefreshLocks(hold_number)

    def in_background(self) -> Self:
        """Return itself: one writer runs at a time, and who waits for it is not sent away."""
        return self

    @asynccontextmanager
    async def transaction(self, user_id: str) -> AsyncIterator[Executor]:  # noqa: ARG002  (criterion, not session)
        async with self._writer.transaction() as executor:
            yield executor

    @asynccontextmanager
    async def reading(self, user_id: str) -> AsyncIterator[Executor]:  # noqa: ARG002  (as above)
        executor = SqliteExecutor(self._pages)
        if self._reader.ended:
            raise StorageUnavailable
        try:
            yield executor
        finally:
            executor.end()

    async def list_mailboxes(self, user_id: str) -> list[Mailbox]:
        return await self._list.of(user_id)

    async def claimable_harvests(self, now: datetime, limit: int) -> Sequence[Row]:
        return await self._reader.run(_CLAIMABLE, {"now": now, "most": limit})

    async def dispatch_syncs(self, now: datetime, most: int, admit: Admit, enqueue: Enqueue) -> int:
        if not await self._reader.run(SOME_DUE, {"now": now}):
            return 0  # the writer is left alone
        async with self._writer.transaction() as executor:
            return await dispatch_on_sqlite(executor, now, most, admit, enqueue)

    async def sync_survey(self, now: datetime) -> SyncSurvey:
        return await survey_on_sqlite(self._reader, now)

    async def release_syncs(self, now: datetime) -> None:
        async with self._writer.transaction() as executor:
            await release_on_sqlite(executor, now)

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def key_usage(self) -> Sequence[Row]:
        return await self._reader.run(_KEY_USAGE, {})

    async def stale_users(self, active_key_id: str, after: str, limit: int) -> Sequence[Row]:
        return await self._reader.run(
            _STALE_USERS, {"active_key_id": active_key_id, "after": after, "page": limit}
        )

    def refresh_lock(self, mailbox_id: str, *, timeout: float) -> AbstractAsyncContextManager[None]:
        return self._refresh_locks.hold(mailbox_id, timeout=timeout)

    async def grant_is_shared(self, mailbox: Mailbox) -> bool:
        async with self.reading(mailbox.user_id) as executor:
            rows = await executor.run(_SHARED, account_of(mailbox))
        return bool(rows[0][0])

    @property
    def queue_connection(self) -> None:
        return None

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
    # First without a thread of aiosqlite's: one that fails to connect may outlive its event loop.
    await asyncio.to_thread(_make, path)
    reader, pages, writer = [
        await aiosqlite.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT) for _ in range(3)
    ]
    for connection in (reader, pages):
        await SqliteExecutor(connection).text("PRAGMA query_only = ON")
    await SqliteExecutor(writer).text("PRAGMA foreign_keys = ON")
    # FULL, since an acknowledged save must outlive a power cut (NORMAL outlives a kill -9 only); one
    # fsync serves a whole group, so it costs nothing measurable.
    await SqliteExecutor(writer).text("PRAGMA synchronous = FULL")
    # In KiB. A harvest's chunk touches more pages than the usual 2 MB hold.
    await SqliteExecutor(writer).text("PRAGMA cache_size = -8000")
    return SqliteDatabase(reader, pages, writer, file_lock(path))


def _make(path: str) -> None:
    """Make the file, or see that it is a database, and set what it keeps: the write-ahead log."""
    for _ in range(_TRIES):
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as connection:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                break
            time.sleep(_PAUSE)  # two processes make the file at once: SQLite does not wait for this lock
        else:
            if mode == "wal":
                return
            break
    raise ConfigError(f"The database file {path} cannot be opened for writing.")
