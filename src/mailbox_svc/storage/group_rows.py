"""The groups of one user, as rows, and their members."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, func, select, update

from mailbox_svc.errors import GroupNameTaken, GroupNotFound
from mailbox_svc.model.contact import Group
from mailbox_svc.storage.columns import MERGED
from mailbox_svc.storage.database import DialectName, Executor, Row, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_into, insert_rows, json_list, one_of
from mailbox_svc.storage.tables import contact_groups, contacts, group_members

_g = contact_groups.c
_m = group_members.c
_c = contacts.c
_MINE = _g.user_id == bindparam("for_user")
_THIS = (_MINE, _g.id == bindparam("for_group"))
_MEMBERS = select(func.count()).where(_m.user_id == _g.user_id, _m.group_id == _g.id).scalar_subquery()
# Taken off, since the merged are few, and looking at each member would cost much more.
_MERGED_MEMBERS = (
    select(func.count())
    .select_from(contacts)
    .where(
        _c.user_id == _g.user_id,
        MERGED,  # in the words of the partial index
        exists()
        .where(_m.user_id == _c.user_id, _m.group_id == _g.id, _m.contact_id == _c.id)
        .correlate(contacts, contact_groups),
    )
    .scalar_subquery()
)
_SELECT = select(
    _g.id, _g.user_id, _g.name, _MEMBERS - _MERGED_MEMBERS, _g.etag, _g.created_at, _g.updated_at
)
_ALL = _SELECT.where(_MINE).order_by(_g.name_key, _g.id)
_FIND = _SELECT.where(*_THIS)
_NAMED = _SELECT.where(_MINE, _g.name_key == bindparam("name_key"))
_COUNT = select(func.count()).select_from(contact_groups).where(_MINE)
# Weaker than FOR UPDATE, so that a merge, which adds members, need not wait for it; none can delete it.
_LOCK_GROUP = select(_g.id).where(*_THIS).with_for_update(key_share=True)
_LOCK_USER = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("for_user"), 2)))
_INSERT = for_each_dialect(
    lambda dialect: (
        insert_into(contact_groups, dialect)
        .values({column.name: bindparam(column.name) for column in contact_groups.columns})
        .on_conflict_do_nothing()
        .returning(_g.id)
    )
)
_OF_THIS_NAME = select(_g.id).where(
    _MINE, _g.name_key == bindparam("name_key"), _g.id != bindparam("for_group")
)
_UPDATE = (
    update(contact_groups)
    .where(*_THIS)
    .values(
        {name: bindparam(name) for name in ("name", "etag", "updated_at")}
        | {"name_key": bindparam("name_key")}
    )
)
_DELETE = delete(contact_groups).where(*_THIS).returning(_g.id)
_MEMBERS_AMONG = for_each_dialect(
    lambda dialect: select(_m.contact_id, _m.revision).where(
        _m.user_id == bindparam("for_user"),
        _m.group_id == bindparam("for_group"),
        one_of(dialect, _m.contact_id, "ids"),
    )
)
_REMOVE = for_each_dialect(
    lambda dialect: (
        delete(group_members)
        .where(
            _m.user_id == bindparam("for_user"),
            _m.group_id == bindparam("for_group"),
            one_of(dialect, _m.contact_id, "ids"),
        )
        .returning(_m.contact_id)
    )
)
_HAS_BEEN_GROUPED = for_each_dialect(
    lambda dialect: (
        update(contacts)
        .where(
            _c.user_id == bindparam("for_user"), _c.grouped.is_(False), _c.id.in_(json_list(dialect, "ids"))
        )
        .values(grouped=True)
    )
)


def _put(dialect: DialectName) -> Statement:
    new = insert_rows(group_members, dialect)
    return new.on_conflict_do_update(
        index_elements=[_m.group_id, _m.contact_id], set_={"revision": new.excluded.revision}
    )


_PUT = for_each_dialect(_put)


class GroupRows:
    """Satisfies `ports.contacts.GroupRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def all(self) -> list[Group]:
        rows = await self._executor.run(_ALL, {"for_user": self._user_id})
        return [_group_from(row) for row in rows]

    async def count(self) -> int:
        await self._executor.lock(_LOCK_USER, {"for_user": self._user_id})
        rows = await self._executor.run(_COUNT, {"for_user": self._user_id})
        return int(rows[0][0])

    async def find(self, group_id: str) -> Group | None:
        await self._executor.lock(_LOCK_GROUP, self._this(group_id))
        rows = await self._executor.run(_FIND, self._this(group_id))
        return _group_from(rows[0]) if rows else None

    async def named(self, name: str) -> Group | None:
        rows = await self._executor.run(_NAMED, {"for_user": self._user_id, "name_key": _name_key(name)})
        return _group_from(rows[0]) if rows else None

    async def insert(self, group: Group) -> None:
        if group.user_id != self._user_id:
            raise GroupNotFound
        row = {
            "id": group.id,
            "user_id": self._user_id,
            "name": group.name,
            "name_key": _name_key(group.name),
            "etag": group.etag,
            "created_at": group.created_at,
            "updated_at": group.updated_at,
        }
        if not await self._executor.run(_INSERT[self._executor.dialect], row):
            raise GroupNameTaken if await self.named(group.name) else GroupNotFound

    async def update(self, group: Group) -> None:
        values = self._this(group.id) | {"name_key": _name_key(group.name)}
        await self._executor.lock(_LOCK_USER, {"for_user": self._user_id})
        if await self._executor.run(_OF_THIS_NAME, values):
            raise GroupNameTaken
        values |= {"name": group.name, "etag": group.etag, "updated_at": group.updated_at}
        await self._executor.run(_UPDATE, values)

    async def delete(self, group_id: str) -> bool:
        return bool(await self._executor.run(_DELETE, self._this(group_id)))

    async def revisions(self, group_id: str, contact_ids: Sequence[str]) -> dict[str, int]:
        rows = await self._executor.run(
            _MEMBERS_AMONG[self._executor.dialect], self._among(group_id, contact_ids)
        )
        return {row[0]: row[1] for row in rows}

    async def put_members(self, group_id: str, members: Sequence[tuple[str, int]]) -> None:
        dialect = self._executor.dialect
        rows = [(group_id, contact_id, self._user_id, revision) for contact_id, revision in members]
        await self._executor.run_many(_PUT[dialect], rows)
        ids = json.dumps([contact_id for contact_id, _ in members])
        await self._executor.run(_HAS_BEEN_GROUPED[dialect], {"for_user": self._user_id, "ids": ids})

    async def remove_members(self, group_id: str, contact_ids: Sequence[str]) -> int:
        return len(
            await self._executor.run(_REMOVE[self._executor.dialect], self._among(group_id, contact_ids))
        )

    def _this(self, group_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_group": group_id}

    def _among(self, group_id: str, contact_ids: Sequence[str]) -> dict[str, object]:
        return self._this(group_id) | {"ids": json.dumps(list(contact_ids))}


def _group_from(row: Row) -> Group:
    group_id, user_id, name, members, etag, created_at, updated_at = row
    return Group(
        id=group_id,
        user_id=user_id,
        name=name,
        members=members,
        etag=etag,
        created_at=created_at,
        updated_at=updated_at,
    )


def _name_key(name: str) -> str:
    """Return what is equal for names that differ in case only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
