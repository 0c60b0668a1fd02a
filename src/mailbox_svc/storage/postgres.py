"""PostgreSQL through asyncpg, where row-level security shows each transaction one user's rows.

The user is named in SQLAlchemy's `after_begin`, so that no transaction of a session can be without
(not in `before_cursor_execute`: cancelled there, a connection goes back to the pool with its
transaction open, sqlalchemy#13381). The setting is local to the transaction; a session for no user
has no setting, and the policies then show no row.
"""

from __future__ import annotations

import asyncio
import select as select_
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, Literal, Self

import asyncpg
from sqlalchemy import Connection, CursorResult, bindparam, column, event, func, select, text
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import QueuePool

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import SyncSurvey
from mailbox_svc.ports.schedules import Admit, Enqueue
from mailbox_svc.storage.advisory_lock import advisory_lock
from mailbox_svc.storage.database import Executor, Parameters, Row, Statement
from mailbox_svc.storage.dialects import as_rows
from mailbox_svc.storage.dispatch import dispatch_on_postgres, survey_on_postgres
from mailbox_svc.storage.failures import storage_errors
from mailbox_svc.storage.mailbox_rows import LIST, account_of, mailbox_from
from mailbox_svc.storage.refresh_locks import RefreshLocks
from mailbox_svc.storage.row_security import refuse_bypass
from mailbox_svc.storage.schema import refuse_old_schema

#: Seconds; a call that waits longer fails, so that it fails before its own deadline.
CONNECT_TIMEOUT = 3.0
POOL_TIMEOUT = 3.0
_COMMAND_TIMEOUT = 10

# Functions of the migrations, with the owner's rights: they see all users, and tell ids, counts, yes or no.
_KEY_USAGE = select(func.mailbox_key_usage().table_valued(column("key_id"), column("secrets")))
_STALE_USERS = select(
    func.mailbox_stale_users(
        bindparam("active_key_id"), bindparam("after"), bindparam("page")
    ).column_valued()
)
_CLAIMABLE = select(
    func.mailbox_claimable_harvests(bindparam("now"), bindparam("most")).table_valued(
        column("user_id"), column("id")
    )
)
_SHARED = select(
    func.mailbox_grant_is_shared(
        bindparam("id"), bindparam("provider"), bindparam("host"), bindparam("login")
    )
)
_CLOCK = select(func.clock_timestamp())
_BEGIN_AS = text("SELECT set_config('app.user_id', :user_id, true), set_config('lock_timeout', '5s', true)")
_BEGIN_READING_AS = text(
    "SELECT set_config('transaction_read_only', 'on', true), set_config('app.user_id', :user_id, true)"
)


class _UserSession(Session):
    """A session whose every transaction runs as the user in its `info`."""


