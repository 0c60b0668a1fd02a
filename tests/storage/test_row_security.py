"""PostgreSQL keeps users apart by itself: the application's own criterion is taken away here."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Insert, text
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.exc import DBAPIError

from mailbox_svc.errors import ConfigError, GroupNotFound, MailboxNotFound, StorageUnavailable
from mailbox_svc.model.contact import Contact, Filter, Group, Order, Typed
from mailbox_svc.model.harvest import Harvest, HarvestState, Policy, Progress
from mailbox_svc.model.mailbox import Status
from mailbox_svc.model.secret import SealedSecret
from mailbox_svc.storage.database import DialectName, Executor, Parameters, Row, Statement
from mailbox_svc.storage.dialects import as_rows
from mailbox_svc.storage.mailbox_rows import LIST, MailboxRows
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.postgres import PostgresDatabase, postgres_engine
from mailbox_svc.storage.row_security import user_tables
from mailbox_svc.storage.secret_rows import SecretRows
from mailbox_svc.storage.store import SqlStore, SqlTransaction, _transaction
from mailbox_svc.vault import Vault
from support.evidence import chunk_of, folder_with, group_of, harvest_of, judge_all, named, seen
from support.postgres import APP, OWNER, PostgresServer
from support.stores import FIELD, PreparedDatabase, add, context_of, mailbox_of

SEALED = SealedSecret("22222222", b"\x01of-bob")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[SqlStore, PostgresDatabase]]:
    """A store whose one connection is used again and again."""
    database = PostgresDatabase(postgres_engine(url, pool_size=1))
    try:
        yield SqlStore(database), database
    finally:
        await database.close()


class WithoutCriterion:
    """Runs each statement with its WHERE taken away, as a defect of ours might."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def dialect(self) -> DialectName:
        return self._executor.dialect

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        bare: Any = statement._clone()
        bare._where_criteria = ()
        if isinstance(bare, Insert) and bare.select is not None:
            bare.select = bare.select._clone()
            bare.select._where_criteria = ()
        known = bare.compile(dialect=postgresql_dialect.dialect()).params  # type: ignore[no-untyped-call]
        return await self._executor.run(bare, {name: v for name, v in parameters.items() if name in known})

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        await self.run(statement, as_rows(rows))

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        await self.run(statement, parameters)


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
    # One policy for all commands with a check for what is written, and one by which the owner reads.
    assert (
        ask(
            "SELECT tablename FROM pg_policies WHERE cmd = 'ALL' AND roles = '{public}'"
            " AND qual = with_check AND qual LIKE '%app.user_id%'"
        )
        == with_user
    )
    assert ask(
        "SELECT tablename || ' ' || cmd || ' ' || roles::text FROM pg_policies WHERE cmd <> 'ALL'"
    ) == {f"{table} SELECT {{{OWNER}}}" for table in ("harvests", "mailbox_secrets")}
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
        assert await store.list_mailboxes("anna") == [mailbox]
        async with store.begin("anna") as tx:
            assert await tx.secrets.find(mailbox.id, FIELD) == sealed


async def everything(store: SqlStore, user: str) -> object:
    """Return all that the user has of harvests, folders, contacts and groups."""
    mailboxes = await store.list_mailboxes(user)
    async with store.read(user) as tx:
        contacts = await tx.contacts.page(Filter(kept=None), Order.RANK, after=None, limit=100)
        kept: list[object] = [contacts, await tx.groups.all(), await tx.folders.own_addresses()]
        for mailbox in mailboxes:
            kept += [await tx.harvests.latest(mailbox.id), await tx.harvests.policy(mailbox.id)]
            kept += [await tx.folders.all(mailbox.id), await tx.folders.message_keys(mailbox.id)]
        for group in await tx.groups.all():
            kept.append(await tx.groups.revisions(group.id, [contact.id for contact in contacts]))
    async with store.begin(user) as tx:
        return kept, await tx.contacts.unjudged(100), await tx.contacts.evidence([c.id for c in contacts])


