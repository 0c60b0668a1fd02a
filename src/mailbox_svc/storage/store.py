"""The store: transactions of one user with their repositories, and the few questions over all users."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from mailbox_svc.errors import ConfigError
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import SyncSurvey
from mailbox_svc.ports.schedules import Admit, Enqueue
from mailbox_svc.storage import url as database_url
from mailbox_svc.storage.authorization_rows import AuthorizationRows
from mailbox_svc.storage.contact_rows import ContactRows
from mailbox_svc.storage.database import Database, Executor
from mailbox_svc.storage.duplicate_rows import DuplicateRows
from mailbox_svc.storage.folder_rows import FolderRows
from mailbox_svc.storage.group_rows import GroupRows
from mailbox_svc.storage.harvest_rows import HarvestRows
from mailbox_svc.storage.mailbox_rows import MailboxRows
from mailbox_svc.storage.postgres import open_postgres
from mailbox_svc.storage.schedule_rows import ScheduleRows
from mailbox_svc.storage.secret_rows import SecretRows
from mailbox_svc.storage.sqlite import open_sqlite

#: Users asked for at a time when going through all of them.
_PAGE = 500


@dataclass(frozen=True, slots=True)
class SqlTransaction:
    """Satisfies `ports.Transaction`."""

    mailboxes: MailboxRows
    secrets: SecretRows
    authorizations: AuthorizationRows
    harvests: HarvestRows
    schedules: ScheduleRows
    folders: FolderRows
    contacts: ContactRows
    groups: GroupRows
    duplicates: DuplicateRows


class SqlStore:
    """Satisfies `ports.Store`. Make it with `open_store` and close it in the same event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_background(self) -> SqlStore:
        """Return the same for work that nobody waits for: many transactions at once queue for connections.

        Calls, which do not wait long for one, always find some. Only the store itself is closed.
        """
        return SqlStore(self._database.in_background())

    @asynccontextmanager
    async def begin(self, user_id: str) -> AsyncIterator[SqlTransaction]:
        """Open a transaction as `ports.Store.begin` says. Transactions of one task do not nest."""
        async with self._database.transaction(user_id) as executor:
            yield _transaction(executor, user_id)

    @asynccontextmanager
    async def read(self, user_id: str) -> AsyncIterator[SqlTransaction]:
        """Open a transaction that only reads, as `ports.Store.read` says."""
        async with self._database.reading(user_id) as executor:
            yield _transaction(executor, user_id)

    async def list_mailboxes(self, user_id: str) -> list[Mailbox]:
        return await self._database.list_mailboxes(user_id)

    def refresh_lock(self, mailbox_id: str, *, timeout: float) -> AbstractAsyncContextManager[None]:
        return self._database.refresh_lock(mailbox_id, timeout=timeout)

    async def grant_is_shared(self, mailbox: Mailbox) -> bool:
        return await self._database.grant_is_shared(mailbox)

    async def claimable_harvests(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        rows = await self._database.claimable_harvests(now, limit)
        return [(user_id, harvest_id) for user_id, harvest_id in rows]

    async def dispatch_syncs(self, now: datetime, most: int, admit: Admit, enqueue: Enqueue) -> int:
        return await self._database.dispatch_syncs(now, most, admit, enqueue)

    async def sync_survey(self, now: datetime) -> SyncSurvey:
        return await self._database.sync_survey(now)

    async def release_syncs(self, now: datetime) -> None:
        await self._database.release_syncs(now)

    async def now(self) -> datetime:
        return await self._database.now()

    async def key_usage(self) -> dict[str, int]:
        return {key_id: int(secrets) for key_id, secrets in await self._database.key_usage()}

    async def users_with_stale_secrets(self, active_key_id: str) -> AsyncIterator[str]:
        after = ""
        while rows := await self._database.stale_users(active_key_id, after, _PAGE):
            for (user_id,) in rows:
                yield user_id
            after = rows[-1][0]

    @property
    def queue_connection(self) -> Callable[[], Awaitable[object]] | None:
        """Opens a connection of asyncpg's for the queue; None where the queue has to be in memory."""
        return self._database.queue_connection

    async def ping(self) -> None:
        await self._database.ping()

    async def check_ready(self) -> None:
        """Raise ConfigError when the schema is old or, on PostgreSQL, the role can see other users' rows."""
        await self._database.check_ready()

    async def close(self) -> None:
        """Finish what is being committed and let go of all connections."""
        await self._database.close()


def _transaction(executor: Executor, user_id: str) -> SqlTransaction:
    return SqlTransaction(
        mailboxes=MailboxRows(executor, user_id),
        secrets=SecretRows(executor, user_id),
        authorizations=AuthorizationRows(executor, user_id),
        harvests=HarvestRows(executor, user_id),
        schedules=ScheduleRows(executor, user_id),
        folders=FolderRows(executor, user_id),
        contacts=ContactRows(executor, user_id),
        groups=GroupRows(executor, user_id),
        duplicates=DuplicateRows(executor, user_id),
    )


async def open_store(url: str, *, pool_size: int = 10, direct_url: str | None = None) -> SqlStore:
    """Open the database of the URL; `pool_size` is PostgreSQL's. Raises ConfigError.

    `sqlite:///path` (made when missing) or `postgresql://…` with libpq's options. With `direct_url`, which
    names the same database, the URL may lead to a pooler in transaction mode.
    """
    direct = None if direct_url is None else database_url.parse(direct_url)
    match database_url.parse(url), direct:
        case database_url.SqliteFile(path), None:
            return SqlStore(await open_sqlite(path))
        case database_url.PostgresDsn(dsn), None | database_url.PostgresDsn():
            direct_dsn = direct.dsn if direct else None
            return SqlStore(open_postgres(dsn, pool_size=pool_size, direct_dsn=direct_dsn))
        case _:
            raise ConfigError(
                "A direct database URL goes with a pooler of PostgreSQL, and names PostgreSQL too."
            )
