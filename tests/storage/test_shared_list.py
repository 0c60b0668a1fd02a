"""Callers who read at the same time share a statement on SQLite, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.secret import Secret
from mailbox_svc.storage.database import Parameters, Statement
from mailbox_svc.storage.shared_list import SharedList
from support.parts import Parts, parts


def draft(label: str) -> Draft:
    return Draft(
        label=label, host="imap.example.org", port=993, tls=True, user="a", password=Secret("CANARY-shared")
    )


async def fill(p: Parts, users: int, mailboxes: int) -> None:
    for number in range(users * mailboxes):
        user = f"user-{number % users}"
        await p.mailboxes.save(user, draft(f"{user}: {number // users}"))


async def test_each_of_many_callers_gets_its_own_mailboxes_in_order(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:
        await fill(p, users=70, mailboxes=3)
        asked = [f"user-{n % 72}" for n in range(300)]  # two of them have none
        answers = await asyncio.gather(*(p.store.list_mailboxes(user) for user in asked))
        for user, answer in zip(asked, answers, strict=True):
            labels = [] if user in {"user-70", "user-71"} else [f"{user}: {n}" for n in range(3)]
            assert [m.label for m in answer] == labels
            assert {m.user_id for m in answer} <= {user}


async def test_a_user_id_is_never_read_as_anything_else(tmp_path: Path) -> None:
    odd = ['"', "'", '","', "\\", "%", "ann\u2028", "null", "1", "1.0", "ünï", "a" * 255]
    async with parts(tmp_path) as p:
        for number, user in enumerate(odd):
            await p.mailboxes.save(user, draft(str(number)))
        answers = await asyncio.gather(*(p.store.list_mailboxes(user) for user in odd))
        assert [[m.label for m in answer] for answer in answers] == [[str(n)] for n in range(len(odd))]


async def test_who_has_saved_sees_it_however_many_read(tmp_path: Path) -> None:
    async with parts(tmp_path) as p:

        async def save_and_look(user: str) -> list[str]:
            seen = []
            for number in range(5):
                await p.mailboxes.save(user, draft(str(number)))
                seen.append(",".join(m.label for m in await p.store.list_mailboxes(user)))
            return seen

        stories = await asyncio.gather(*(save_and_look(f"user-{n}") for n in range(10)))
        assert stories == [["0", "0,1", "0,1,2", "0,1,2,3", "0,1,2,3,4"]] * 10


class Gate:
    """Stands for the database: answers when told, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, _statement: Statement, parameters: Parameters) -> Sequence[Sequence[object]]:
        self.asked.append(str(parameters["for_users"]))
        await self.open.wait()
        if self.error:
            raise self.error
        return []


async def test_those_who_come_during_a_read_share_the_next_one() -> None:
    gate = Gate()
    shared = SharedList(gate)
    callers = [asyncio.create_task(shared.of("first"))]
    await asyncio.sleep(0.01)
    callers += [asyncio.create_task(shared.of(f"u{n}")) for n in range(3)]
    await asyncio.sleep(0.01)
    gate.open.set()
    await asyncio.gather(*callers)
    assert gate.asked == ['["first"]', '["u0", "u1", "u2"]']


async def test_a_failure_reaches_all_who_shared_and_the_next_read_is_a_new_one() -> None:
    gate = Gate()
    gate.error = StorageUnavailable()
    gate.open.set()
    shared = SharedList(gate)
    results = await asyncio.gather(*(shared.of(f"u{n}") for n in range(3)), return_exceptions=True)
    assert [type(r) for r in results] == [StorageUnavailable] * 3
    gate.error = None
    assert await shared.of("u0") == []


async def test_a_caller_who_leaves_takes_no_answer_away() -> None:
    gate = Gate()
    shared = SharedList(gate)
    one, other = (asyncio.create_task(shared.of("same")) for _ in range(2))
    await asyncio.sleep(0.01)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    gate.open.set()
    assert await other == []
