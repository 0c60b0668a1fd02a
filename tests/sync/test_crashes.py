"""What counts as a crash of a mailbox, and that those beside it do not end with it for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbox_svc.model.harvest import Harvest, HarvestState, Policy, new_harvest
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.schedule import CRASHES_TOGETHER
from mailbox_svc.storage.store import SqlStore
from support.dovecot import DovecotServer
from support.moody_server import served
from support.rpc import eventually
from support.stores import PreparedDatabase
from support.sync_parts import SMALL, SyncParts, sync_parts

SOON = datetime.now(UTC) + timedelta(minutes=2)


async def started(store: SqlStore, mailbox: Mailbox, *, apart: bool) -> bool:
    async with store.begin(mailbox.user_id) as tx:
        return await tx.schedules.start(mailbox.id, lost_at=SOON, apart=apart) is not None


async def crash(parts: SyncParts, mailbox: Mailbox, times: int) -> None:
    """Begin runs that never end."""
    for _ in range(times):
        assert await started(parts.store, mailbox, apart=True)


async def test_a_mailbox_whose_last_runs_ended_with_their_process_runs_apart_from_others_like_it(
    database: PreparedDatabase, dovecot: DovecotServer
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as parts:
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await crash(parts, mailbox, CRASHES_TOGETHER - 1)
        assert await started(parts.store, mailbox, apart=False)
        assert not await started(parts.store, mailbox, apart=False)
        parts.clock.ahead += timedelta(minutes=2)  # the last run counts as lost then
        await parts.engine.start()
        read = await parts.until(mailbox, lambda schedule: schedule.last_success_at is not None)
    assert read.starts == 0


@pytest.mark.parametrize("forget", [True, False])
async def test_crashes_are_forgotten_once_a_run_has_committed_something(
    database: PreparedDatabase, dovecot: DovecotServer, *, forget: bool
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file) as parts:
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await crash(parts, mailbox, 4)
        async with parts.store.begin(mailbox.user_id) as tx:
            if forget:
                await tx.schedules.forget_crashes(mailbox.id)
        assert (await parts.schedule(mailbox)).starts == (0 if forget else 4)


async def test_of_harvests_whose_process_ended_twice_one_runs_at_a_time_beside_the_others(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, scripted):
        server.lists.clear()
        suspects = [await waiting(parts, f"suspect-{at}", crashes=CRASHES_TOGETHER - 1) for at in range(3)]
        others = [await waiting(parts, f"other-{at}", crashes=CRASHES_TOGETHER - 2) for at in range(2)]
        parts.runs.start()
        await eventually(lambda: server.logins == 3)
        await asyncio.sleep(10 * SMALL.look_every)

        running = [harvest.id for harvest in suspects + others if parts.runs.running(harvest.id)]
        assert running == [suspects[0].id, *(harvest.id for harvest in others)]
        assert scripted.connections == 3

        server.lists.set()
        for harvest in suspects + others:
            ended = await until_ended(parts, harvest)
            assert (ended.state, ended.attempt) == (HarvestState.DONE, harvest.attempt + 1)


async def test_very_many_of_them_do_not_hold_up_what_waits_behind_them(
    database: PreparedDatabase, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as (parts, server, _):
        server.lists.clear()
        for at in range(8 * SMALL.runs + 1):
            await waiting(parts, f"suspect-{at}", crashes=CRASHES_TOGETHER - 1)
        behind = await waiting(parts, "behind", crashes=0)
        parts.runs.start()
        await eventually(lambda: parts.runs.running(behind.id) is not None)


async def waiting(parts: SyncParts, owner: str, *, crashes: int) -> Harvest:
    """A harvest that so many processes have ended under, and one more just now."""
    mailbox = await parts.add(user=owner, owner=owner)
    now = parts.clock()
    harvest = replace(
        new_harvest(owner, mailbox.id, Policy.CORRESPONDED, now=now),
        state=HarvestState.RUNNING,
        attempt=crashes + 1,
        crashes=crashes,
        lease_until=now,
        started_at=now,
    )
    async with parts.store.begin(owner) as tx:
        await tx.harvests.insert(harvest)
    return harvest


async def until_ended(parts: SyncParts, harvest: Harvest) -> Harvest:
    async with asyncio.timeout(60):
        while True:
            async with parts.store.read(harvest.user_id) as tx:
                stored = await tx.harvests.find(harvest.id)
            assert stored is not None
            if stored.state.final:
                return stored
            await asyncio.sleep(0.02)
