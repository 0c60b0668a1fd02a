"""Claiming what is due over all users, in the transaction that also puts it into the queue.

The decision is not made here: `admit` gets what is due and how much of each host is in flight. On PostgreSQL
one dispatcher works at a time, so that limits hold over all processes; one that is paused in the midst of it
loses its session after some seconds, and with it the claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from mailbox_svc.model.schedule import Claim, DueSync, Stop, SyncSurvey
from mailbox_svc.ports.schedules import Admit, Enqueue
from mailbox_svc.storage.columns import IN_FLIGHT
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.failures import storage_errors
from mailbox_svc.storage.tables import schedules

_LOCK = 0x73796E63  # "sync"; any number, the same in all releases
_ALONE = text("SELECT pg_try_advisory_xact_lock(:n)")
_NOT_FOR_LONG = text("SELECT set_config('idle_in_transaction_session_timeout', '5s', true)")
_PG_DUE = text("SELECT * FROM mailbox_due_syncs(:now, :most)")
_PG_IN_FLIGHT = text("SELECT host, syncs FROM mailbox_syncs_in_flight()")
_PG_CLAIM = text(
    "SELECT mailbox_claim_syncs(CAST(:ids AS text[]), CAST(:taken AS boolean[]),"
    " CAST(:next_at AS timestamptz[]))"
)
_PG_SURVEY = text("SELECT * FROM mailbox_sync_survey(:now)")

_s = schedules.c
_other = schedules.alias()
_NOW = bindparam("now", type_=_s.next_sync_at.type)
_DUE = (
    select(
        _s.user_id,
        _s.mailbox_id,
        _s.host,
        _s.account,
        _s.in_flight,
        exists().where(
            _other.c.in_flight, _other.c.account == _s.account, _other.c.mailbox_id != _s.mailbox_id
        ),
    )
    .where(_s.next_sync_at <= _NOW)
    .order_by(_s.next_sync_at)
    .limit(bindparam("most"))
)
SOME_DUE = select(_s.mailbox_id).where(_s.next_sync_at <= _NOW).limit(1)
_IN_FLIGHT_BY_HOST = select(_s.host, func.count()).where(IN_FLIGHT).group_by(_s.host)
_CLAIM = (
    update(schedules)
    .where(_s.mailbox_id == bindparam("for_mailbox"))
    .values(
        in_flight=case((bindparam("taken"), True), else_=_s.in_flight),
        next_sync_at=bindparam("next_at", type_=_s.next_sync_at.type),
    )
)
_LATE = (_s.next_sync_at <= _NOW, ~_s.in_flight)
_SURVEY = select(
    select(func.count()).where(*_LATE).scalar_subquery(),
    select(func.count()).where(_s.in_flight).scalar_subquery(),
    select(func.count()).where(_s.stopped == Stop.REFUSED.value).scalar_subquery(),
    select(func.count()).where(_s.stopped == Stop.QUARANTINED.value).scalar_subquery(),
    select(func.min(_s.next_sync_at)).where(*_LATE).scalar_subquery(),
)
_RELEASE = update(schedules).where(_s.in_flight).values(next_sync_at=_NOW)


async def dispatch_on_sqlite(
    executor: Executor, now: datetime, most: int, admit: Admit, enqueue: Enqueue
) -> int:
    """Claim up to `most` in the transaction of `executor`; return how many there were."""
    due = [DueSync(*row) for row in await executor.run(_DUE, {"now": now, "most": most})]
    if due:
        in_flight = _counts(await executor.run(_IN_FLIGHT_BY_HOST, {}))
        for mailbox_id, taken, next_at in await _queued(admit(due, in_flight), enqueue, None):
            parameters = {"for_mailbox": mailbox_id, "taken": taken, "next_at": next_at}
            await executor.run(_CLAIM, parameters)
    return len(due)


async def dispatch_on_postgres(
    engine: AsyncEngine, now: datetime, most: int, admit: Admit, enqueue: Enqueue
) -> int:
    """Claim up to `most` in a transaction of its own; return how many there were, 0 when another is at it."""
    with storage_errors():
        async with engine.begin() as connection:
            if not await connection.scalar(_ALONE, {"n": _LOCK}):
                return 0
            await connection.execute(_NOT_FOR_LONG)
            rows = (await connection.execute(_PG_DUE, {"now": now, "most": most})).all()
            if not rows:
                return 0
            in_flight = _counts((await connection.execute(_PG_IN_FLIGHT)).all())
            claims = admit([DueSync(*row) for row in rows], in_flight)
            raw = await connection.get_raw_connection()
            ids, taken, next_at = zip(*await _queued(claims, enqueue, raw.driver_connection), strict=True)
            parameters = {"ids": list(ids), "taken": list(taken), "next_at": list(next_at)}
            await connection.execute(_PG_CLAIM, parameters)
            return len(rows)


async def survey_on_sqlite(executor: Executor, now: datetime) -> SyncSurvey:
    return _survey((await executor.run(_SURVEY, {"now": now}))[0])


async def survey_on_postgres(engine: AsyncEngine, now: datetime) -> SyncSurvey:
    with storage_errors():
        async with engine.connect() as connection:
            return _survey((await connection.execute(_PG_SURVEY, {"now": now})).one())


async def release_on_sqlite(executor: Executor, now: datetime) -> None:
    """Make what a process that is gone had in flight due at once."""
    await executor.run(_RELEASE, {"now": now})


async def _queued(
    claims: Sequence[Claim], enqueue: Enqueue, connection: object
) -> list[tuple[str, bool, datetime]]:
    """Put into the queue what is admitted; return each mailbox, whether it was taken, and its next time."""
    left_out = await enqueue([claim.due for claim in claims if claim.admitted], connection)
    next_times = []
    for claim in claims:
        taken = claim.admitted and claim.due.mailbox_id not in left_out
        next_times.append((claim.due.mailbox_id, taken, claim.next_at(queued=taken)))
    return next_times


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}


def _survey(row: Row) -> SyncSurvey:
    due, in_flight, refused, quarantined, oldest = row
    return SyncSurvey(due, in_flight, refused, quarantined, oldest)
