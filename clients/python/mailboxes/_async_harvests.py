"""The async client's methods about harvests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from mailboxes._async_connection import Connection
from mailboxes._contact_calls import Patience, Policy, schedule_request, start_request
from mailboxes.errors import Unavailable
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1.harvest_pb2 import Harvest
from mailboxes.v1.schedule_pb2 import Schedule, SyncRun


class HarvestMethods(Connection):
    """Reading contacts out of mail."""

    async def harvest(self, mailbox_id: str, policy: Policy | None = None) -> AsyncGenerator[Harvest, None]:
        """Start a harvest, or join the one that runs, and watch it to its end."""
        started = await self.start_harvest(mailbox_id, policy)
        async with aclosing(self.watch_harvest(started.id)) as looks:
            async for harvest in looks:
                yield harvest

    async def start_harvest(self, mailbox_id: str, policy: Policy | None = None) -> Harvest:
        """Start a harvest, or join the one that runs. A `policy` is kept for this mailbox."""
        request = start_request(mailbox_id, policy)
        response = await self._call(self._harvests.StartHarvest, request, self._timeout)
        return response.harvest

    async def watch_harvest(self, harvest_id: str) -> AsyncGenerator[Harvest, None]:
        """Yield the harvest now, whenever it has moved on, and at its end.

        Leaving never stops the harvest. A lost connection is made again; Unavailable is raised when
        that fails for half a minute.
        """
        patience = Patience()
        while True:
            try:
                request = pb.WatchHarvestRequest(id=harvest_id)
                async with aclosing(self._stream(self._harvests.WatchHarvest, request, None)) as looks:
                    async for look in looks:
                        patience.renew()
                        yield look.harvest
            except Unavailable as failure:
                await asyncio.sleep(patience.pause(failure))
            else:
                return

    async def get_harvest(self, harvest_id: str) -> Harvest:
        """Return a harvest."""
        request = pb.GetHarvestRequest(id=harvest_id)
        response = await self._call(self._harvests.GetHarvest, request, self._timeout)
        return response.harvest

    async def latest_harvest(self, mailbox_id: str) -> Harvest:
        """Return the latest harvest of a mailbox; NotFound when there was none."""
        request = pb.GetHarvestRequest(mailbox_id=mailbox_id)
        response = await self._call(self._harvests.GetHarvest, request, self._timeout)
        return response.harvest

    async def cancel_harvest(self, harvest_id: str) -> Harvest:
        """Stop a harvest. What was read so far is kept; one that has ended stays as it is."""
        request = pb.CancelHarvestRequest(id=harvest_id)
        response = await self._call(self._harvests.CancelHarvest, request, self._timeout)
        return response.harvest

    async def set_schedule(
        self,
        mailbox_id: str,
        *,
        enabled: bool = True,
        interval: timedelta | None = None,
        policy: Policy | None = None,
    ) -> Schedule:
        """Have new mail of a mailbox looked for by itself, or not any more; also after it was stopped.

        `interval` is from 5 minutes to 7 days; None keeps it, at first 15 minutes.
        """
        request = schedule_request(mailbox_id, interval, policy, enabled=enabled)
        response = await self._call(self._harvests.SetSchedule, request, self._timeout)
        return response.schedule

    async def list_schedules(self) -> list[Schedule]:
        """Return the schedules of all mailboxes, in the order of `list`."""
        request = pb.ListSchedulesRequest()
        response = await self._call(self._harvests.ListSchedules, request, self._timeout)
        return list(response.schedules)

    async def list_sync_runs(self, mailbox_id: str) -> list[SyncRun]:
        """Return what the schedule of a mailbox did, latest first; runs without news are not among them."""
        request = pb.ListSyncRunsRequest(mailbox_id=mailbox_id)
        response = await self._call(self._harvests.ListSyncRuns, request, self._timeout)
        return list(response.runs)