@event.listens_for(_UserSession, "after_begin")
def _become_user(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    begin = _BEGIN_READING_AS if session.info.get("read_only") else _BEGIN_AS
    connection.execute(begin, {"user_id": session.info["user_id"]})


class PostgresExecutor:
    """Satisfies `database.Executor` on one session."""

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.failed = False
        self.ended = False

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        if self.ended:  # the session would begin another transaction, which nobody ends
            raise StorageUnavailable
        try:
            with storage_errors():
                result = await self._session.execute(statement, dict(parameters))
                return result.all() if isinstance(result, CursorResult) and result.returns_rows else ()
        except StorageUnavailable:
            self.failed = True
            raise

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        await self.run(statement, as_rows(rows))

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        await self.run(statement, parameters)


class _Reading(PostgresExecutor):
    """Takes no locks: a transaction that only reads may not, and has nothing to keep from others."""

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        pass


class PostgresDatabase:
    """Satisfies `database.Database`."""

    def __init__(
        self,
        engine: AsyncEngine,
        refresh_locks: RefreshLocks,
        connect: Callable[[], Awaitable[object]],
        *,
        turns: AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        """`turns` is entered for each transaction of a user, and decides how many there are at a time."""
        self._engine = engine
        self._connect = connect
        self._refresh_locks = refresh_locks
        self._turns = turns or nullcontext()
        self._sessions = async_sessionmaker(engine, sync_session_class=_UserSession)

    def in_background(self) -> Self:
        """Return the same database, where transactions wait for a turn; a fifth of the pool is for calls."""
        pool = self._engine.pool
        assert isinstance(pool, QueuePool)  # noqa: S101  (as `postgres_engine` makes it)
        turns = asyncio.Semaphore(max(1, pool.size() - max(1, pool.size() // 5)))
        return type(self)(self._engine, self._refresh_locks, self._connect, turns=turns)

    @asynccontextmanager
    async def transaction(self, user_id: str) -> AsyncIterator[Executor]:
        async with self._turns, self._sessions(info={"user_id": user_id}) as session:
            executor = PostgresExecutor(session)
            try:
                yield executor
            finally:
                executor.ended = True
            if executor.failed:  # swallowed by the caller; COMMIT would now roll back and call it success
                raise StorageUnavailable
            with storage_errors():
                await session.commit()

    @asynccontextmanager
    async def reading(self, user_id: str) -> AsyncIterator[Executor]:
        async with self._turns, self._sessions(info={"user_id": user_id, "read_only": True}) as session:
            executor = _Reading(session)
            try:
                yield executor
            finally:
                executor.ended = True

    async def list_mailboxes(self, user_id: str) -> list[Mailbox]:
        async with self._sessions(info={"user_id": user_id}) as session:
            rows = await PostgresExecutor(session).run(LIST, {"for_user": user_id})
        return [mailbox_from(row) for row in rows]

    async def claimable_harvests(self, now: datetime, limit: int) -> Sequence[Row]:
        return await self._survey(_CLAIMABLE, {"now": now, "most": limit})

    async def dispatch_syncs(self, now: datetime, most: int, admit: Admit, enqueue: Enqueue) -> int:
        return await dispatch_on_postgres(self._engine, now, most, admit, enqueue)

    async def sync_survey(self, now: datetime) -> SyncSurvey:
        return await survey_on_postgres(self._engine, now)

    async def release_syncs(self, now: datetime) -> None:
        """Do nothing: the queue is in the database, and other processes may be at work on it."""

    async def now(self) -> datetime:
        moment: datetime = (await self._survey(_CLOCK, {}))[0][0]
        return moment.astimezone(UTC)

    async def key_usage(self) -> Sequence[Row]:
        return await self._survey(_KEY_USAGE, {})

    async def stale_users(self, active_key_id: str, after: str, limit: int) -> Sequence[Row]:
        return await self._survey(
            _STALE_USERS, {"active_key_id": active_key_id, "after": after, "page": limit}
        )

    def refresh_lock(self, mailbox_id: str, *, timeout: float) -> AbstractAsyncContextManager[None]:
        return self._refresh_locks.hold(mailbox_id, timeout=timeout)

    async def grant_is_shared(self, mailbox: Mailbox) -> bool:
        rows = await self._survey(_SHARED, account_of(mailbox))
        return bool(rows[0][0])

    @property
    def queue_connection(self) -> Callable[[], Awaitable[object]]:
        return self._connect

    async def check_ready(self) -> None:
        with storage_errors():
            async with self._engine.connect() as connection:
                known = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
                revision = (
                    await connection.scalar(text("SELECT version_num FROM alembic_version"))
                    if known
                    else None
                )
                refuse_old_schema(revision)
                await connection.run_sync(refuse_bypass)

    async def ping(self) -> None:
        with storage_errors():
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()

    async def _survey(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        with storage_errors():
            async with self._engine.connect() as connection:
                return (await connection.execute(statement, dict(parameters))).all()


def open_postgres(dsn: str, *, pool_size: int, direct_dsn: str | None = None) -> PostgresDatabase:
    """Make a database; it connects when first used. With `direct_dsn` the other leads to a pooler."""

    async def for_lock(patience: float) -> asyncpg.Connection:
        return await asyncpg.connect(dsn, timeout=patience)

    async def for_queue() -> asyncpg.Connection:
        return await asyncpg.connect(direct_dsn or dsn, timeout=CONNECT_TIMEOUT)

    engine = postgres_engine(dsn, pool_size=pool_size, pooled=direct_dsn is not None)
    return PostgresDatabase(engine, RefreshLocks(advisory_lock(for_lock)), for_queue)


def postgres_engine(dsn: str, *, pool_size: int, pooled: bool = False) -> AsyncEngine:
    """Make an engine; it connects when first used.

    `pooled` is for a pooler in transaction mode: each transaction may be another server connection's, which
    knows no statement that was prepared in the last one. So none has a name, and none is kept.
    """
    of_driver: dict[str, Any] = {"timeout": CONNECT_TIMEOUT, "command_timeout": _COMMAND_TIMEOUT}
    of_dialect: dict[str, Any] = {}
    if pooled:
        of_driver |= {"statement_cache_size": 0}
        of_dialect |= {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}

    def connect() -> Any:  # as `async_creator` does, which takes no arguments of the dialect's
        dbapi: Any = engine.dialect.dbapi
        return dbapi.connect(async_creator_fn=lambda: asyncpg.connect(dsn, **of_driver), **of_dialect)

    engine = create_async_engine(
        "postgresql+asyncpg://",
        creator=connect,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_reset_on_return="rollback",  # ends the transaction, and the user's name with it
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: AdaptedConnection, *_: object) -> None:
    """Have the pool replace a connection that the server has closed, as its restart does.

    In the place of the pool's own ping, which is three round trips before each transaction. The kernel
    knows it before the event loop does.
    """
    driver_connection: asyncpg.Connection = connection.driver_connection
    if driver_connection.is_closed():
        raise DisconnectionError
    hung_up = select_.poll()
    sock = driver_connection._transport.get_extra_info("socket")  # noqa: SLF001  (nothing public leads there)
    hung_up.register(sock.fileno(), select_.POLLRDHUP)
    if hung_up.poll(0):
        raise DisconnectionError
