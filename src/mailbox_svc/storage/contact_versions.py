"""Counts how often the contacts of one user have changed. Says nothing about what has."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_into
from mailbox_svc.storage.tables import contact_versions

_v = contact_versions.c
_FIND = select(_v.version).where(_v.user_id == bindparam("for_user"))


def _grow(dialect: DialectName) -> Statement:
    return (
        insert_into(contact_versions, dialect)
        .values(user_id=bindparam("for_user"), version=1)
        .on_conflict_do_update(index_elements=[_v.user_id], set_={"version": _v.version + 1})
    )


_GROW = for_each_dialect(_grow)


class ContactVersions:
    """The version of one user's contacts."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user = {"for_user": user_id}

    async def now(self) -> int:
        """Return the version; 0 before the first change."""
        rows = await self._executor.run(_FIND, self._user)
        return int(rows[0][0]) if rows else 0

    async def grow(self) -> None:
        """Make it another one, after the transaction's other locks: it waits for whoever grows it."""
        await self._executor.run(_GROW[self._executor.dialect], self._user)
