"""Harvests, chunks and judgements to put into a store."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mailbox_svc.model.address import canonical, match_key
from mailbox_svc.model.contact import (
    ContactEvidence,
    Filter,
    Group,
    Judgement,
    Kind,
    Order,
    Reason,
    ReasonCode,
)
from mailbox_svc.model.harvest import FolderPosition, Harvest, HarvestState, Policy, Progress
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.tally import COUNTS, LATEST, AddressDelta, Chunk, NameDelta, Tally
from mailbox_svc.ports import Store
from support.stores import add, mailbox_of

NOW = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)


def harvest_of(mailbox: Mailbox, **changes: Any) -> Harvest:
    """Return a new harvest of this mailbox."""
    harvest = Harvest(
        id=str(uuid.uuid4()),
        user_id=mailbox.user_id,
        mailbox_id=mailbox.id,
        state=HarvestState.QUEUED,
        policy=Policy.CORRESPONDED,
        progress=Progress(),
        failure=None,
        skipped_folders=(),
        attempt=0,
        lease_until=None,
        created_at=NOW,
        started_at=None,
        ended_at=None,
    )
    return replace(harvest, **changes)


def group_of(user_id: str, name: str = "Friends", **changes: Any) -> Group:
    """Return a new group."""
    group = Group(
        id=str(uuid.uuid4()),
        user_id=user_id,
        name=name,
        members=0,
        etag="etag-1",
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(group, **changes)


def seen(written: str, **counts: int) -> AddressDelta:
    """Return what a chunk has counted about an address."""
    address = canonical(written)
    return AddressDelta(address, match_key(address), written, Tally(**counts))


def named(written: str, name: str, *uses: int, last_at: int = 0) -> NameDelta:
    """Return how often a chunk has seen a name: by the address itself, by the user, by others."""
    by_self, by_user, by_others = (*uses, 0, 0, 0)[:3]
    return NameDelta(canonical(written), name, by_self, by_user, by_others, last_at)


def chunk_of(
    *addresses: AddressDelta, names: Sequence[NameDelta] = (), last_uid: int = 1, keys: bytes = b"12345678"
) -> Chunk:
    """Return a chunk of as many messages as there are keys."""
    return Chunk(
        last_uid=last_uid,
        counted=len(keys) // 8,
        duplicates=0,
        keys=keys,
        addresses=addresses,
        names=tuple(names),
    )


def random_chunks(chance: random.Random, addresses: Sequence[str], number: int) -> list[Chunk]:
    """Return chunks with any counts, dates missing here and there."""
    chunks = []
    for uid in range(1, number + 1):
        some = chance.sample(addresses, chance.randint(1, len(addresses)))
        deltas = [
            seen(
                address,
                **{name: chance.choice((0, 0, 1, 1000)) for name in COUNTS},
                **{name: chance.choice((0, chance.randrange(2**33))) for name in ("first_at", *LATEST)},
            )
            for address in some
        ]
        names = {
            (address, chance.choice("XYZ")): [chance.randint(0, 2) for _ in range(3)]
            for address in some
            if chance.random() < 0.7
        }
        chunks.append(
            chunk_of(
                *deltas,
                names=[
                    named(address, name, *uses, last_at=chance.randint(0, 9))
                    for (address, name), uses in names.items()
                ],
                last_uid=uid,
                keys=chance.randbytes(8 * chance.randint(1, 3)),
            )
        )
    return chunks


def sums_of(chunks: Iterable[Chunk]) -> tuple[dict[str, Tally], dict[tuple[str, str], list[int]]]:
    """Return what the chunks add up to: the tally of each address, and the uses of each name."""
    tallies: dict[str, Tally] = {}
    names: dict[tuple[str, str], list[int]] = {}
    for chunk in chunks:
        for delta in chunk.addresses:
            tallies.setdefault(delta.address, Tally()).add(delta.tally)
        for use in chunk.names:
            known = names.setdefault((use.address, use.name), [0, 0, 0, 0])
            known[:3] = [a + b for a, b in zip(known, use[2:5], strict=False)]
            known[3] = max(known[3], use.last_at)
    return tallies, names


def sums_in(
    evidence: Iterable[ContactEvidence],
) -> tuple[dict[str, Tally], dict[tuple[str, str], list[int]]]:
    """Return the same of evidence from one mailbox."""
    tallies: dict[str, Tally] = {}
    names: dict[tuple[str, str], list[int]] = {}
    for contact in evidence:
        for address in contact.addresses:
            for _, tally in address.tallies:
                assert address.address not in tallies
                tallies[address.address] = tally
            for use in address.names:
                assert (address.address, use.name) not in names
                names[address.address, use.name] = [use.by_self, use.by_user, use.by_others, use.last_at]
    return tallies, names


def judged_as(evidence: ContactEvidence, **changes: Any) -> Judgement:
    """Return a judgement of this evidence: a person, kept."""
    judgement = Judgement(
        display_name="Anna Berg",
        alternate_names=(),
        kind=Kind.PERSON,
        reason=Reason(ReasonCode.WROTE_TO, "you wrote to them"),
        skipped=None,
        score=1.5,
        wrote_to=1,
        received=2,
        together=3,
        first_at=1_000_000_000,
        last_at=1_100_000_000,
        addresses=tuple((address.address, address.written) for address in evidence.addresses),
    )
    return replace(judgement, **changes)


async def folder_with(
    store: Store, *chunks: Chunk, user: str = "anna", mailbox: Mailbox | None = None, name: bytes = b"INBOX"
) -> tuple[Mailbox, FolderPosition]:
    """Commit these chunks to a new folder, of a new mailbox when none is given."""
    mailbox = mailbox or await add(store, mailbox_of(user))
    async with store.begin(mailbox.user_id) as tx:
        folder = await tx.folders.add(mailbox.id, name, 7)
        for chunk in chunks:
            await tx.folders.commit(folder.id, chunk)
    return mailbox, folder


async def unjudged(store: Store, user: str = "anna") -> list[ContactEvidence]:
    """Return what waits to be judged."""
    async with store.begin(user) as tx:
        return await tx.contacts.unjudged(1000)


async def judge_all(store: Store, user: str = "anna", **changes: Any) -> None:
    """Judge all that waits as kept persons; None is the judgement of what has no evidence left."""
    async with store.begin(user) as tx:
        judged: list[tuple[ContactEvidence, Judgement | None]] = []
        for evidence in await tx.contacts.unjudged(1000):
            there = any(a.tallies for a in evidence.addresses) or evidence.typed or evidence.grouped
            judged.append((evidence, judged_as(evidence, **changes) if there else None))
        await tx.contacts.judge(judged, now=NOW)


async def contacts_by_address(store: Store, user: str = "anna", **which: Any) -> dict[str, Any]:
    """Return the user's contacts by their first address as written."""
    async with store.read(user) as tx:
        page = await tx.contacts.page(Filter(**{"kept": None} | which), Order.RANK, after=None, limit=10_000)
    return {contact.addresses[0].written: contact for contact in page}
