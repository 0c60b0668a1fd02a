"""Databases of both kinds, ready for the service, and mailboxes to put there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.model.secret import Secret, SecretContext, SecretField
from mailbox_svc.ports import Store, Vault
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.store import SqlStore, open_store
from support import postgres
from support.recycling import recycled

KINDS = ("sqlite", "postgresql")
FIELD = SecretField.MAILBOX_PASSWORD


@dataclass(frozen=True, slots=True)
class PreparedDatabase:
    """A migrated database."""

    kind: str
    #: What the service opens.
    url: str
    #: What migrates; on SQLite the same.
    owner_url: str
    #: The database's name on PostgreSQL, its path on SQLite.
    name: str


_templates: list[str] = []
_migrated_files: list[bytes] = []


@asynccontextmanager
async def prepared(kind: str, folder: Path) -> AsyncIterator[PreparedDatabase]:
    """Make a migrated database of this kind; on SQLite as a file in `folder`."""
    if kind == "sqlite":
        path = folder / "mailboxes.db"
        url = await migrated_file(path)
        yield PreparedDatabase(kind, url, url, str(path))
        return
    server = postgres.server()
    with recycled(server, await _template(server)) as name:
        yield PreparedDatabase(kind, server.url(postgres.APP, name), server.url(postgres.OWNER, name), name)


async def migrated_file(path: Path) -> str:
    """Make a migrated SQLite file and return its URL. Alembic makes one in a run, the others are copies."""
    url = f"sqlite:///{path}"
    if _migrated_files:
        await asyncio.to_thread(path.write_bytes, _migrated_files[0])
    else:
        await migrate(url)
        _migrated_files.append(await asyncio.to_thread(path.read_bytes))
    return url


async def _template(server: postgres.PostgresServer) -> str:
    """Migrate once in a run; PostgreSQL copies a database faster than alembic makes one."""
    if not _templates:
        server.sql(f"CREATE DATABASE mailboxes_template OWNER {postgres.OWNER}")
        await migrate(server.url(postgres.OWNER, "mailboxes_template"), app_role=postgres.APP)
        _templates.append("mailboxes_template")
    return _templates[0]


def mailbox_of(user_id: str, **changes: Any) -> Mailbox:
    """Return a new mailbox of this user."""
    now = datetime.now(UTC)
    mailbox = Mailbox(
        id=str(uuid.uuid4()),
        user_id=user_id,
        label="Work",
        destination=Destination(host="imap.example.org", port=993, tls=True, user="anna@example.org"),
        auth=Auth.PASSWORD,
        has_password=False,
        status=Status.PENDING,
        last_tested_at=None,
        last_error="",
        etag="etag-1",
        secret_version=1,
        created_at=now,
        updated_at=now,
    )
    return replace(mailbox, **changes)


def context_of(mailbox: Mailbox) -> SecretContext:
    return SecretContext(FIELD, mailbox.user_id, mailbox.id, mailbox.destination, mailbox.secret_version)


@asynccontextmanager
async def opened(url: str, *, pool_size: int = 2, direct_url: str | None = None) -> AsyncIterator[SqlStore]:
    """Open a store and close it whatever happens: SQLite's threads would keep the process alive."""
    store = await open_store(url, pool_size=pool_size, direct_url=direct_url)
    try:
        yield store
    finally:
        await store.close()


async def add(store: Store, mailbox: Mailbox, vault: Vault | None = None, password: str = "") -> Mailbox:
    """Insert the mailbox, with its password when there is a vault, in one transaction."""
    async with store.begin(mailbox.user_id) as tx:
        await tx.mailboxes.insert(mailbox)
        if vault is not None:
            sealed = vault.seal(Secret(password), context_of(mailbox))
            await tx.secrets.put(mailbox.id, FIELD, mailbox.secret_version, sealed)
    return replace(mailbox, has_password=vault is not None)