async def test_with_the_criterion_removed_what_was_harvested_is_the_users_own_still(
    postgresql: PreparedDatabase,
) -> None:
    async with opened(postgresql.url) as (store, database):
        chunk = chunk_of(seen("carl@example.org", sent_to=1), names=[named("carl@example.org", "Carl", 1)])
        mailbox, folder = await folder_with(store, chunk)
        await judge_all(store)
        harvest, group = harvest_of(mailbox), group_of("anna")
        async with store.begin("anna") as tx:
            await tx.harvests.insert(harvest)
            await tx.groups.insert(group)
            (contact,) = await tx.contacts.page(Filter(), Order.RANK, after=None, limit=5)
            await tx.groups.put_members(group.id, [(contact.id, 1)])
            await tx.folders.add_own_addresses(mailbox.id, ["anna@example.org"])
        await folder_with(store, chunk, mailbox=mailbox, name=b"Archive")
        before = await everything(store, "anna")
        for work in intrusions(mailbox.id, folder.id, harvest, contact, group):
            with suppress(StorageUnavailable, MailboxNotFound, GroupNotFound):
                async with database.transaction("bob") as executor:
                    assert not await work(_transaction(WithoutCriterion(executor), "bob"))
        assert await everything(store, "anna") == before
        assert await everything(store, "bob") == ([[], [], {}], [], [])


def intrusions(
    mailbox_id: str, folder_id: int, harvest: Harvest, contact: Contact, group: Group
) -> Iterator[Callable[[SqlTransaction], Awaitable[object]]]:
    """Yield every use of another user's things; what one returns must be nothing."""
    chunk = chunk_of(seen("eve@example.org"), names=[named("eve@example.org", "Eve", 1)])
    now = datetime.now(UTC)
    ended = replace(harvest, state=HarvestState.DONE)
    typed = replace(contact, typed=Typed("taken"))
    yield lambda tx: tx.harvests.find(harvest.id)
    yield lambda tx: tx.harvests.latest(mailbox_id)
    yield lambda tx: tx.harvests.unfinished(mailbox_id)
    yield lambda tx: tx.harvests.insert(replace(harvest, id="x", state=HarvestState.DONE))
    yield lambda tx: tx.harvests.claim(harvest.id, now=now, lease_until=now)
    yield lambda tx: tx.harvests.beat(harvest.id, 0, progress=Progress(), lease_until=now)
    yield lambda tx: tx.harvests.finish(ended)
    yield lambda tx: tx.harvests.cancel(harvest.id, now=now)
    yield lambda tx: tx.harvests.set_policy(mailbox_id, Policy.EVERYONE)
    yield lambda tx: tx.folders.all(mailbox_id)
    yield lambda tx: tx.folders.add(mailbox_id, b"INBOX", 1)
    yield lambda tx: tx.folders.take_back(folder_id)
    yield lambda tx: tx.folders.commit(folder_id, chunk)
    yield lambda tx: tx.folders.set_highestmodseq(folder_id, 9)
    yield lambda tx: tx.folders.message_keys(mailbox_id)
    yield lambda tx: tx.folders.own_addresses()
    yield lambda tx: tx.folders.add_own_addresses(mailbox_id, ["carl@example.org"])
    yield lambda tx: tx.mailboxes.delete(mailbox_id)
    yield lambda tx: tx.contacts.unjudged(100)
    yield lambda tx: tx.contacts.evidence([contact.id])
    yield lambda tx: tx.contacts.find(contact.id)
    yield lambda tx: tx.contacts.page(Filter(kept=None), Order.RANK, after=None, limit=100)
    yield lambda tx: tx.contacts.count(Filter(kept=None))
    yield lambda tx: tx.contacts.update(typed)
    yield lambda tx: tx.contacts.delete(contact.id, now=now)
    yield lambda tx: tx.groups.all()
    yield lambda tx: tx.groups.count()
    yield lambda tx: tx.groups.find(group.id)
    yield lambda tx: tx.groups.named(group.name)
    yield lambda tx: tx.groups.update(replace(group, name="taken"))
    yield lambda tx: tx.groups.delete(group.id)
    yield lambda tx: tx.groups.revisions(group.id, [contact.id])
    yield lambda tx: tx.groups.put_members(group.id, [(contact.id, 9)])
    yield lambda tx: tx.groups.remove_members(group.id, [contact.id])


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


async def test_a_thousand_cancellations_leak_neither_user_nor_rows_nor_a_transaction(
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
        for _ in range(1000):
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
    assert cancelled > 300


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
