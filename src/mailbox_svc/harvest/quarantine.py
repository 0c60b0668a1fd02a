"""A mailbox whose reading ends process after process is left alone, and says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailbox_svc.model.harvest import Failure, FailureCode, Harvest, HarvestState
from mailbox_svc.ports import Transaction

QUARANTINED = Failure(
    FailureCode.QUARANTINED,
    "Reading this mailbox has ended the service five times, so it is left alone; the operator must look.",
)


async def quarantined(tx: Transaction, harvest: Harvest, *, now: datetime) -> Harvest:
    """End a harvest that was claimed, and its mailbox's schedule; return it as it ends."""
    ended = replace(harvest, state=HarvestState.FAILED, failure=QUARANTINED, lease_until=None, ended_at=now)
    await tx.harvests.finish(ended)
    await tx.schedules.quarantine(harvest.mailbox_id, QUARANTINED)
    return ended
