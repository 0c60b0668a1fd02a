"""The routes of harvests, and of the schedules by which they run by themselves."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter

from mailbox_svc.rest.models.harvest import Harvest, HarvestBody, Schedule, ScheduleBody, SyncRun
from mailbox_svc.rest.openapi import leads_to, refusals
from mailbox_svc.rest.routes.parameters import HarvestId, MailboxId
from mailbox_svc.rest.service import Client
from mailboxes import NotFound

router = APIRouter(prefix="/api/contacts", tags=["harvests"])
schedules = APIRouter(prefix="/api/contacts", tags=["schedules"])


@router.post(
    "/mailboxes/{id:uuid}/harvests",
    responses=refusals(404, 409)
    | leads_to(get_harvest={"id": "id"}, watch_harvest={"id": "id"}, cancel_harvest={"id": "id"}),
)
async def start_harvest(mailbox_id: MailboxId, client: Client, body: HarvestBody | None = None) -> Harvest:
    """Begin a harvest, or join the one that is queued or running for this mailbox."""
    return Harvest.of(await client.start_harvest(str(mailbox_id), body.policy if body else None))


@router.get("/mailboxes/{id:uuid}/harvests/latest", responses=refusals(404))
async def get_latest_harvest(mailbox_id: MailboxId, client: Client) -> Harvest | None:
    """Return the latest harvest of a mailbox; null when it was never harvested."""
    try:
        return Harvest.of(await client.latest_harvest(str(mailbox_id)))
    except NotFound as refusal:
        # To have none yet is no mistake of whoever asks, and browsers report every 404 as one.
        if refusal.reason == "HARVEST_NOT_FOUND":
            return None
        raise


@router.get("/harvests/{id:uuid}", responses=refusals(404))
async def get_harvest(harvest_id: HarvestId, client: Client) -> Harvest:
    """Return a harvest."""
    return Harvest.of(await client.get_harvest(str(harvest_id)))


@router.post("/harvests/{id:uuid}/cancel", responses=refusals(404))
async def cancel_harvest(harvest_id: HarvestId, client: Client) -> Harvest:
    """Stop a harvest; what was read so far is kept. One that has ended is left as it is."""
    return Harvest.of(await client.cancel_harvest(str(harvest_id)))


@schedules.get("/schedules")
async def list_schedules(client: Client) -> list[Schedule]:
    """List the schedules of all mailboxes, those that are off among them, in the order of the mailboxes."""
    return [Schedule.of(one) for one in await client.list_schedules()]


@schedules.put("/mailboxes/{id:uuid}/schedule", responses=refusals(404, 409))
async def set_schedule(mailbox_id: MailboxId, body: ScheduleBody, client: Client) -> Schedule:
    """Say whether, and how often, new mail of a mailbox is looked for by itself."""
    interval = None if body.interval_seconds is None else timedelta(seconds=body.interval_seconds)
    schedule = await client.set_schedule(
        str(mailbox_id), enabled=body.enabled, interval=interval, policy=body.policy
    )
    return Schedule.of(schedule)


@schedules.get("/mailboxes/{id:uuid}/runs", responses=refusals(404))
async def list_sync_runs(mailbox_id: MailboxId, client: Client) -> list[SyncRun]:
    """List what the schedule of a mailbox did, latest first; runs that found nothing new are not told of."""
    return [SyncRun.of(one) for one in await client.list_sync_runs(str(mailbox_id))]
