"""Brings a database to the schema of this release: one transaction, one migrator at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from alembic import command
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mailbox_svc.errors import ConfigError
from mailbox_svc.storage import url as database_url
from mailbox_svc.storage.failures import storage_errors
from mailbox_svc.storage.postgres import postgres_engine
from mailbox_svc.storage.row_security import user_tables
from mailbox_svc.storage.schema import SchemaState, alembic_config, state
from mailbox_svc.storage.sqlite import open_sqlite

_MIGRATION_LOCK = 0x6D61696C  # "mail"; any number, the same in all releases
_FUNCTIONS = (
    "mailbox_key_usage()",
    "mailbox_stale_users(text, text, integer)",
    "mailbox_claimable_harvests(timestamptz, integer)",
    "mailbox_grant_is_shared(text, text, text, text)",
    "mailbox_prune_authorizations(timestamptz)",
    "mailbox_due_syncs(timestamptz, integer)",
    "mailbox_syncs_in_flight()",
    "mailbox_claim_syncs(text[], boolean[], timestamptz[])",
    "mailbox_sync_survey(timestamptz)",
)
#: PgQueuer's. They hold no user's data but the ids of mailboxes.
QUEUE_TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")


async def migrate(url: str, *, app_role: str | None = None) -> SchemaState:
    """Run the missing migrations and return where the schema was before and is now (`head`).

    On PostgreSQL `app_role` is the role that the service logs in as: it is granted what it needs
    and no more. Raises ConfigError when there is no such role, StorageUnavailable.
    """
    async with _connection(url) as connection:
        return await connection.run_sync(_upgrade, app_role)


async def schema_state(url: str) -> SchemaState:
    """Say where the schema stands. Raises StorageUnavailable."""
    async with _connection(url) as connection:
        return await connection.run_sync(lambda sync: state(_current(sync)))


def _upgrade(connection: Connection, app_role: str | None) -> SchemaState:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
    before = state(_current(connection))
    if before.behind:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if app_role is not None and connection.dialect.name == "postgresql":
        _grant(connection, app_role)
    return before


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _grant(connection: Connection, app_role: str) -> None:
    """Let the role use the tables, which it must not own. Safe to repeat, also with another role."""
    known = connection.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = :r"), {"r": app_role})
    if not known:
        raise ConfigError(f"There is no database role {app_role}: create it first (CREATE ROLE … LOGIN).")
    if connection.scalar(text("SELECT current_user")) == app_role:
        raise ConfigError("The service needs a database role of its own, not the one that migrates.")
    quote = connection.dialect.identifier_preparer.quote_identifier
    role, schema = quote(app_role), quote(str(connection.scalar(text("SELECT current_schema()"))))
    for grant in (
        f"USAGE ON SCHEMA {schema}",
        f"SELECT ON {schema}.alembic_version",
        *(f"SELECT, INSERT, UPDATE, DELETE ON {schema}.{table}" for table in (*user_tables(), *QUEUE_TABLES)),
        *(f"USAGE ON SEQUENCE {schema}.{table}_id_seq" for table in QUEUE_TABLES),
        *(f"EXECUTE ON FUNCTION {schema}.{function}" for function in _FUNCTIONS),
    ):
        connection.exec_driver_sql(f"GRANT {grant} TO {role}")


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[AsyncConnection]:
    engine = await _engine(url)
    try:
        with storage_errors():
            async with engine.begin() as connection:
                yield connection
    finally:
        await engine.dispose()


async def _engine(url: str) -> AsyncEngine:
    match database_url.parse(url):
        case database_url.PostgresDsn(dsn):
            return postgres_engine(dsn, pool_size=1)
        case database_url.SqliteFile(path):
            await (await open_sqlite(path)).close()  # says plainly when the file cannot be used
            engine = create_async_engine(URL.create("sqlite+aiosqlite", database=path), hide_parameters=True)
            event.listen(engine.sync_engine, "connect", _no_implicit_begin)
            event.listen(engine.sync_engine, "begin", _begin_immediate)
            return engine


def _no_implicit_begin(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    """Begin before the first DDL, which Python's sqlite3 would run outside of any transaction."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
