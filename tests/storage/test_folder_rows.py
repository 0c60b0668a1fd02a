"""What `ports.harvests.FolderRepository` promises, on both databases."""

import asyncio
import random
import sqlite3

import pytest

from mailbox_svc.errors import MailboxNotFound, StorageUnavailable
from mailbox_svc.model.contact import Filter, Order
from mailbox_svc.model.harvest import FolderPosition
from mailbox_svc.model.tally import Chunk
from mailbox_svc.storage.store import SqlStore
from support.evidence import (
    chunk_of,
    folder_with,
    judge_all,
    named,
    random_chunks,
    seen,
    sums_in,
    sums_of,
    unjudged,
)
from support.stores import PreparedDatabase, add, mailbox_of, opened

_ALL, _RANK = Filter(kept=None), Order.RANK
ADDRESSES = [f"{name}@example.org" for name in "abcdefgh"] + ["Max+news@example.org", "m.ax@gmail.com"]


async def positions(store: SqlStore, mailbox_id: str, user: str = "anna") -> list[FolderPosition]:
    async with store.read(user) as tx:
        return await tx.folders.all(mailbox_id)


async def keys(store: SqlStore, mailbox_id: str, user: str = "anna") -> bytes:
    async with store.read(user) as tx:
        return b"".join(await tx.folders.message_keys(mailbox_id))


