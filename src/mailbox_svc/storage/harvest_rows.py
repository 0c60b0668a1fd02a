"""The harvests of one user, as rows: who runs them, how far they are, how they ended."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import Boolean, Text, bindparam, case, delete, func, insert, or_, select, update

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.harvest import (
    Harvest,
    HarvestState,
    Policy,
    Progress,
    SkippedFolder,
)
from mailbox_svc.model.schedule import CRASHES_TOGETHER, MAX_HISTORY
from mailbox_svc.storage.columns import UNFINISHED
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.evidence_marks import EvidenceMarks
from mailbox_svc.storage.failure_text import failure_from, text_of
from mailbox_svc.storage.tables import harvests, mailboxes

_t = harvests.c
_m = mailboxes.c
_MINE = _t.user_id == bindparam("for_user")
_THIS = (_MINE, _t.id == bindparam("for_harvest"))
_OF_MAILBOX = (_MINE, _t.mailbox_id == bindparam("for_mailbox"))
_RUN = (*_THIS, _t.state == HarvestState.RUNNING.value, _t.attempt == bindparam("for_attempt"))
_PROGRESS = [field.name for field in fields(Progress)]
_SELECT = select(
    _t.id,
    _t.user_id,
    _t.mailbox_id,
    _t.state,
    _t.policy,
    *(_t[name] for name in _PROGRESS),
    _t.failure,
    _t.skipped_folders,
    _t.attempt,
    _t.lease_until,
    _t.created_at,
    _t.started_at,
    _t.ended_at,
    _t.crashes,
)
_FIND = _SELECT.where(*_THIS)
_LATEST = _SELECT.where(*_OF_MAILBOX).order_by(_t.created_at.desc(), _t.id.desc()).limit(1)
_UNFINISHED_ONE = _SELECT.where(*_OF_MAILBOX, UNFINISHED)
_COLUMNS = [column.name for column in _SELECT.selected_columns]
_FROM_MAILBOX = {"user_id": _m.user_id, "mailbox_id": _m.id}
_NEW = [_FROM_MAILBOX.get(name, bindparam(name, type_=_t[name].type)) for name in _COLUMNS]
_INSERT = (
    insert(harvests)
    .from_select(
        _COLUMNS,
        select(*_NEW).where(_m.user_id == bindparam("for_user"), _m.id == bindparam("for_mailbox")),
    )
    .returning(_t.id)
)
_CRASHES = _t.crashes + case((_t.state == HarvestState.RUNNING.value, 1), else_=0)
_CLAIM = (
    update(harvests)
    .where(
        *_THIS,
        or_(
            _t.state == HarvestState.QUEUED.value,
            (_t.state == HarvestState.RUNNING.value)
            & (_t.lease_until <= bindparam("now", type_=_t.lease_until.type)),
        ),
        or_(_CRASHES < CRASHES_TOGETHER, bindparam("apart", type_=Boolean)),
    )
    .values(
        state=HarvestState.RUNNING.value,
        attempt=_t.attempt + 1,
        crashes=_CRASHES,
        lease_until=bindparam("lease_until"),
        started_at=func.coalesce(_t.started_at, bindparam("now", type_=_t.started_at.type)),
    )
    .returning(*_SELECT.selected_columns)
)
_BEAT = (
    update(harvests)
    .where(*_RUN)
    .values({name: bindparam(name) for name in (*_PROGRESS, "lease_until")})
    .returning(_t.id)
)
_FORGET_CRASHES = update(harvests).where(*_THIS, _t.crashes > 0).values(crashes=0)
_ENDED = ("state", *_PROGRESS, "failure", "skipped_folders", "ended_at")
_FINISH = (
    update(harvests)
    .where(*_RUN)
    .values({"lease_until": None} | {name: bindparam(name) for name in _ENDED})
    .returning(_t.id)
)
_CANCEL = (
    update(harvests)
    .where(*_THIS, UNFINISHED)
    .values(
        state=HarvestState.CANCELLED.value,
        lease_until=None,
        ended_at=bindparam("now", type_=_t.ended_at.type),
    )
)
# What ended is remembered for a while: a schedule makes a harvest whenever there is news.
_FORGET = delete(harvests).where(
    _t.id.in_(
        select(_t.id)
        .where(*_OF_MAILBOX, _t.ended_at.is_not(None))
        .order_by(_t.created_at.desc(), _t.id.desc())
        .offset(bindparam("keep"))
    )
)
_POLICY = select(_m.harvest_policy).where(
    _m.user_id == bindparam("for_user"), _m.id == bindparam("for_mailbox")
)
_SET_POLICY = (
    update(mailboxes)
    .where(
        _m.user_id == bindparam("for_user"),
        _m.id == bindparam("for_mailbox"),
        _m.harvest_policy != bindparam("policy", type_=Text),
    )
    .values(harvest_policy=bindparam("policy", type_=Text))
    .returning(_m.id)
)


class HarvestRows:
    """Satisfies `ports.harvests.HarvestRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def find(self, harvest_id: str) -> Harvest | None:
        rows = await self._executor.run(_FIND, self._this(harvest_id))
        return _harvest_from(rows[0]) if rows else None

    async def latest(self, mailbox_id: str) -> Harvest | None:
        rows = await self._executor.run(_LATEST, self._of(mailbox_id))
        return _harvest_from(rows[0]) if rows else None

    async def unfinished(self, mailbox_id: str) -> Harvest | None:
        rows = await self._executor.run(_UNFINISHED_ONE, self._of(mailbox_id))
        return _harvest_from(rows[0]) if rows else None

    async def insert(self, harvest: Harvest) -> None:
        parameters = {
            **self._of(harvest.mailbox_id),
            "id": harvest.id,
            "policy": harvest.policy.value,
            "attempt": harvest.attempt,
            "lease_until": harvest.lease_until,
            "created_at": harvest.created_at,
            "started_at": harvest.started_at,
            "crashes": harvest.crashes,
            **_outcome(harvest),
        }
        if not await self._executor.run(_INSERT, parameters):
            raise MailboxNotFound
        await self._executor.run(_FORGET, self._of(harvest.mailbox_id) | {"keep": MAX_HISTORY})

    async def claim(
        self, harvest_id: str, *, now: datetime, lease_until: datetime, apart: bool = True
    ) -> Harvest | None:
        parameters = {"now": now, "lease_until": lease_until, "apart": apart}
        rows = await self._executor.run(_CLAIM, self._this(harvest_id) | parameters)
        return _harvest_from(rows[0]) if rows else None

    async def beat(self, harvest_id: str, attempt: int, *, progress: Progress, lease_until: datetime) -> bool:
        parameters = self._this(harvest_id) | {"for_attempt": attempt, "lease_until": lease_until}
        return bool(await self._executor.run(_BEAT, parameters | _counted(progress)))

    async def forget_crashes(self, harvest_id: str) -> None:
        await self._executor.run(_FORGET_CRASHES, self._this(harvest_id))

    async def finish(self, harvest: Harvest) -> bool:
        parameters = self._this(harvest.id) | {"for_attempt": harvest.attempt} | _outcome(harvest)
        return bool(await self._executor.run(_FINISH, parameters))

    async def cancel(self, harvest_id: str, *, now: datetime) -> None:
        await self._executor.run(_CANCEL, self._this(harvest_id) | {"now": now})

    async def policy(self, mailbox_id: str) -> Policy:
        rows = await self._executor.run(_POLICY, self._of(mailbox_id))
        return Policy(rows[0][0]) if rows else Policy.CORRESPONDED

    async def set_policy(self, mailbox_id: str, policy: Policy) -> None:
        if await self._executor.run(_SET_POLICY, self._of(mailbox_id) | {"policy": policy.value}):
            await EvidenceMarks(self._executor, self._user_id).of_mailbox(mailbox_id)

    def _this(self, harvest_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_harvest": harvest_id}

    def _of(self, mailbox_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_mailbox": mailbox_id}


def _harvest_from(row: Row) -> Harvest:
    harvest_id, user_id, mailbox_id, state, policy, *progress = row[: 5 + len(_PROGRESS)]
    failure, skipped, attempt, lease_until, created_at, started_at, ended_at, crashes = row[
        5 + len(_PROGRESS) :
    ]
    return Harvest(
        id=harvest_id,
        user_id=user_id,
        mailbox_id=mailbox_id,
        state=HarvestState(state),
        policy=Policy(policy),
        progress=Progress(*progress),
        failure=failure_from(failure),
        skipped_folders=tuple(SkippedFolder(**folder) for folder in json.loads(skipped)),
        attempt=attempt,
        lease_until=lease_until,
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        crashes=crashes,
    )


def _outcome(harvest: Harvest) -> dict[str, object]:
    """Return the columns that the end of a run may change."""
    return {
        "state": harvest.state.value,
        **_counted(harvest.progress),
        "failure": text_of(harvest.failure),
        "skipped_folders": json.dumps([asdict(folder) for folder in harvest.skipped_folders]),
        "ended_at": harvest.ended_at,
    }


def _counted(progress: Progress) -> dict[str, object]:
    return {name: getattr(progress, name) for name in _PROGRESS}
