"""PostgreSQL keeps what was harvested apart by itself: in every table, and with our criterion taken away."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, text

from mailbox_svc.errors import ContactNotFound, GroupNotFound, MailboxNotFound, StorageUnavailable
from mailbox_svc.model.contact import Contact, Filter, Group, Order, Typed
from mailbox_svc.model.duplicate import Merge
from mailbox_svc.model.harvest import Failure, FailureCode, Harvest, HarvestState, Policy, Progress
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import RunEnd, Schedule, SyncOutcome, SyncRun
from mailbox_svc.storage.row_security import user_tables
from mailbox_svc.storage.store import SqlStore, SqlTransaction, _transaction
from mailbox_svc.vault import Vault
from support.authorizations import authorization_of, begin
from support.evidence import NOW, chunk_of, folder_with, group_of, harvest_of, judge_all, named, seen
from support.merges import merge_of
from support.postgres import PostgresServer
from support.stores import PreparedDatabase, add, mailbox_of
from support.without_criterion import WithoutCriterion
from support.without_criterion import opened_with_database as opened

FAILURE = Failure(FailureCode.INTERNAL, "x")


async def everything(store: SqlStore, user: str) -> object:
    """Return all that the user has of harvests, folders, contacts and groups."""
    mailboxes = await store.list_mailboxes(user)
    async with store.read(user) as tx:
        contacts = await tx.contacts.page(Filter(kept=None), Order.RANK, after=None, limit=100)
        kept: list[object] = [contacts, await tx.groups.all(), await tx.folders.own_addresses()]
        for mailbox in mailboxes:
            kept += [await tx.harvests.latest(mailbox.id), await tx.harvests.policy(mailbox.id)]
            kept += [await tx.schedules.find(mailbox.id), await tx.schedules.runs(mailbox.id)]
            kept += [await tx.folders.all(mailbox.id), await tx.folders.message_keys(mailbox.id)]
        for group in await tx.groups.all():
            kept.append(await tx.groups.revisions(group.id, [contact.id for contact in contacts]))
        kept += [await tx.duplicates.candidates(), await tx.duplicates.dismissed()]
    async with store.begin(user) as tx:
        return kept, await tx.contacts.unjudged(100), await tx.contacts.evidence([c.id for c in contacts])


@dataclass(frozen=True, slots=True)
class Filled:
    """What one user has, with a row in every table."""

    mailbox: Mailbox
    folder_id: int
    harvest: Harvest
    contact: Contact
    group: Group
    merge: Merge
    schedule: Schedule


async def fill(store: SqlStore, vault: Vault) -> Filled:
    people = [seen(f"{name}@example.org", sent_to=1) for name in ("carl", "dora", "emil")]
    chunk = chunk_of(*people, names=[named("carl@example.org", "Carl", 1)])
    mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-p")
    _, folder = await folder_with(store, chunk, mailbox=mailbox)
    await judge_all(store)
    harvest, group = harvest_of(mailbox), group_of("anna")
    async with store.begin("anna") as tx:
        await tx.harvests.insert(harvest)
        await tx.groups.insert(group)
        contact, absorbed, other = await tx.contacts.page(Filter(), Order.RANK, after=None, limit=5)
        await tx.groups.put_members(group.id, [(contact.id, 1)])
        merge = merge_of(contact, absorbed)
        await tx.duplicates.merge(merge)
        await tx.duplicates.dismiss(contact.id, other.id, now=NOW)
        await tx.folders.add_own_addresses(mailbox.id, ["anna@example.org"])
        schedule = replace(await tx.schedules.find(mailbox.id), enabled=True, next_run_at=NOW)
        await tx.schedules.put(schedule, mailbox.destination)
        await tx.schedules.add_run(SyncRun(mailbox.id, 1, NOW, NOW, SyncOutcome.NEWS))
    await folder_with(store, chunk, mailbox=mailbox, name=b"Archive")
    await begin(store, authorization_of("anna", vault))
    return Filled(mailbox, folder.id, harvest, contact, group, merge, schedule)


async def test_no_statement_at_all_reaches_another_users_rows(
    postgresql: PreparedDatabase, postgres_server: PostgresServer, vault: Vault
) -> None:
    async with opened(postgresql.url) as (store, database):
        await fill(store, vault)
        for table in user_tables():
            # The control: there is something to reach.
            assert int(postgres_server.sql(f"SELECT count(*) FROM {table}", database=postgresql.name))
            for statement in (
                f"SELECT * FROM {table}",
                f"UPDATE {table} SET user_id = 'bob'",
                f"DELETE FROM {table}",
            ):
                async with database._sessions(info={"user_id": "bob"}) as session:
                    result = await session.execute(text(statement))
                    assert cast("CursorResult[Any]", result).rowcount == 0, statement


async def test_with_the_criterion_removed_what_was_harvested_is_the_users_own_still(
    postgresql: PreparedDatabase, vault: Vault
) -> None:
    async with opened(postgresql.url) as (store, database):
        filled = await fill(store, vault)
        before = await everything(store, "anna")
        for work in intrusions(filled):
            with suppress(StorageUnavailable, MailboxNotFound, GroupNotFound, ContactNotFound):
                async with database.transaction("bob") as executor:
                    assert not await work(_transaction(WithoutCriterion(executor), "bob"))
        assert await everything(store, "anna") == before
        assert await everything(store, "bob") == ([[], [], {}, [], set()], [], [])


def intrusions(filled: Filled) -> Iterator[Callable[[SqlTransaction], Awaitable[object]]]:
    """Yield every use of another user's things; what one returns must be nothing."""
    mailbox_id, folder_id, harvest = filled.mailbox.id, filled.folder_id, filled.harvest
    contact, group, merge = filled.contact, filled.group, filled.merge
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
    yield lambda tx: tx.harvests.forget_crashes(harvest.id)
    yield lambda tx: tx.schedules.all()
    yield lambda tx: tx.schedules.find(mailbox_id)
    yield lambda tx: tx.schedules.put(filled.schedule, filled.mailbox.destination)
    yield lambda tx: tx.schedules.start(mailbox_id, lost_at=now)
    yield lambda tx: tx.schedules.is_ours(mailbox_id, 0, lost_at=now)
    yield lambda tx: tx.schedules.forget_crashes(mailbox_id)
    yield lambda tx: tx.schedules.finish(mailbox_id, 0, RunEnd(now, now))
    yield lambda tx: tx.schedules.give_back(mailbox_id, 0, now=now)
    yield lambda tx: tx.schedules.resume(mailbox_id, now=now)
    yield lambda tx: tx.schedules.renew(mailbox_id, filled.mailbox.destination, now=now)
    yield lambda tx: tx.schedules.refuse(mailbox_id, FAILURE)
    yield lambda tx: tx.schedules.quarantine(mailbox_id, FAILURE)
    yield lambda tx: tx.schedules.runs(mailbox_id)
    yield lambda tx: tx.mailboxes.seen(mailbox_id)
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
    yield lambda tx: tx.duplicates.candidates()
    yield lambda tx: tx.duplicates.dismissed()
    yield lambda tx: tx.duplicates.dismiss(contact.id, merge.absorbed[0].id, now=now)
    yield lambda tx: tx.duplicates.merge(replace(merge, id="x"))
    yield lambda tx: tx.duplicates.find_merge(merge.id)
    yield lambda tx: tx.duplicates.later_merge(merge)
    yield lambda tx: tx.duplicates.undo(merge)