async def test_a_folder_is_added_unread_and_with_the_name_the_server_wrote(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    names = [b"INBOX", b"Entw&APw-rfe", bytes(range(256))]
    async with store.begin("anna") as tx:
        added = [await tx.folders.add(mailbox.id, name, 2**32 - 1) for name in names]
    assert await positions(store, mailbox.id) == added
    assert [folder.raw_name for folder in added] == names
    first = added[0]
    assert first == FolderPosition(first.id, b"INBOX", 2**32 - 1, 0, None, 0, 0)
    assert await positions(store, mailbox.id, "bob") == []


async def test_a_folder_of_another_users_mailbox_is_not_added(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    async with store.begin("bob") as tx:
        for mailbox_id in (mailbox.id, "none"):
            with pytest.raises(MailboxNotFound):
                await tx.folders.add(mailbox_id, b"INBOX", 1)


async def test_a_chunk_moves_the_position_and_adds_to_the_counts(store: SqlStore) -> None:
    big = 2**32 - 1
    mailbox, folder = await folder_with(
        store, Chunk(5, 2, 1, b"1" * 16, (), ()), Chunk(big, 3, 4, b"2" * 24, (), ())
    )
    async with store.begin("anna") as tx:
        await tx.folders.set_highestmodseq(folder.id, 2**63 - 1)
    (position,) = await positions(store, mailbox.id)
    assert position == FolderPosition(folder.id, b"INBOX", 7, big, 2**63 - 1, 5, 5)
    async with store.begin("anna") as tx:
        await tx.folders.set_highestmodseq(folder.id, None)
    (position,) = await positions(store, mailbox.id)
    assert position.highestmodseq is None


async def test_message_keys_come_back_byte_for_byte_in_a_few_pieces(store: SqlStore) -> None:
    chance = random.Random(3)
    given = [chance.randbytes(8 * chance.choice((1, 1, 3, 500))) for _ in range(60)] + [bytes(8), b"\xff" * 8]
    mailbox, _ = await folder_with(store, *(chunk_of(keys=some, last_uid=n) for n, some in enumerate(given)))
    other, _ = await folder_with(store, chunk_of(keys=b"another."))
    await folder_with(store, chunk_of(keys=b"Archive."), mailbox=mailbox, name=b"Archive")
    assert await keys(store, mailbox.id) == b"".join(given) + b"Archive."
    assert await keys(store, other.id) == b"another."
    assert await keys(store, mailbox.id, "bob") == b""
    async with store.read("anna") as tx:
        pieces = await tx.folders.message_keys(mailbox.id)
    assert {(type(piece), len(piece) % 8) for piece in pieces} == {(bytes, 0)}
    assert len(pieces) <= len(b"".join(given)) // 16_384 + 2, "small runs do not make many rows"


@pytest.mark.parametrize("seed", range(4))
async def test_chunks_add_up_however_the_mail_is_split_over_runs_and_folders(
    store: SqlStore, seed: int
) -> None:
    chance = random.Random(seed)
    chunks = random_chunks(chance, ADDRESSES, 12)
    mailbox, first = await folder_with(store)
    _, second = await folder_with(store, mailbox=mailbox, name=b"Archive")
    left = chunks.copy()
    while left:
        async with store.begin("anna") as tx:
            for _ in range(chance.randint(1, 4)):
                if left:
                    await tx.folders.commit(chance.choice((first, second)).id, left.pop())
        if chance.random() < 0.5:
            await judge_all(store)
    async with store.begin("anna") as tx:
        evidence = await tx.contacts.unjudged(1000)
        ids = [c.id for c in await tx.contacts.page(_ALL, _RANK, after=None, limit=1000)]
        evidence += [e for e in await tx.contacts.evidence(ids) if e not in evidence]
    assert sums_in(evidence) == sums_of(chunks)
    assert sorted(_eights(await keys(store, mailbox.id))) == sorted(
        _eights(b"".join(chunk.keys for chunk in chunks))
    )


@pytest.mark.parametrize("seed", range(4))
async def test_taking_a_folder_back_leaves_exactly_what_the_others_have_counted(
    store: SqlStore, seed: int
) -> None:
    chance = random.Random(seed)
    lost, kept = random_chunks(chance, ADDRESSES, 5), random_chunks(chance, ADDRESSES[3:], 4)
    mailbox, folder = await folder_with(store, *lost)
    await folder_with(store, *kept, mailbox=mailbox, name=b"Archive")
    await judge_all(store)
    async with store.begin("bob") as tx:
        await tx.folders.take_back(folder.id)
    assert await unjudged(store) == []
    async with store.begin("anna") as tx:
        await tx.folders.take_back(folder.id)
    touched = {delta.address for chunk in lost for delta in chunk.addresses}
    evidence = await unjudged(store)
    assert touched <= {address.address for contact in evidence for address in contact.addresses}
    await judge_all(store)
    async with store.begin("anna") as tx:
        ids = [c.id for c in await tx.contacts.page(_ALL, _RANK, after=None, limit=1000)]
        assert sums_in(await tx.contacts.evidence(ids)) == sums_of(kept)
    assert [position.raw_name for position in await positions(store, mailbox.id)] == [b"Archive"]
    assert await keys(store, mailbox.id) == b"".join(chunk.keys for chunk in kept)


async def test_the_spelling_seen_first_stays(store: SqlStore) -> None:
    await folder_with(
        store, chunk_of(seen("Bob@Example.org", received=1)), chunk_of(seen("BOB@example.org", received=1))
    )
    (evidence,) = await unjudged(store)
    assert [a.written for a in evidence.addresses] == ["Bob@Example.org"]


async def test_text_of_any_script_comes_back_as_it_was(store: SqlStore) -> None:
    names = ["Größe 数 'q' \"\\ {}[]", "👩‍👩‍👧", "a\tb", "\u202bאבג\u202c", "null", "1", "\x01"]
    address = "ü'\"\\@xn--bcher-kva.example"
    await folder_with(store, chunk_of(seen(address), names=[named(address, name, 1) for name in names]))
    (evidence,) = await unjudged(store)
    assert evidence.addresses[0].written == address
    assert {use.name for use in evidence.addresses[0].names} == set(names)


async def test_own_addresses_are_remembered_by_the_mailbox_that_taught_them(store: SqlStore) -> None:
    work, home = await add(store, mailbox_of("anna")), await add(store, mailbox_of("anna"))
    async with store.begin("anna") as tx:
        assert await tx.folders.own_addresses() == {}
        await tx.folders.add_own_addresses(work.id, ["a@example.org", "b@example.org"])
        await tx.folders.add_own_addresses(work.id, ["b@example.org"])
        await tx.folders.add_own_addresses(home.id, ["b@example.org"])
        expected = {work.id: {"a@example.org", "b@example.org"}, home.id: {"b@example.org"}}
        assert await tx.folders.own_addresses() == expected
    async with store.begin("bob") as tx:
        await tx.folders.add_own_addresses(work.id, ["bob@example.org"])
        assert await tx.folders.own_addresses() == {}
    async with store.read("anna") as tx:
        assert await tx.folders.own_addresses() == expected


async def test_what_becomes_an_own_address_is_judged_anew(store: SqlStore) -> None:
    await folder_with(
        store, chunk_of(seen("an.na@gmail.com", received=1), seen("bob@example.org", received=1))
    )
    assert not any(evidence.own for evidence in await unjudged(store))
    await judge_all(store)
    other = await add(store, mailbox_of("anna"))
    async with store.begin("anna") as tx:
        await tx.folders.add_own_addresses(other.id, ["anna+x@googlemail.com"])
    (evidence,) = await unjudged(store)
    assert (evidence.addresses[0].address, evidence.own) == ("an.na@gmail.com", True)
    await judge_all(store)
    async with store.begin("anna") as tx:
        await tx.mailboxes.delete(other.id)
    (evidence,) = await unjudged(store)
    assert (evidence.addresses[0].address, evidence.own) == ("an.na@gmail.com", False)


async def test_a_chunk_for_another_users_folder_changes_nothing(store: SqlStore) -> None:
    chunk = chunk_of(seen("bob@example.org", received=1), names=[named("bob@example.org", "Bob", 1)])
    mailbox, folder = await folder_with(store, chunk)
    before = await positions(store, mailbox.id), await unjudged(store), await keys(store, mailbox.id)
    with pytest.raises(StorageUnavailable):
        async with store.begin("bob") as tx:
            await tx.folders.commit(folder.id, chunk)
    async with store.begin("bob") as tx:
        await tx.folders.set_highestmodseq(folder.id, 9)
    after = await positions(store, mailbox.id), await unjudged(store), await keys(store, mailbox.id)
    assert after == before
    assert await unjudged(store, "bob") == []


async def test_a_chunk_that_fails_half_way_leaves_nothing(store: SqlStore) -> None:
    good = chunk_of(seen("bob@example.org", received=1), names=[named("bob@example.org", "Bob", 1)])
    too_much = chunk_of(
        seen("bob@example.org", received=1),
        names=[named("bob@example.org", "Bob", 1), named("bob@example.org", "Bobby", 2**70)],
        last_uid=9,
        keys=b"87654321",
    )
    mailbox, folder = await folder_with(store, good)
    before = await positions(store, mailbox.id), await unjudged(store), await keys(store, mailbox.id)
    with pytest.raises((StorageUnavailable, OverflowError)):
        async with store.begin("anna") as tx:
            await tx.folders.commit(folder.id, too_much)
    assert (
        await positions(store, mailbox.id),
        await unjudged(store),
        await keys(store, mailbox.id),
    ) == before


async def test_runs_of_two_mailboxes_of_one_user_do_not_lose_each_others_marks(store: SqlStore) -> None:
    chunks = random_chunks(random.Random(8), ADDRESSES, 30)
    folders = [(await folder_with(store))[1] for _ in range(3)]
    connections = asyncio.Semaphore(5)  # who waits for a connection is refused after a while

    async def commit(number: int) -> None:
        async with connections, store.begin("anna") as tx:
            await tx.folders.commit(folders[number % 3].id, chunks[number])

    async def judge() -> None:
        await asyncio.sleep(0.01)
        async with connections:
            await judge_all(store)

    await asyncio.gather(*(commit(number) for number in range(30)), *(judge() for _ in range(5)))
    await judge_all(store)
    assert await unjudged(store) == []
    async with store.begin("anna") as tx:
        ids = [c.id for c in await tx.contacts.page(_ALL, _RANK, after=None, limit=1000)]
        evidence = await tx.contacts.evidence(ids)
    total, _ = sums_of(chunks)
    for contact in evidence:
        for address in contact.addresses:
            tally = total.pop(address.address)
            assert sum(t.received for _, t in address.tallies) == tally.received
            assert max(t.last_at for _, t in address.tallies) == tally.last_at
    assert total == {}


def _eights(keys: bytes) -> list[bytes]:
    return [keys[start : start + 8] for start in range(0, len(keys), 8)]


async def test_deleting_a_mailbox_takes_all_it_has_seen_away(sqlite: PreparedDatabase) -> None:
    async with opened(sqlite.url) as store:
        chunks = random_chunks(random.Random(5), ADDRESSES, 5)
        mailbox, _ = await folder_with(store, *chunks)
        async with store.begin("anna") as tx:
            await tx.folders.add_own_addresses(mailbox.id, ["anna@example.org"])
            await tx.mailboxes.delete(mailbox.id)
        await judge_all(store)
    with sqlite3.connect(sqlite.name) as raw:
        tables = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        filled = {table for table in tables if raw.execute(f"SELECT 1 FROM {table}").fetchone()}
    raw.close()
    # How often the contacts have changed says nothing of them, and must not begin anew.
    assert filled == {"alembic_version", "contact_versions"}
