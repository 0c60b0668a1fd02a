"""PostgreSQL keeps users apart by itself: the application's own criterion is taken away here."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailbox_svc.errors import ConfigError, MailboxNotFound
from mailbox_svc.model.mailbox import Status
from mailbox_svc.model.secret import SealedSecret
from mailbox_svc.storage.authorization_rows import AuthorizationRows
from mailbox_svc.storage.mailbox_rows import LIST, MailboxRows
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.row_security import user_tables
from mailbox_svc.storage.secret_rows import SecretRows
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Vault
from support.authorizations import NOW, authorization_of, begin, take
from support.postgres import APP, OWNER, PostgresServer
from support.stores import FIELD, PreparedDatabase, add, context_of, mailbox_of
from support.without_criterion import WithoutCriterion
from support.without_criterion import opened_with_database as opened

SEALED = SealedSecret("22222222", b"\x01of-bob")


def test_every_table_with_a_user_is_secured_for_all_commands(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    def ask(statement: str) -> set[str]:
        return set(postgres_server.sql(statement, database=postgresql.name).split("\n"))

    with_user = ask(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'user_id'"
        " AND table_schema = 'public'"
    )
    assert with_user == set(user_tables())
    assert with_user == ask("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    # One policy for all commands with a check for what is written; further ones are the owner's alone.
    assert (
        ask(
            "SELECT tablename FROM pg_policies WHERE cmd = 'ALL' AND roles = '{public}'"
            " AND qual = with_check AND qual LIKE '%app.user_id%'"
        )
        == with_user
    )
    assert ask(
        "SELECT tablename || ' ' || cmd || ' ' || roles::text || ' ' || coalesce(with_check, 'no check')"
        " FROM pg_policies WHERE policyname <> 'own_rows'"
    ) == {
        *(f"{table} SELECT {{{OWNER}}} no check" for table in ("harvests", "mailbox_secrets", "mailboxes")),
        f"authorizations ALL {{{OWNER}}} false",
        f"schedules ALL {{{OWNER}}} true",
    }
    assert ask(
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
    ) == {""}


async def test_without_a_user_the_service_role_reads_and_changes_nothing(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, vault: Vault
) -> None:
    async with opened(postgresql.url) as (store, database):
        mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-p")
        # What a connection reads after its first transaction is '', which must be nobody as well.
        postgres_server.sql(
            "INSERT INTO mailboxes SELECT 'x', '', label, host, port, tls, login, auth, status, NULL, '',"
            " etag, secret_version, created_at, updated_at FROM mailboxes",
            database=postgresql.name,
        )
        async with database._engine.begin() as connection:
            for table in user_tables():
                for statement in (
                    f"SELECT * FROM {table}",
                    f"UPDATE {table} SET user_id = 'bob'",
                    f"DELETE FROM {table}",
                ):
                    assert (await connection.execute(text(statement))).rowcount == 0, statement
        assert await store.list_mailboxes("anna") == [mailbox]


async def test_rows_of_another_user_cannot_be_written(postgresql: PreparedDatabase) -> None:
    async with opened(postgresql.url) as (store, database):
        mailbox = await add(store, mailbox_of("bob"))
        update = "UPDATE mailboxes SET user_id = 'anna'"
        insert = (
            "INSERT INTO mailboxes SELECT 'x', 'anna', label, host, port, tls, login, auth, status, NULL, '',"
            " etag, secret_version, created_at, updated_at FROM mailboxes"
        )
        for statement in (update, insert):
            async with database._sessions(info={"user_id": "bob"}) as session:
                with pytest.raises(DBAPIError, match="row-level security"):
                    await session.execute(text(statement))
        assert await store.list_mailboxes("bob") == [mailbox]


async def test_with_the_applications_criterion_removed_another_user_still_sees_nothing(
    postgresql: PreparedDatabase, vault: Vault
) -> None:
    async with opened(postgresql.url) as (store, database):
        mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-anna")
        async with store.begin("anna") as tx:
            sealed = await tx.secrets.find(mailbox.id, FIELD)
        assert sealed is not None
        (begun,) = await begin(store, authorization_of("anna", vault, mailbox_id=mailbox.id))
        async with database.transaction("bob") as executor:
            stripped = WithoutCriterion(executor)
            mailboxes, secrets = MailboxRows(stripped, "bob"), SecretRows(stripped, "bob")
            assert await stripped.run(LIST, {}) == []
            assert await mailboxes.find(mailbox.id) is None
            assert await mailboxes.count() == 0
            await mailboxes.update(replace(mailbox, label="taken"))
            await mailboxes.record_test(
                mailbox.id, secret_version=1, status=Status.ERROR, tested_at=datetime.now(UTC), error="taken"
            )
            assert not await mailboxes.delete(mailbox.id)
            assert await secrets.find(mailbox.id, FIELD) is None
            assert await secrets.stale("another", 10) == []
            assert not await secrets.rewrapped(context_of(mailbox), sealed, SEALED)
            await secrets.delete(mailbox.id, FIELD)
            with pytest.raises(MailboxNotFound):
                await secrets.put(mailbox.id, FIELD, 1, SEALED)
            authorizations = AuthorizationRows(stripped, "bob")
            assert await authorizations.take(begun.state_hash) is None
            assert not await authorizations.rewrapped(begun.state_hash, begun.verifier, SEALED)
            await authorizations.insert(authorization_of("bob", vault), keep=1, now=NOW)
        assert await take(store, begun) == begun
        assert await store.list_mailboxes("anna") == [mailbox]
        async with store.begin("anna") as tx:
            assert await tx.secrets.find(mailbox.id, FIELD) == sealed


async def test_without_row_security_the_same_statements_would_show_all(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    """The control of the test above."""
    async with opened(postgresql.url) as (store, _):
        await add(store, mailbox_of("anna"))
    superuser = postgres_server.url("postgres", postgresql.name)
    async with opened(superuser) as (_, database), database.transaction("bob") as executor:
        assert len(await WithoutCriterion(executor).run(LIST, {})) == 1
        assert await executor.run(LIST, {"for_user": "bob"}) == []


async def test_a_reused_connection_forgets_its_user(postgresql: PreparedDatabase) -> None:
    whoami = text(
        "SELECT pg_backend_pid(), current_setting('app.user_id', true), (SELECT count(*) FROM mailboxes)"
    )
    async with opened(postgresql.url) as (store, database):
        await add(store, mailbox_of("anna"))
        seen = []
        for user in ("anna", "bob", None, "anna", None):
            if user is None:
                async with database._engine.connect() as connection:
                    seen.append((await connection.execute(whoami)).one())
            else:
                async with database._sessions(info={"user_id": user}) as session:
                    seen.append((await session.execute(whoami)).one())
    assert len({pid for pid, _, _ in seen}) == 1
    assert [(user, rows) for _, user, rows in seen] == [
        ("anna", 1),
        ("bob", 0),
        ("", 0),
        ("anna", 1),
        ("", 0),
    ]


async def test_hundreds_of_cancellations_leak_neither_user_nor_rows_nor_a_transaction(
    postgresql: PreparedDatabase, postgres_server: PostgresServer
) -> None:
    chance = random.Random(13)
    state = text("SELECT current_setting('app.user_id', true), (SELECT count(*) FROM mailboxes)")
    cancelled = 0

    async def work(store: SqlStore) -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.count()
            await tx.mailboxes.insert(mailbox_of("anna", label="never"))
            await asyncio.sleep(0.003)
            await tx.mailboxes.count()
            raise RuntimeError

    async with opened(postgresql.url) as (store, database):
        await add(store, mailbox_of("anna", label="kept"))
        for _ in range(250):
            task = asyncio.create_task(work(store))
            await asyncio.sleep(chance.uniform(0, 0.006))
            task.cancel()
            await asyncio.wait({task})
            cancelled += task.cancelled()
            async with database._engine.connect() as connection:
                user, rows = (await connection.execute(state)).one()
                assert (user or "", rows) == ("", 0)
        assert [mailbox.label for mailbox in await store.list_mailboxes("anna")] == ["kept"]
        idle = (
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgresql.name}' AND state <> 'idle'"
        )
        assert postgres_server.sql(idle) == "0"
    assert cancelled > 75


async def test_the_survey_functions_are_for_the_service_alone_and_tell_ids_and_counts(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, vault: Vault
) -> None:
    async with opened(postgresql.url) as (store, _):
        await add(store, mailbox_of("anna"), vault, "CANARY-p")
        assert await store.key_usage() == {vault.active_key_id: 1}
        assert [user async for user in store.users_with_stale_secrets("another")] == ["anna"]
    acl = postgres_server.sql(
        "SELECT proname, prosecdef, proconfig, proacl FROM pg_proc WHERE proname LIKE 'mailbox_%' ORDER BY 1",
        database=postgresql.name,
    )
    for line in acl.split("\n"):
        assert '|t|{"search_path=pg_catalog, pg_temp"}|' in line
        assert f"{APP}=X/{OWNER}" in line
        assert "{=X" not in line
        assert ",=X" not in line


@pytest.fixture
def other_role(postgres_server: PostgresServer) -> Any:
    roles: list[str] = []

    def make(options: str) -> str:
        name = f"other_{len(roles)}"
        postgres_server.sql(f"CREATE ROLE {name} LOGIN {options}")
        roles.append(name)
        return name

    yield make
    for name in roles:
        for database in postgres_server.sql("SELECT datname FROM pg_database WHERE datallowconn").split("\n"):
            postgres_server.sql(f"DROP OWNED BY {name}", database=database)
        postgres_server.sql(f"DROP ROLE {name}")


@pytest.mark.parametrize("options", ["SUPERUSER", "BYPASSRLS", f"IN ROLE {OWNER}", "IN ROLE mighty", ""])
async def test_a_role_that_row_security_does_not_bind_or_that_has_no_rights_is_refused(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, other_role: Any, options: str
) -> None:
    if "mighty" in options:
        options = f"IN ROLE {other_role('BYPASSRLS')}"
    async with opened(postgres_server.url(other_role(options), postgresql.name)) as (store, _):
        postgres_server.sql("GRANT SELECT ON alembic_version TO PUBLIC", database=postgresql.name)
        with pytest.raises(ConfigError) as refused:
            await store.check_ready()
        words = {"": "may not use", f"IN ROLE {OWNER}": "owns"}.get(options, "bypass")
        assert words in str(refused.value)


async def test_the_owner_is_refused(postgresql: PreparedDatabase) -> None:
    async with opened(postgresql.owner_url) as (store, _):
        with pytest.raises(ConfigError, match="owns the table"):
            await store.check_ready()


@pytest.mark.parametrize("table", user_tables())
async def test_a_table_without_forced_row_security_is_refused(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, table: str
) -> None:
    postgres_server.sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY", database=postgresql.name)
    async with opened(postgresql.url) as (store, _):
        with pytest.raises(ConfigError, match=f"not forced on the table {table}"):
            await store.check_ready()


async def test_the_rights_can_be_given_to_another_role_later(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, other_role: Any
) -> None:
    role = other_role("")
    await migrate(postgresql.owner_url, app_role=role)
    async with opened(postgres_server.url(role, postgresql.name)) as (store, _):
        await store.check_ready()
        await add(store, mailbox_of("anna"))
