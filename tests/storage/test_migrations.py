"""Migrations make exactly the tables of `tables.py`, in one transaction, from anywhere."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Insert, LargeBinary, inspect, text

from mailbox_svc.errors import ConfigError
from mailbox_svc.model.contact import Filter, Typed
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.mailbox import Auth
from mailbox_svc.model.secret import Secret
from mailbox_svc.storage import migrate as migrating
from mailbox_svc.storage.mailbox_rows import _values
from mailbox_svc.storage.migrate import migrate, schema_state
from mailbox_svc.storage.schema import alembic_config
from mailbox_svc.storage.store import open_store
from mailbox_svc.storage.tables import (
    authorizations,
    folder_keys,
    folders,
    mailbox_secrets,
    mailboxes,
    metadata,
)
from mailbox_svc.vault import Vault
from support import postgres
from support.authorizations import authorization_of, begin
from support.evidence import NOW, chunk_of, folder_with, group_of, seen
from support.merges import by_address, found, judge_changed, merged, met
from support.stores import FIELD, KINDS, PreparedDatabase, add, context_of, mailbox_of, opened


@pytest.fixture(params=KINDS)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The owner's URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/100%25 new.db"
        return
    with postgres.server().database() as name:
        yield postgres.server().url(postgres.OWNER, name)


async def tables_of(url: str) -> set[str]:
    async with migrating._connection(url) as connection:
        return await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))


async def test_the_migrated_schema_is_the_one_of_the_code(database: PreparedDatabase) -> None:
    def differences(connection: Connection) -> Any:
        ours = {"include_name": lambda name, _kind, _parents: name not in migrating.QUEUE_TABLES}
        return compare_metadata(MigrationContext.configure(connection, opts=ours), metadata)

    async with migrating._connection(database.owner_url) as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_says_where_it_came_from_and_may_be_repeated(empty_url: str) -> None:
    assert (await schema_state(empty_url)).current is None
    first = await migrate(empty_url)
    assert (first.current, first.behind) == (None, True)
    again = await migrate(empty_url)
    assert (again.current, again.behind) == (first.head, False)
    assert await schema_state(empty_url) == again


async def test_it_works_from_a_thread_without_a_loop(empty_url: str) -> None:
    def run() -> None:
        asyncio.run(migrate(empty_url))

    await asyncio.to_thread(run)
    assert not (await schema_state(empty_url)).behind


async def test_two_at_once_migrate_once(empty_url: str) -> None:
    states = await asyncio.gather(migrate(empty_url), migrate(empty_url))
    assert sorted(state.behind for state in states) == [False, True]


async def test_processes_that_make_one_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    for number in range(30):
        url = f"sqlite:///{tmp_path}/{number}.db"
        states = await asyncio.gather(*(migrate(url) for _ in range(3)))
        assert sorted(state.behind for state in states) == [False, False, True]


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    async def fail_at_the_end() -> None:
        async with migrating._connection(empty_url) as connection:
            await connection.run_sync(migrating._upgrade, None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_at_the_end()
    assert await tables_of(empty_url) == set()


async def test_a_downgrade_removes_everything_and_an_upgrade_makes_it_again(empty_url: str) -> None:
    await migrate(empty_url)
    await alembic(empty_url, command.downgrade, "base")
    assert await tables_of(empty_url) == {"alembic_version"}
    await migrate(empty_url)
    queue = {*migrating.QUEUE_TABLES} if empty_url.startswith("postgresql") else set()
    assert await tables_of(empty_url) == {"alembic_version", *metadata.tables} | queue


def test_the_queue_tables_are_those_of_the_pgqueuer_that_is_installed() -> None:
    """Else a newer one would need its own upgrade, by a migration of ours."""
    pgq = Path(sys.executable).with_name("pgq")
    printed = subprocess.run([pgq, "sql", "install", "-d", "balanced"], capture_output=True, check=True)
    file = Path(migrating.__file__).parent / "migrations/versions/pgqueuer_1_6.sql"
    assert printed.stdout.decode() == file.read_text()


async def alembic(url: str, run: Callable[[Config, str], None], revision: str) -> None:
    """Upgrade or downgrade to a revision."""

    def work(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        run(config, revision)

    async with migrating._connection(url) as connection:
        await connection.run_sync(work)


async def test_before_and_after_oauth_a_database_keeps_what_it_has(
    database: PreparedDatabase, vault: Vault
) -> None:
    async with opened(database.url) as store:
        plain = await add(store, mailbox_of("anna"), vault, "CANARY-kept")
        connected = mailbox_of("bob", auth=Auth.OAUTH, oauth_provider="google")
        await add(store, connected)
        await begin(store, authorization_of("bob", vault, mailbox_id=connected.id))
        await alembic(database.owner_url, command.downgrade, "0002")
        assert "authorizations" not in await tables_of(database.owner_url)
        if database.kind == "postgresql":  # the release before asks the same functions
            assert await store.key_usage() == {vault.active_key_id: 1}
            assert [user async for user in store.users_with_stale_secrets("another")] == ["anna"]
        assert (await migrate(database.owner_url, app_role=postgres.APP)).current == "0002"
        await store.check_ready()
        assert await store.list_mailboxes("anna") == [plain]
        assert await store.list_mailboxes("bob") == [replace(connected, oauth_provider="")]
        async with store.begin("anna") as tx:
            kept = await tx.secrets.find(plain.id, FIELD)
        assert kept is not None
        assert vault.open(kept, context_of(plain)).reveal() == "CANARY-kept"
        await begin(store, authorization_of("bob", vault, mailbox_id=connected.id))
        assert await store.key_usage() == {vault.active_key_id: 2}


async def test_before_duplicates_no_contact_is_hidden_and_after_all_are_there(
    database: PreparedDatabase,
) -> None:
    async with opened(database.url) as store:
        before = await met(store, "Bob <bob@example.org>", "Rob <rob@example.org>", "Carl <carl@example.org>")
        bob, rob, carl = before.values()
        group = group_of("anna")
        async with store.begin("anna") as tx:
            await tx.groups.insert(group)
            await tx.groups.put_members(group.id, [(rob.id, 1)])
            await tx.contacts.update(replace(rob, typed=Typed(note="Met in Rome.")))
        before = await by_address(store)
        await merged(store, bob, await found(store, rob.id))
        await merged(store, carl, await found(store, bob.id))
        await alembic(database.owner_url, command.downgrade, "0003")
        assert "contact_merges" not in await tables_of(database.owner_url)
        assert (await migrate(database.owner_url, app_role=postgres.APP)).current == "0003"
        await store.check_ready()  # on PostgreSQL: row-level security is forced again
        async with store.begin("anna") as tx:
            await judge_changed(tx)
            assert await tx.contacts.count(Filter(kept=False)) == 0
            assert [group.members for group in await tx.groups.all()] == [1]
        after = await by_address(store)
        same: dict[str, Any] = {"revision": 0, "updated_at": NOW, "etag": ""}
        assert {address: replace(one, **same) for address, one in after.items()} == {
            address: replace(one, **same) for address, one in before.items()
        }
        await merged(store, after["bob@example.org"], after["rob@example.org"])


async def test_mailboxes_of_the_release_before_are_kept_with_all_they_had(
    empty_url: str, vault: Vault
) -> None:
    kind = "sqlite" if empty_url.startswith("sqlite") else "postgresql"
    mailbox = mailbox_of("anna", label="Größe", last_tested_at=datetime(2026, 2, 28, tzinfo=UTC))
    await alembic(empty_url, command.upgrade, "0001")
    async with migrating._connection(empty_url) as connection:
        if kind == "postgresql":
            await connection.execute(text("SELECT set_config('app.user_id', 'anna', true)"))
        row = _values(mailbox) | {"id": mailbox.id, "user_id": "anna", "created_at": mailbox.created_at}
        newer = {"oauth_provider", "last_remedy"}
        old = [c for c in mailboxes.columns if c.name in row and c.name not in newer]
        await connection.execute(Insert(mailboxes).values({column: row[column.name] for column in old}))
        sealed = vault.seal(Secret("CANARY-old"), context_of(mailbox))
        await connection.execute(
            Insert(mailbox_secrets).values(
                mailbox_id=mailbox.id,
                field=FIELD.value,
                user_id="anna",
                key_id=sealed.key_id,
                version=1,
                blob=sealed.blob,
            )
        )
    assert (await migrate(empty_url)).current == "0001"
    async with opened(empty_url) as store:
        async with store.begin("anna") as tx:
            found = await tx.mailboxes.find(mailbox.id)
            assert found == replace(mailbox, has_password=True)
            kept = await tx.secrets.find(mailbox.id, FIELD)
            assert kept is not None
            assert vault.open(kept, context_of(mailbox)).reveal() == "CANARY-old"
            assert await tx.harvests.policy(mailbox.id) is Policy.CORRESPONDED
        await folder_with(store, chunk_of(seen("bob@example.org", received=1)), mailbox=mailbox)
        async with store.begin("anna") as tx:
            assert await tx.mailboxes.delete(mailbox.id)


async def test_a_database_that_was_not_migrated_is_not_served(empty_url: str) -> None:
    async with opened(empty_url) as store:
        with pytest.raises(ConfigError, match="run 'mailbox-svc migrate'"):
            await store.check_ready()


async def test_a_database_of_a_newer_release_is_served_with_a_warning(
    database: PreparedDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    async with migrating._connection(database.owner_url) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not (await migrate(database.owner_url)).behind
    async with opened(database.url) as store:
        await store.check_ready()
        (warning,) = [record for record in caplog.records if "newer release" in record.message]
        assert warning.__dict__["revision"] == "9999"


@pytest.mark.parametrize(
    ("role", "words"),
    [("no_such_role", "no database role no_such_role"), (postgres.OWNER, "role of its own")],
)
async def test_a_service_role_that_cannot_be_is_said_and_nothing_is_done(role: str, words: str) -> None:
    with postgres.server().database() as name:
        url = postgres.server().url(postgres.OWNER, name)
        with pytest.raises(ConfigError, match=words):
            await migrate(url, app_role=role)
        assert await tables_of(url) == set()


def test_encrypted_values_are_in_two_tables() -> None:
    """Rotation and deletion go by these; a secret elsewhere would escape them."""
    binary = {
        c for table in metadata.tables.values() for c in table.columns if isinstance(c.type, LargeBinary)
    }
    # A folder's name as its server wrote it, and hashes of message ids.
    assert binary == {
        mailbox_secrets.c.blob,
        authorizations.c.blob,
        folders.c.raw_name,
        folder_keys.c["keys"],
    }


@pytest.mark.parametrize(
    "url",
    [
        "mysql://anna:CANARY-pw@host/db",
        "postgresql+psycopg://anna:CANARY-pw@host/db",
        "CANARY-pw",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://anna:CANARY-pw@host:notaport/db",
        "sqlite:////nowhere/at/all/mailboxes.db",
        "sqlite:////tmp",
    ],
)
async def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    for use in (open_store, migrate):
        with pytest.raises(ConfigError) as refused:
            await use(url)
        assert "CANARY" not in str(refused.value)
