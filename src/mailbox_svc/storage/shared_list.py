"""The hot read on SQLite: callers who ask for their mailboxes at the same time share one statement.

A statement on SQLite costs 15 µs, the way to its thread and back 70 (docs/decisions.md). While one
read is under way the next callers gather; then one read serves them all. A lone caller waits for nobody.
Each row carries its owner, and goes to that owner only. A row that has been read before, the same in
every column, is not decoded again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, bindparam, column, func, select

from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.storage.compiled import compiled
from mailbox_svc.storage.database import Parameters, Statement
from mailbox_svc.storage.mailbox_rows import LIST_OF_ALL, OWNER, mailbox_from
from mailbox_svc.storage.tables import mailboxes

#: Users served by one statement at most, so that one answer's size stays bounded.
_MOST = 64
_USERS = func.json_each(bindparam("for_users", type_=Text)).table_valued(column("value", Text))
_LIST_OF_SOME = LIST_OF_ALL.where(mailboxes.c.user_id.in_(select(_USERS.c.value)))

_RawRow = Sequence[Any]
_Run = Callable[[Statement, Parameters], Awaitable[Sequence[_RawRow]]]


class SharedList:
    """Reads the mailboxes of users, many of them at a time."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._waiting: dict[str, asyncio.Future[list[Mailbox]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def of(self, user_id: str) -> list[Mailbox]:
        """Return the user's mailboxes in the order of `LIST`, as they are at some time after this call."""
        answer = self._waiting.get(user_id)
        if answer is None:
            answer = self._waiting[user_id] = asyncio.get_running_loop().create_future()
            if self._reading is None:
                self._reading = asyncio.create_task(self._read_all())
        # Shielded: another call of the same user may be waiting for the same answer.
        return await asyncio.shield(answer)

    async def _read_all(self) -> None:
        """Read until nobody waits."""
        try:
            while self._waiting:
                users = list(self._waiting)[:_MOST]
                answers = {user: self._waiting.pop(user) for user in users}
                await self._read(answers)
        finally:
            self._reading = None

    async def _read(self, answers: dict[str, asyncio.Future[list[Mailbox]]]) -> None:
        try:
            rows = await self._run(_LIST_OF_SOME, {"for_users": json.dumps(list(answers))})
        except Exception as error:  # noqa: BLE001  (it belongs to the callers)
            for answer in answers.values():
                _settle(answer, error)
            return
        found: dict[str, list[Mailbox]] = {user: [] for user in answers}
        for row in rows:
            found[row[OWNER]].append(_decoded(tuple(row)))
        for user, answer in answers.items():
            _settle(answer, found[user])


@lru_cache(maxsize=10_000)
def _decoded(row: tuple[Any, ...]) -> Mailbox:
    return mailbox_from(compiled(_LIST_OF_SOME).row(row))


def _settle(answer: asyncio.Future[list[Mailbox]], result: list[Mailbox] | Exception) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
        answer.exception()  # its callers may all be gone
    else:
        answer.set_result(result)
