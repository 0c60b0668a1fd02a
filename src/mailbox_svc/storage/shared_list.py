"""The hot read on SQLite: callers who ask for their mailboxes at the same time share one statement.

A statement on SQLite costs 15 µs, the way to its thread and back 70 (docs/decisions.md). While one
read is under way the next callers gather; then one read serves them all. A lone caller waits for nobody.
Each row carries its owner, and goes to that owner only. A row that has been read before, the same in
every column, is not decoded again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

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
_Answer: TypeAlias = "asyncio.Future[list[Mailbox]]"
_Run = Callable[[Statement, Parameters], Awaitable[Sequence[_RawRow]]]


class SharedList:
    """Reads the mailboxes of users, many of them at a time."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._waiting: dict[str, list[_Answer]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def of(self, user_id: str) -> list[Mailbox]:
        """Return the user's mailboxes in the order of `LIST`, as they are at some time after this call."""
        # One for each caller, so that one who leaves takes no other's answer away.
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, []).append(answer)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        return await answer

    async def _read_all(self) -> None:
        """Read until nobody waits."""
        try:
            while self._waiting:
                users = list(self._waiting)[:_MOST]
                answers = {user: self._waiting.pop(user) for user in users}
                await self._read(answers)
        finally:
            self._reading = None

    async def _read(self, answers: dict[str, list[_Answer]]) -> None:
        try:
            rows = await self._run(_LIST_OF_SOME, {"for_users": json.dumps(list(answers))})
        except Exception as error:  # noqa: BLE001  (it belongs to the callers)
            for waiting in answers.values():
                for answer in _unanswered(waiting):
                    answer.set_exception(error)
            return
        found: dict[str, list[Mailbox]] = {user: [] for user in answers}
        for row in rows:
            found[row[OWNER]].append(_decoded(tuple(row)))
        for user, waiting in answers.items():
            for answer in _unanswered(waiting):
                answer.set_result(found[user].copy())


def _unanswered(waiting: list[_Answer]) -> Iterator[_Answer]:
    """Yield the answers that somebody still waits for."""
    return (answer for answer in waiting if not answer.done())


@lru_cache(maxsize=10_000)
def _decoded(row: tuple[Any, ...]) -> Mailbox:
    return mailbox_from(compiled(_LIST_OF_SOME).row(row))
