"""The demo's part about background sync: it is switched on, and its first run is waited for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from mailbox_svc.demo.teller import Teller
from mailboxes import AsyncClient, Schedule
from mailboxes.v1.mailbox_pb2 import Mailbox

#: Seconds; the first run comes within three.
_PATIENCE: Final = 30.0


async def tell_sync(teller: Teller, client: AsyncClient, saved: Mailbox) -> None:
    """Have the mailbox synced, and say what the first run found."""
    teller.step("Schedule", "new mail is looked for by itself")
    schedule = await client.set_schedule(saved.id)
    minutes = schedule.interval.ToTimedelta().total_seconds() / 60
    teller.good(f"every {minutes:.0f} minutes, give or take a tenth; the first time within seconds")
    ran = await _first_run(client)
    if ran is None:
        teller.bad("the first run has not come yet")
        return
    wait = (ran.next_run_at.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() / 60
    teller.good(f"it ran, found nothing new since the harvest, and runs again in {wait:.0f} minutes")
    teller.note("that cost one login and one round trip; new mail costs itself")


async def _first_run(client: AsyncClient) -> Schedule | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while True:
                (schedule,) = await client.list_schedules()
                if schedule.HasField("last_success_at"):
                    return schedule
                await asyncio.sleep(0.1)
    except TimeoutError:
        return None
