"""Contacts are compared aside: many in a process of their own, which ends with whoever asked for it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from mailbox_svc.contacts import comparison
from mailbox_svc.contacts.comparison import Comparison
from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.contacts.duplicates.halves import at_once
from mailbox_svc.contacts.duplicates.process import lines_of_candidates, suggestions_from
from mailbox_svc.contacts.merging import Merging
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion
from support.contact_world import ANN, contact_world, friend
from support.rpc import eventually

GIVEN = ("Anna", "Jürgen", "Юлия", 'Wilma "Wim"')
LETTERS = "abcdefghijklmnop"
MODULE = "mailbox_svc.contacts.duplicates.process"


def people(number: int) -> list[Candidate]:
    """Return people of whom each has two contacts at most."""
    contacts = []
    for at in range(number):
        family = "Kr" + "".join(LETTERS[at // 2 // 16**place % 16] for place in range(5))
        address = f"{'wk'[at % 2]}{family.lower()}@c{at // 2 % 500}.example"
        kind = Kind.ROLE if at % 11 == 0 else Kind.PERSON
        name = f"{GIVEN[at // 2 % 4]} {family}"
        contacts.append(Candidate(f"{at:06}", (name,), (address,), kind, "", "", 1))
    return contacts


def comparing() -> list[psutil.Process]:
    """Return the processes of this one that compare."""
    found = []
    for child in psutil.Process().children():
        try:
            if MODULE in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@asynccontextmanager
async def under_way(
    apart: Comparison | None = None,
) -> AsyncIterator[tuple[asyncio.Task[list[Suggestion]], psutil.Process]]:
    """Have many contacts compared, and yield the task with its process; end it."""
    apart = apart or Comparison()
    asking = asyncio.create_task(apart.suggestions(people(12_000), dismissed=set()))
    try:
        await eventually(lambda: bool(comparing()))
        yield asking, comparing()[0]
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_process_finds_what_a_thread_finds() -> None:
    contacts = people(900)
    expected = suggestions(contacts)
    one, other = expected[0].first, expected[0].second

    apart = Comparison(in_a_thread=len(contacts) - 1)
    assert await apart.suggestions(contacts, dismissed={(one, other)}) == expected[1:]
    assert await Comparison().suggestions(contacts, dismissed=set()) == expected
    assert await Comparison(in_a_thread=0).suggestions([], dismissed=set()) == []
    assert comparing() == []


def test_two_processes_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    contacts = people(6_000)

    assert suggestions(contacts, share=at_once) == suggestions(contacts)


async def test_only_many_contacts_are_worth_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    async def noted(candidates: Sequence[Candidate], _dismissed: object) -> list[object]:
        used.append(len(candidates))
        return []

    monkeypatch.setattr(comparison, "_in_a_process", noted)
    await Comparison().suggestions(people(2000), dismissed=set())
    await Comparison().suggestions(people(2001), dismissed=set())
    assert used == [2001]


async def test_who_is_cancelled_leaves_no_process_behind() -> None:
    async with under_way() as (asking, process):
        process.suspend()  # it would not end by itself
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, timeout=60)
        assert comparing() == []


async def test_who_is_cancelled_leaves_no_copy_of_the_process_behind() -> None:
    async with under_way() as (asking, process):
        await eventually(lambda: bool(process.children()))
        (copy,) = process.children()
        copy.suspend()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, timeout=60)
        await eventually(lambda: not copy.is_running() or copy.status() == psutil.STATUS_ZOMBIE)


async def test_a_process_that_is_ended_is_an_error_and_the_next_goes_well() -> None:
    apart = Comparison(in_a_thread=100)
    async with under_way(apart) as (asking, process):
        process.kill()
        with pytest.raises(RuntimeError, match="12000 contacts ended with status -9"):
            await asking
    assert await apart.suggestions(people(200), dismissed=set()) == suggestions(people(200))


async def test_the_process_knows_nothing_of_the_services_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAILBOX_TEST_SECRET", "CANARY-environment")
    async with under_way() as (_, process):
        assert "MAILBOX_TEST_SECRET" not in process.environ()


async def test_the_loop_has_a_turn_between_all_lines_to_and_from_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line is at most 500 contacts or suggestions, so nobody waits for more than those."""
    turns, written, read = 0, list[int](), list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def lines(candidates: Sequence[Candidate], dismissed: Iterator[tuple[str, str]]) -> Iterator[bytes]:
        for line in lines_of_candidates(candidates, dismissed):
            written.append(turns)
            assert len(json.loads(line)) <= 500
            yield line

    def found(line: bytes) -> list[Suggestion]:
        read.append(turns)
        page = suggestions_from(line)
        assert len(page) <= 500
        return page

    monkeypatch.setattr(comparison, "lines_of_candidates", lines)
    monkeypatch.setattr(comparison, "suggestions_from", found)
    running = asyncio.create_task(others())
    await Comparison(in_a_thread=0).suggestions(people(4_000), dismissed=set())
    running.cancel()

    assert len(written) == 1 + 8
    assert len(read) > 1
    for seen in (written, read):
        assert all(before < after for before, after in pairwise(seen))


async def test_small_users_do_not_wait_for_large_ones() -> None:
    apart = Comparison(in_a_thread=1000)
    async with under_way(apart) as (large, process):
        process.suspend()
        small = apart.suggestions(people(50), dismissed=set())
        assert await asyncio.wait_for(small, timeout=60) == suggestions(people(50))
        assert not large.done()


async def test_the_end_of_the_service_ends_what_is_compared(tmp_path: Path) -> None:
    async with contact_world("sqlite", tmp_path) as w:
        await w.see(await w.mailbox(), friend("anna@acme.example", "Anna Krautheim"))
        merging = Merging(w.store, clock=w.clock, comparison=_Endless())
        asking = asyncio.create_task(merging.duplicates(ANN, contact_id=None, size=0, token=""))
        await asyncio.sleep(0.05)
        await merging.stop()
        with pytest.raises(asyncio.CancelledError):
            await asking


class _Endless(Comparison):
    """Compares for ever."""

    async def suggestions(self, *_: object, **__: object) -> list[object]:  # type: ignore[override]
        await asyncio.Event().wait()
        return []
