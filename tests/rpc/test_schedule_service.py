"""The RPCs about schedules over the real parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailbox_svc.model.harvest import Failure, FailureCode
from mailbox_svc.model.schedule import SyncOutcome, SyncRun
from mailboxes.v1 import harvest_pb2
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from mailboxes.v1.schedule_pb2 import Schedule, ScheduleState
from mailboxes.v1.schedule_pb2 import SyncOutcome as Outcome
from support.parts import Parts, parts
from support.rpc import ANN, BOB, Served, bearing, failure_of, serving
from support.stores import add, mailbox_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with a mailbox of ann's; nothing runs in the background."""

    real: Parts
    served: Served
    mailbox_id: str

    async def call(self, method: str, request: Any, token: str = ANN) -> Any:
        stub = HarvestServiceStub(self.served.channel)
        return await getattr(stub, method)(request, metadata=bearing(token), timeout=10)

    async def set(self, *, seconds: float | None = None, token: str = ANN, **fields: Any) -> Schedule:
        request = pb.SetScheduleRequest(mailbox_id=self.mailbox_id, **fields)
        if seconds is not None:
            request.interval.FromTimedelta(timedelta(seconds=seconds))
        schedule: Schedule = (await self.call("SetSchedule", request, token)).schedule
        return schedule

    async def list(self, token: str = ANN) -> list[Schedule]:
        return list((await self.call("ListSchedules", pb.ListSchedulesRequest(), token)).schedules)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with parts(tmp_path) as real, serving(real.use_cases) as served:
        mailbox = await add(real.store, mailbox_of("ann"))
        yield Service(real, served, mailbox.id)


async def refusal(call: Any) -> tuple[grpc.StatusCode, str, list[str]]:
    failure = await failure_of(call)
    return failure.code, failure.reason, sorted(failure.violations)


async def test_a_schedule_is_set_and_listed(service: Service) -> None:
    schedule = await service.set(
        enabled=True, seconds=3600, policy=harvest_pb2.ContactPolicy.CONTACT_POLICY_EVERYONE
    )
    assert (schedule.mailbox_id, schedule.enabled) == (service.mailbox_id, True)
    assert schedule.state == ScheduleState.SCHEDULE_STATE_WAITING
    assert schedule.interval.ToTimedelta() == timedelta(hours=1)
    assert schedule.policy == harvest_pb2.ContactPolicy.CONTACT_POLICY_EVERYONE
    assert schedule.HasField("next_run_at")
    assert not schedule.HasField("last_run_at")
    assert not schedule.HasField("last_failure")
    assert await service.list() == [schedule]


async def test_without_an_interval_it_is_a_quarter_of_an_hour(service: Service) -> None:
    assert (await service.set(enabled=True)).interval.ToTimedelta() == timedelta(minutes=15)


async def test_a_mailbox_without_a_schedule_is_listed_as_off(service: Service) -> None:
    (schedule,) = await service.list()
    assert (schedule.state, schedule.enabled) == (ScheduleState.SCHEDULE_STATE_OFF, False)
    assert not schedule.HasField("next_run_at")


@pytest.mark.parametrize("seconds", [299, -1, 7 * 86400 + 1])
async def test_an_interval_out_of_bounds_is_a_field_violation(service: Service, seconds: float) -> None:
    assert await refusal(service.set(enabled=True, seconds=seconds)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELDS",
        ["interval"],
    )
    assert not (await service.list())[0].enabled


async def test_an_interval_that_is_no_time_at_all_is_a_field_violation(service: Service) -> None:
    request = pb.SetScheduleRequest(mailbox_id=service.mailbox_id, enabled=True)
    request.interval.seconds = 2**62
    code, reason, fields = await refusal(service.call("SetSchedule", request))
    assert (code, reason, fields) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", ["interval"])


async def test_another_users_mailbox_is_not_found(service: Service) -> None:
    runs = pb.ListSyncRunsRequest(mailbox_id=service.mailbox_id)
    for call in (service.set(enabled=True, token=BOB), service.call("ListSyncRuns", runs, BOB)):
        code, reason, _ = await refusal(call)
        assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "MAILBOX_NOT_FOUND")
    assert await service.list(BOB) == []


async def test_what_happened_is_told_with_its_failure(service: Service) -> None:
    failure = Failure(FailureCode.SECRET_UNREADABLE, "It cannot be read.", retryable=True, retry_after=60)
    async with service.real.store.begin("ann") as tx:
        for number, outcome in enumerate((SyncOutcome.NEWS, SyncOutcome.FAILED), 1):
            ended = NOW + timedelta(seconds=number)
            failed = failure if outcome is SyncOutcome.FAILED else None
            await tx.schedules.add_run(
                SyncRun(service.mailbox_id, number, NOW, ended, outcome, 7, 3, failed, "h")
            )
    answer = await service.call("ListSyncRuns", pb.ListSyncRunsRequest(mailbox_id=service.mailbox_id))
    failed, news = answer.runs
    assert (news.number, news.outcome) == (1, Outcome.SYNC_OUTCOME_NEWS)
    assert (news.messages, news.contacts, news.harvest_id) == (7, 3, "h")
    assert news.ended_at.ToDatetime(UTC) == NOW + timedelta(seconds=1)
    assert not news.HasField("failure")
    assert failed.failure.code == harvest_pb2.HarvestFailureCode.HARVEST_FAILURE_CODE_SECRET_UNREADABLE
    assert failed.failure.retry_after.seconds == 60
