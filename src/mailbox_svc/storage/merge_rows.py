"""The log of one user's merges, as rows: what went into what. Moves no address, judges nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

from sqlalchemy import bindparam, delete, insert, select

from mailbox_svc.model.contact import SkipReason, Typed
from mailbox_svc.model.duplicate import Absorbed, Merge
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.dialects import for_each_dialect, one_of
from mailbox_svc.storage.tables import contact_merges, contacts

_m = contact_merges.c
_c = contacts.c
_MINE = _m.user_id == bindparam("for_user")
_THIS = (_MINE, _m.id == bindparam("for_merge"))
_INSERT = insert(contact_merges).values(
    {column.name: bindparam(column.name) for column in contact_merges.columns if column.name != "number"}
)
_SELECT = select(
    _m.id,
    _m.user_id,
    _m.kept_id,
    _m.absorbed,
    _m.typed_before,
    _m.typed_after,
    _m.groups_added,
    _m.merged_at,
)
_FIND = _SELECT.where(*_THIS)
_KEPT_BEFORE = select(_m.kept_before).where(*_THIS)
_ALL = _SELECT.where(_MINE).order_by(_m.number)
_AFTER = _ALL.where(_m.number > select(_m.number).where(*_THIS).scalar_subquery())
_OF_KEPT = for_each_dialect(lambda dialect: _SELECT.where(_MINE, one_of(dialect, _m.kept_id, "ids")))
_DELETE = for_each_dialect(lambda dialect: delete(contact_merges).where(_MINE, one_of(dialect, _m.id, "ids")))
_REMOVE_CONTACTS = for_each_dialect(
    lambda dialect: delete(contacts).where(_c.user_id == bindparam("for_user"), one_of(dialect, _c.id, "ids"))
)


class MergeRows:
    """The merges of one user."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user: dict[str, object] = {"for_user": user_id}

    async def insert(self, merge: Merge, kept_before: dict[str, object]) -> None:
        """Add it; `kept_before` are columns of the kept contact for `kept_before` to return."""
        absorbed = [(one.id, one.match_keys, one.skipped) for one in merge.absorbed]
        row = {
            "id": merge.id,
            "user_id": self._user["for_user"],
            "kept_id": merge.kept,
            "absorbed": _text(absorbed),
            "typed_before": _text(astuple(merge.typed_before)),
            "typed_after": _text(astuple(merge.typed_after)),
            "groups_added": _text(merge.groups_added),
            "kept_before": _text(kept_before),
            "merged_at": merge.merged_at,
        }
        await self._executor.run(_INSERT, row)

    async def find(self, merge_id: str) -> Merge | None:
        rows = await self._executor.run(_FIND, self._this(merge_id))
        return _merge_from(rows[0]) if rows else None

    async def kept_before(self, merge_id: str) -> dict[str, object]:
        rows = await self._executor.run(_KEPT_BEFORE, self._this(merge_id))
        return dict(json.loads(rows[0][0]))

    async def all(self) -> list[Merge]:
        """Return all, the oldest first."""
        return [_merge_from(row) for row in await self._executor.run(_ALL, self._user)]

    async def after(self, merge_id: str) -> list[Merge]:
        """Return those after this one."""
        return [_merge_from(row) for row in await self._executor.run(_AFTER, self._this(merge_id))]

    async def delete(self, merge_ids: Sequence[str]) -> None:
        await self._executor.run(_DELETE[self._executor.dialect], self._these(merge_ids))

    async def forget(self, contact_ids: Sequence[str]) -> None:
        """Remove all that went into these contacts, and with it what they were merged from."""
        hidden: list[str] = []
        merges: list[str] = []
        look_at = list(contact_ids)
        while look_at:  # what went into them may have been merged before
            rows = await self._executor.run(_OF_KEPT[self._executor.dialect], self._these(look_at))
            found = [_merge_from(row) for row in rows]
            merges += [merge.id for merge in found]
            look_at = [one.id for merge in found for one in merge.absorbed]
            hidden += look_at
        if merges:
            await self.delete(merges)
            await self._executor.run(_REMOVE_CONTACTS[self._executor.dialect], self._these(hidden))

    async def remove(self, contact_id: str) -> None:
        """Remove a hidden contact. Its addresses stay where they are, since it can come back no more."""
        its = [merge.id for merge in await self.all() if contact_id in {one.id for one in merge.absorbed}]
        await self.delete(its)
        await self._executor.run(_REMOVE_CONTACTS[self._executor.dialect], self._these([contact_id]))

    def _this(self, merge_id: str) -> dict[str, object]:
        return self._user | {"for_merge": merge_id}

    def _these(self, ids: Sequence[str]) -> dict[str, object]:
        return self._user | {"ids": json.dumps(list(ids))}


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _merge_from(row: Row) -> Merge:
    merge_id, user_id, kept, absorbed, typed_before, typed_after, groups_added, merged_at = row
    return Merge(
        id=merge_id,
        user_id=user_id,
        kept=kept,
        absorbed=tuple(
            Absorbed(contact_id, tuple(keys), SkipReason(skipped) if skipped else None)
            for contact_id, keys, skipped in json.loads(absorbed)
        ),
        typed_before=Typed(*json.loads(typed_before)),
        typed_after=Typed(*json.loads(typed_after)),
        groups_added=tuple(json.loads(groups_added)),
        merged_at=merged_at,
    )
