from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from mailbox_svc.contacts.refresh import _judged, refresh
from mailbox_svc.model.contact import Contact, ContactEvidence, Filter, Order
from mailbox_svc.model.tally import AddressDelta, Chunk, Tally
from mailbox_svc.storage.store import SqlStore
from support.contact_world import ANN, BOB, Clock
from support.stores import KINDS, add, mailbox_of, opened, prepared

#: More than two pages.
MANY = 2300


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with prepared(request.param, tmp_path) as database, opened(database.url, pool_size=4) as store:
        yield store


async def see(store: SqlStore, count: int, user_id: str = ANN) -> int:
    """Count that many people in one folder; return the folder's id."""
    mailbox = await add(store, mailbox_of(user_id))
    addresses = tuple(
        AddressDelta(f"p{n}@example.org", f"p{n}@example.org", f"P{n}@example.org", Tally(received=n + 1))
        for n in range(count)
    )
    async with store.begin(user_id) as tx:
        folder = await tx.folders.add(mailbox.id, b"INBOX", 1)
        await tx.folders.commit(folder.id, Chunk(1, 1, 0, b"12345678", addresses, ()))
    return folder.id


async def everyone(store: SqlStore, user_id: str = ANN) -> list[Contact]:
    async with store.read(user_id) as tx:
        return await tx.contacts.page(Filter(kept=None), Order.NAME, after=None, limit=2 * MANY)


async def test_everything_that_changed_is_judged_once_over_many_pages(store: SqlStore) -> None:
    await see(store, MANY)
    assert await refresh(store, ANN, clock=Clock()) == MANY
    assert await refresh(store, ANN, clock=Clock()) == 0
    found = await everyone(store)
    assert {one.addresses[0].written for one in found} == {f"P{n}@example.org" for n in range(MANY)}
    assert {one.received for one in found} == set(range(1, MANY + 1))


async def test_refreshes_at_the_same_time_share_the_work_and_judge_nobody_twice(store: SqlStore) -> None:
    await see(store, MANY)
    counts = await asyncio.gather(*(refresh(store, ANN, clock=Clock()) for _ in range(3)))
    assert sum(counts) == MANY
    found = await everyone(store)
    assert len(found) == MANY
    assert {one.revision for one in found} == {1}


async def test_only_the_users_own_contacts_are_judged(store: SqlStore) -> None:
    await see(store, 3)
    await see(store, 2, BOB)
    assert await refresh(store, BOB, clock=Clock()) == 2
    assert await everyone(store) == []
    assert len(await everyone(store, BOB)) == 2


async def test_a_refresh_that_was_cut_short_has_kept_whole_pages_and_the_next_does_the_rest(
    store: SqlStore,
) -> None:
    await see(store, MANY)
    clock = Clock()
    asked: list[datetime] = []

    def breaks_at_the_second_page() -> datetime:
        asked.append(clock())
        if len(asked) > 1:
            raise ZeroDivisionError
        return asked[0]

    with pytest.raises(ZeroDivisionError):
        await refresh(store, ANN, clock=breaks_at_the_second_page)
    done = len(await everyone(store))
    assert 0 < done < MANY
    assert await refresh(store, ANN, clock=clock) == MANY - done
    assert len(await everyone(store)) == MANY


async def test_a_contact_whose_mail_is_gone_is_removed(store: SqlStore) -> None:
    folder_id = await see(store, 3)
    await refresh(store, ANN, clock=Clock())
    async with store.begin(ANN) as tx:
        await tx.folders.take_back(folder_id)
    assert await refresh(store, ANN, clock=Clock()) == 3
    assert await everyone(store) == []


async def test_others_have_their_turn_while_a_page_is_judged() -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    judged = await _judged([ContactEvidence(None, ())] * 1000)
    other.cancel()
    assert len(judged) == 1000
    assert turns >= 20
