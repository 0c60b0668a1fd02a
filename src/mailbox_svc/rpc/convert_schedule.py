"""Owns the translation of schedules between protobuf and the model. It decides nothing."""

from __future__ import annotations

from datetime import timedelta

from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.model.schedule import Schedule, ScheduleState, SyncOutcome, SyncRun
from mailbox_svc.rpc.convert_harvest import POLICY, failure_to_pb
from mailbox_svc.rpc.values import duration, members, timestamp
from mailboxes.v1 import harvest_service_pb2, schedule_pb2

_STATE = members(ScheduleState, schedule_pb2.ScheduleState, "SCHEDULE_STATE_")
_TOLD: list[SyncOutcome] = [outcome for outcome in SyncOutcome if outcome is not SyncOutcome.QUIET]
_OUTCOME = members(_TOLD, schedule_pb2.SyncOutcome, "SYNC_OUTCOME_")


def interval_from_pb(request: harvest_service_pb2.SetScheduleRequest) -> timedelta | None:
    """Return the interval, None when it is not specified. Raises InvalidFields."""
    if not request.HasField("interval"):
        return None
    try:
        return request.interval.ToTimedelta()
    except (OverflowError, ValueError):
        raise InvalidFields(FieldViolation("interval", "Not a duration.")) from None


def schedule_to_pb(schedule: Schedule) -> schedule_pb2.Schedule:
    """Return the schedule as callers see it."""
    failure = schedule.last_failure
    next_run_at = schedule.next_run_at if schedule.shows_next_run else None
    return schedule_pb2.Schedule(
        mailbox_id=schedule.mailbox_id,
        enabled=schedule.enabled,
        interval=duration(schedule.interval.total_seconds()),
        policy=POLICY[schedule.policy],
        state=_STATE[schedule.state],
        next_run_at=timestamp(next_run_at) if next_run_at else None,
        last_run_at=timestamp(schedule.last_run_at) if schedule.last_run_at else None,
        last_success_at=timestamp(schedule.last_success_at) if schedule.last_success_at else None,
        failures=schedule.failures,
        last_failure=failure_to_pb(failure) if failure else None,
    )


def sync_run_to_pb(run: SyncRun) -> schedule_pb2.SyncRun:
    """Return the run as callers see it."""
    return schedule_pb2.SyncRun(
        number=run.number,
        started_at=timestamp(run.started_at),
        ended_at=timestamp(run.ended_at),
        outcome=_OUTCOME[run.outcome],
        messages=run.messages,
        contacts=run.contacts,
        failure=failure_to_pb(run.failure) if run.failure else None,
        harvest_id=run.harvest_id,
    )
