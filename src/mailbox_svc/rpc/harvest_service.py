"""Owns the RPCs of HarvestService: convert, call the use case, convert back; nothing else."""
# ruff: noqa: ARG002, N802  (names are the contract's, and grpc hands every method a context)

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.rpc.call import calling_user
from mailbox_svc.rpc.convert_harvest import harvest_to_pb, policy_from_pb
from mailbox_svc.rpc.convert_schedule import interval_from_pb, schedule_to_pb, sync_run_to_pb
from mailbox_svc.sync.service import Schedules
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class HarvestServicer(HarvestServiceServicer):
    """HarvestService on top of the use cases."""

    def __init__(self, harvests: Harvests, schedules: Schedules) -> None:
        self._harvests = harvests
        self._schedules = schedules

    async def StartHarvest(
        self, request: pb.StartHarvestRequest, context: Context
    ) -> pb.StartHarvestResponse:
        policy = policy_from_pb(request.policy, "policy")
        harvest = await self._harvests.start(calling_user(), request.mailbox_id, policy)
        return pb.StartHarvestResponse(harvest=harvest_to_pb(harvest))

    async def WatchHarvest(
        self, request: pb.WatchHarvestRequest, context: Context
    ) -> AsyncIterator[pb.WatchHarvestResponse]:
        async with aclosing(self._harvests.watch(calling_user(), request.id)) as looks:
            async for harvest in looks:
                yield pb.WatchHarvestResponse(harvest=harvest_to_pb(harvest))

    async def GetHarvest(self, request: pb.GetHarvestRequest, context: Context) -> pb.GetHarvestResponse:
        match request.WhichOneof("target"):
            case "id":
                harvest = await self._harvests.get(calling_user(), request.id)
            case "mailbox_id":
                harvest = await self._harvests.latest(calling_user(), request.mailbox_id)
            case _:
                raise InvalidFields(FieldViolation("target", "Name a harvest by its id, or a mailbox."))
        return pb.GetHarvestResponse(harvest=harvest_to_pb(harvest))

    async def CancelHarvest(
        self, request: pb.CancelHarvestRequest, context: Context
    ) -> pb.CancelHarvestResponse:
        harvest = await self._harvests.cancel(calling_user(), request.id)
        return pb.CancelHarvestResponse(harvest=harvest_to_pb(harvest))

    async def SetSchedule(self, request: pb.SetScheduleRequest, context: Context) -> pb.SetScheduleResponse:
        schedule = await self._schedules.set(
            calling_user(),
            request.mailbox_id,
            enabled=request.enabled,
            interval=interval_from_pb(request),
            policy=policy_from_pb(request.policy, "policy"),
        )
        return pb.SetScheduleResponse(schedule=schedule_to_pb(schedule))

    async def ListSchedules(
        self, request: pb.ListSchedulesRequest, context: Context
    ) -> pb.ListSchedulesResponse:
        schedules = await self._schedules.list(calling_user())
        return pb.ListSchedulesResponse(schedules=map(schedule_to_pb, schedules))

    async def ListSyncRuns(
        self, request: pb.ListSyncRunsRequest, context: Context
    ) -> pb.ListSyncRunsResponse:
        runs = await self._schedules.runs(calling_user(), request.mailbox_id)
        return pb.ListSyncRunsResponse(runs=map(sync_run_to_pb, runs))
