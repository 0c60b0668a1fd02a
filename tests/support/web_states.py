"""Mailboxes in states that take some doing: read by schedule, far away, refused, left alone."""

from __future__ import annotations

import asyncio

from mailbox_svc.harvest.quarantine import QUARANTINED
from mailboxes import AsyncClient, ScheduleState
from support.stores import opened
from support.web_world import ADDRESS, PASSWORD, WebWorld

#: Bytes from the server in which a harvest has begun to read messages.
_BEGUN = 30_000


async def read_by_schedule(client: AsyncClient, mailbox_id: str) -> None:
    """Switch the schedule on, and wait for the run that finds all mail new."""
    await client.set_schedule(mailbox_id)
    while True:
        if await client.list_sync_runs(mailbox_id):
            return
        await asyncio.sleep(0.1)


async def far_away(world: WebWorld, user: str) -> None:
    """Save a mailbox whose harvest stands still once it has begun, until `world.distance` lets it go on."""
    world.distance.hold_after = _BEGUN
    async with world.client_of(user) as client:
        await client.save(
            label="Far away", host="localhost", port=world.distance.port, user=ADDRESS, password=PASSWORD
        )


async def stopped(world: WebWorld, user: str) -> None:
    """Save one whose schedule was stopped by a refused login, and one that is quarantined; once a user."""
    port = world.distance.port
    async with world.client_of(user) as client:
        if await client.list():
            return
        moved = await client.save(
            label="Moved", host="localhost", port=port, user="ann@moved.example", password="CANARY-former"
        )
        await client.set_schedule(moved.id)
        alone = await client.save(
            label="Left alone", host="localhost", port=port, user=ADDRESS, password=PASSWORD
        )
        await client.set_schedule(alone.id)
        # What five processes that end do; nothing less does it.
        async with opened(world.settings.database_url) as store, store.begin(user) as tx:
            await tx.schedules.quarantine(alone.id, QUARANTINED)
        while True:
            states = [schedule.state for schedule in await client.list_schedules()]
            if states == [
                ScheduleState.SCHEDULE_STATE_STOPPED,
                ScheduleState.SCHEDULE_STATE_QUARANTINED,
            ]:
                return
            await asyncio.sleep(0.1)
