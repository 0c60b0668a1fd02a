"""What the repositories need of a database: one small Protocol, satisfied by `sqlite` and `postgres`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import Select, UpdateBase

from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import SyncSurvey
from mailbox_svc.ports.schedules import Admit, Enqueue

#: A statement built once, at import, with `bindparam`s; each is compiled once.
Statement = Select[*tuple[Any, ...]] | UpdateBase
Parameters = Mapping[str, object]
Row = Sequence[Any]
DialectName = Literal["sqlite", "postgresql"]


class Executor(Protocol):
    """Runs statements inside one transaction, and only until its end."""

    @property
    def dialect(self) -> DialectName: ...

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        """Return the rows, or those of RETURNING. Raises StorageUnavailable."""

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement made with `dialects.insert_rows` or `values_of_row`, once for each row.

        The values go to the database as they are: times as text, no types of ours. Raises StorageUnavailable.
        """

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        """Run a statement that only takes a lock; nothing to do where one writer runs at a time."""


class Database(Protocol):
    """One database with its connections. Every method raises StorageUnavailable when it does not answer."""

    def in_background(self) -> Database:
        """Do what `SqlStore.in_background` says."""

    def transaction(self, user_id: str) -> AbstractAsyncContextManager[Executor]:
        """Open a read-write transaction for this user: commits at the end, an exception rolls back."""

    def reading(self, user_id: str) -> AbstractAsyncContextManager[Executor]:
        """Open a transaction of this user that only reads: each statement sees what is committed by then.

        Locks are not taken.
        """

    async def list_mailboxes(self, user_id: str) -> list[Mailbox]:
        """Return what `mailbox_rows.LIST` selects for this user."""

    async def claimable_harvests(self, now: datetime, limit: int) -> Sequence[Row]:
        """Return (user id, harvest id) of up to `limit` harvests that nobody runs, the oldest first."""

    async def dispatch_syncs(self, now: datetime, most: int, admit: Admit, enqueue: Enqueue) -> int:
        """Do what `ports.Store.dispatch_syncs` says."""

    async def sync_survey(self, now: datetime) -> SyncSurvey:
        """Do what `ports.Store.sync_survey` says."""

    async def release_syncs(self, now: datetime) -> None:
        """Do what `ports.Store.release_syncs` says."""

    async def now(self) -> datetime:
        """Return the time by the database's clock."""

    async def key_usage(self) -> Sequence[Row]:
        """Return (key id, number of secrets) over all users."""

    async def stale_users(self, active_key_id: str, after: str, limit: int) -> Sequence[Row]:
        """Return the ids, in order and greater than `after`, of users with secrets under another key."""

    def refresh_lock(self, mailbox_id: str, *, timeout: float) -> AbstractAsyncContextManager[None]:
        """Do what `ports.Store.refresh_lock` says."""

    async def grant_is_shared(self, mailbox: Mailbox) -> bool:
        """Do what `ports.Store.grant_is_shared` says."""

    @property
    def queue_connection(self) -> Callable[[], Awaitable[object]] | None:
        """Do what `SqlStore.queue_connection` says."""

    async def check_ready(self) -> None:
        """Raise ConfigError when schema or rights are not what the service needs."""

    async def ping(self) -> None: ...

    async def close(self) -> None: ...
