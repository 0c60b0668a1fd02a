"""The schedules of one user, as rows, and the runs that are told of."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Boolean, Integer, and_, bindparam, case, delete, insert, null, or_, select, update

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.harvest import Failure, Policy
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.schedule import (
    CRASHES_TOGETHER,
    DEFAULT_INTERVAL,
    MAX_HISTORY,
    RunEnd,
    Schedule,
    Stop,
    SyncOutcome,
    SyncRun,
    account_key,
    host_group,
)
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.dialects import for_each_dialect, insert_into
from mailbox_svc.storage.failure_text import failure_from, text_of
from mailbox_svc.storage.tables import mailboxes, schedules, sync_runs

_s = schedules.c
_m = mailboxes.c
_r = sync_runs.c
_THIS = (_s.user_id == bindparam("for_user"), _s.mailbox_id == bindparam("for_mailbox"))
_RUN = (*_THIS, _s.run_no == bindparam("for_run"))
_RUNS_OUT = and_(_s.enabled, _s.stopped == "")
_NEXT = bindparam("next_sync_at", type_=_s.next_sync_at.type)
_NOW = bindparam("now", type_=_s.next_sync_at.type)
_FAILURE = bindparam("last_failure", type_=_s.last_failure.type)

_OF_SCHEDULE = (
    _s.enabled,
    _s.interval_seconds,
    _s.next_sync_at,
    _s.in_flight,
    _s.run_no,
    _s.starts,
    _s.failures,
    _s.stopped,
    _s.last_run_at,
    _s.last_success_at,
    _s.last_failure,
)
_ALL = (
    select(_m.user_id, _m.id, _m.harvest_policy, *_OF_SCHEDULE)
    .select_from(mailboxes.outerjoin(schedules, and_(_s.mailbox_id == _m.id, _s.user_id == _m.user_id)))
    .where(_m.user_id == bindparam("for_user"))
    .order_by(_m.created_at, _m.id)
)
_FIND = _ALL.where(_m.id == bindparam("for_mailbox"))
_DECIDED = ("enabled", "interval_seconds", "host", "account", "next_sync_at", "starts", "failures", "stopped")
_PUT = for_each_dialect(
    lambda dialect: (
        insert_into(schedules, dialect)
        .values(
            {name: bindparam(name, type_=_s[name].type) for name in ("mailbox_id", "user_id", *_DECIDED)}
            | {"in_flight": False, "run_no": 0}
        )
        .on_conflict_do_update(
            index_elements=[_s.mailbox_id],
            set_={name: bindparam(name, type_=_s[name].type) for name in _DECIDED},
        )
    )
)
_START = (
    update(schedules)
    .where(
        *_THIS,
        _s.next_sync_at.is_not(None),
        or_(_s.starts < CRASHES_TOGETHER, bindparam("apart", type_=Boolean)),
    )
    .values(
        run_no=_s.run_no + 1,
        starts=_s.starts + 1,
        in_flight=True,
        # The claim has said when it counts as lost. As it stands, no index has to be written (HOT).
        next_sync_at=case((_s.in_flight, _s.next_sync_at), else_=_NEXT),
    )
    .returning(
        _s.user_id,
        _s.mailbox_id,
        select(_m.harvest_policy).where(_m.id == _s.mailbox_id).scalar_subquery(),
        *_OF_SCHEDULE,
    )
)
_IS_OURS = (
    update(schedules)
    .where(*_RUN)
    .values(next_sync_at=case((_RUNS_OUT, _NEXT), else_=null()))
    .returning(_s.mailbox_id)
)
_INTERVAL = bindparam("for_interval", type_=Integer)
_FORGET_CRASHES = update(schedules).where(*_THIS, _s.starts > 0).values(starts=0)
_FINISH = (
    update(schedules)
    .where(*_RUN, or_(_INTERVAL.is_(None), _s.interval_seconds == _INTERVAL))
    .values(
        in_flight=False,
        starts=0,
        failures=case((bindparam("failed"), _s.failures + 1), else_=0),
        stopped=case((and_(_RUNS_OUT, bindparam("stop") != ""), bindparam("stop")), else_=_s.stopped),
        next_sync_at=case((and_(_RUNS_OUT, bindparam("stop") == ""), _NEXT), else_=null()),
        last_run_at=_NOW,
        last_success_at=case((bindparam("success"), _NOW), else_=_s.last_success_at),
        last_failure=_FAILURE,
    )
    .returning(_s.mailbox_id)
)
_GIVE_BACK = (
    update(schedules)
    .where(*_RUN)
    .values(
        in_flight=False,
        starts=case((_s.starts > 0, _s.starts - 1), else_=0),
        next_sync_at=case((_RUNS_OUT, _NOW), else_=null()),
    )
)
# With a new number: the end of a run that began before says nothing any more.
_FRESH = {"stopped": "", "starts": 0, "failures": 0, "last_failure": None}
_GOES_ON = {"run_no": _s.run_no + 1, "in_flight": False, "next_sync_at": _NOW, **_FRESH}
_RESUME = update(schedules).where(*_THIS, _s.enabled, _s.stopped == Stop.REFUSED.value).values(_GOES_ON)
_MOVE = update(schedules).where(*_THIS).values(host=bindparam("host"), account=bindparam("account"))
_RENEW = (
    update(schedules)
    .where(*_THIS, _s.enabled, or_(_s.stopped == Stop.REFUSED.value, and_(_s.stopped == "", _s.failures > 0)))
    .values(_GOES_ON)
)
_STOP = (
    update(schedules)
    .where(*_THIS, _RUNS_OUT)
    .values(stopped=bindparam("stop"), next_sync_at=None, in_flight=False, last_failure=_FAILURE)
)
_RUN_COLUMNS = [column.name for column in sync_runs.columns]
_ADD_RUN = insert(sync_runs).values({name: bindparam(name, type_=_r[name].type) for name in _RUN_COLUMNS})
_OF_MAILBOX = (_r.user_id == bindparam("for_user"), _r.mailbox_id == bindparam("for_mailbox"))
_LATEST = select(_r.number).where(*_OF_MAILBOX).order_by(_r.number.desc())
_FORGET_RUNS = delete(sync_runs).where(
    *_OF_MAILBOX, _r.number.in_(_LATEST.offset(bindparam("keep")).correlate(None))
)
_RUNS = select(sync_runs).where(*_OF_MAILBOX).order_by(_r.number.desc()).limit(MAX_HISTORY)


class ScheduleRows:
    """Satisfies `ports.schedules.ScheduleRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def all(self) -> list[Schedule]:
        return [_schedule(row) for row in await self._executor.run(_ALL, {"for_user": self._user_id})]

    async def find(self, mailbox_id: str) -> Schedule:
        rows = await self._executor.run(_FIND, self._of(mailbox_id))
        if not rows:
            raise MailboxNotFound
        return _schedule(rows[0])

    async def put(self, schedule: Schedule, destination: Destination) -> None:
        row = {
            "mailbox_id": schedule.mailbox_id,
            "user_id": self._user_id,
            "enabled": schedule.enabled,
            "interval_seconds": _seconds(schedule.interval),
            "next_sync_at": schedule.next_run_at,
            "starts": schedule.starts,
            "failures": schedule.failures,
            "stopped": schedule.stopped.value if schedule.stopped else "",
            **_place(destination),
        }
        await self._executor.run(_PUT[self._executor.dialect], row)

    async def start(self, mailbox_id: str, *, lost_at: datetime, apart: bool = False) -> Schedule | None:
        parameters = {"apart": apart, "next_sync_at": lost_at}
        rows = await self._executor.run(_START, self._of(mailbox_id) | parameters)
        return _schedule(rows[0]) if rows else None

    async def is_ours(self, mailbox_id: str, run_no: int, *, lost_at: datetime) -> bool:
        return bool(
            await self._executor.run(_IS_OURS, self._run(mailbox_id, run_no) | {"next_sync_at": lost_at})
        )

    async def forget_crashes(self, mailbox_id: str) -> None:
        await self._executor.run(_FORGET_CRASHES, self._of(mailbox_id))

    async def finish(
        self, mailbox_id: str, run_no: int, end: RunEnd, *, interval: timedelta | None = None
    ) -> bool:
        parameters = {
            **self._run(mailbox_id, run_no),
            "failed": end.failure is not None,
            "stop": end.stopped.value if end.stopped else "",
            "success": end.success,
            "next_sync_at": end.next_run_at,
            "now": end.ended_at,
            "last_failure": text_of(end.failure),
            "for_interval": _seconds(interval) if interval else None,
        }
        return bool(await self._executor.run(_FINISH, parameters))

    async def give_back(self, mailbox_id: str, run_no: int, *, now: datetime) -> None:
        await self._executor.run(_GIVE_BACK, self._run(mailbox_id, run_no) | {"now": now})

    async def resume(self, mailbox_id: str, *, now: datetime) -> None:
        await self._executor.run(_RESUME, self._of(mailbox_id) | {"now": now})

    async def renew(self, mailbox_id: str, destination: Destination, *, now: datetime) -> None:
        await self._executor.run(_MOVE, self._of(mailbox_id) | _place(destination))
        await self._executor.run(_RENEW, self._of(mailbox_id) | {"now": now})

    async def refuse(self, mailbox_id: str, failure: Failure) -> None:
        await self._stop(mailbox_id, Stop.REFUSED, failure)

    async def quarantine(self, mailbox_id: str, failure: Failure) -> None:
        await self._stop(mailbox_id, Stop.QUARANTINED, failure)

    async def add_run(self, run: SyncRun) -> None:
        row = {
            "mailbox_id": run.mailbox_id,
            "number": run.number,
            "user_id": self._user_id,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "outcome": run.outcome.value,
            "messages": run.messages,
            "contacts": run.contacts,
            "failure": text_of(run.failure),
            "harvest_id": run.harvest_id,
        }
        await self._executor.run(_ADD_RUN, row)
        await self._executor.run(_FORGET_RUNS, self._of(run.mailbox_id) | {"keep": MAX_HISTORY})

    async def runs(self, mailbox_id: str) -> list[SyncRun]:
        return [_sync_run(row) for row in await self._executor.run(_RUNS, self._of(mailbox_id))]

    async def _stop(self, mailbox_id: str, stop: Stop, failure: Failure) -> None:
        parameters = {"stop": stop.value, "last_failure": text_of(failure)}
        await self._executor.run(_STOP, self._of(mailbox_id) | parameters)

    def _of(self, mailbox_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_mailbox": mailbox_id}

    def _run(self, mailbox_id: str, run_no: int) -> dict[str, object]:
        return self._of(mailbox_id) | {"for_run": run_no}


def _seconds(interval: timedelta) -> int:
    return round(interval.total_seconds())


def _place(destination: Destination) -> dict[str, object]:
    return {"host": host_group(destination), "account": account_key(destination)}


def _schedule(row: Row) -> Schedule:
    user_id, mailbox_id, policy, enabled, interval, next_sync_at, in_flight, *counts = row
    run_no, starts, failures, stopped, last_run_at, last_success_at, last_failure = counts
    return Schedule(
        user_id=user_id,
        mailbox_id=mailbox_id,
        enabled=bool(enabled),
        interval=timedelta(seconds=interval) if interval else DEFAULT_INTERVAL,
        policy=Policy(policy),
        next_run_at=next_sync_at,
        in_flight=bool(in_flight),
        run_no=run_no or 0,
        starts=starts or 0,
        failures=failures or 0,
        stopped=Stop(stopped) if stopped else None,
        last_run_at=last_run_at,
        last_success_at=last_success_at,
        last_failure=failure_from(last_failure),
    )


def _sync_run(row: Row) -> SyncRun:
    mailbox_id, number, _user, started_at, ended_at, outcome, messages, contacts, failure, harvest_id = row
    return SyncRun(
        mailbox_id=mailbox_id,
        number=number,
        started_at=started_at,
        ended_at=ended_at,
        outcome=SyncOutcome(outcome),
        messages=messages,
        contacts=contacts,
        failure=failure_from(failure),
        harvest_id=harvest_id,
    )
