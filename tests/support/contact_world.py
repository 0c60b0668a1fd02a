"""The contact use cases over a real database, with mail that was seen there."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbox_svc.contacts.drafts import FilterWish
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.model.address import canonical, match_key
from mailbox_svc.model.contact import Contact, Group, Order
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.tally import AddressDelta, Chunk, NameDelta, Tally
from mailbox_svc.storage.store import SqlStore
from support.stores import add, mailbox_of, opened, prepared

ANN, BOB = "ann", "bob"
#: All there is.
EVERYTHING = FilterWish()


@dataclass(frozen=True, slots=True)
class Seen:
    """An address in mail: what a harvest counts about it."""

    address: str
    name: str = ""
    sent_to: int = 0
    received: int = 0
    together: int = 0
    #: Days before the present.
    days_ago: int = 1
    bulk: int = 0


def friend(address: str, name: str = "", *, days_ago: int = 1) -> Seen:
    """Return somebody the user wrote to, and who wrote back."""
    return Seen(address, name, sent_to=3, received=2, days_ago=days_ago)


def robot(address: str) -> Seen:
    """Return a sender of newsletters."""
    return Seen(address, received=3, bulk=3)


def stranger(address: str, name: str = "") -> Seen:
    """Return somebody who was only seen beside others."""
    return Seen(address, name, together=1)


@dataclass(slots=True)
class Clock:
    """Time that stands still until a test moves it."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, days: int) -> None:
        self.now += timedelta(days=days)


@dataclass(frozen=True, slots=True)
class World:
    """A store with its use cases."""

    store: SqlStore
    clock: Clock
    contacts: Contacts

    async def mailbox(self, user_id: str = ANN, policy: Policy | None = None) -> Mailbox:
        """Add a mailbox."""
        mailbox = await add(self.store, mailbox_of(user_id))
        if policy is not None:
            async with self.store.begin(user_id) as tx:
                await tx.harvests.set_policy(mailbox.id, policy)
        return mailbox

    async def see(self, mailbox: Mailbox, *seen: Seen, judged: bool = True) -> None:
        """Count these in a folder of the mailbox, as a harvest does, and judge them."""
        now = int(self.clock().timestamp())
        async with self.store.begin(mailbox.user_id) as tx:
            folder = await tx.folders.add(mailbox.id, uuid.uuid4().hex.encode(), 1)
            await tx.folders.commit(folder.id, chunk_of(seen, now))
        if judged:
            await refresh(self.store, mailbox.user_id, clock=self.clock)

    async def listed(
        self, wish: FilterWish = EVERYTHING, order: Order = Order.NAME, *, user_id: str = ANN
    ) -> list[Contact]:
        """Return all contacts that match."""
        page = await self.contacts.page(user_id, wish, order, size=1000, token="")
        assert len(page.contacts) == page.total
        return page.contacts

    async def left_out(self, wish: FilterWish = EVERYTHING, *, user_id: str = ANN) -> dict[str, str]:
        """Return what was skipped: the address, and why."""
        page = await self.contacts.skipped(user_id, wish, frozenset(), size=1000, token="")
        return {one.addresses[0].written: str(one.skipped) for one in page.contacts}

    async def named(self, name: str, *, user_id: str = ANN) -> Contact:
        """Return the contact of this name, or of this address; kept or skipped."""
        skipped = await self.contacts.skipped(user_id, EVERYTHING, frozenset(), size=1000, token="")
        (found,) = [
            one
            for one in (*await self.listed(user_id=user_id), *skipped.contacts)
            if name in {one.display_name, one.addresses[0].written}
        ]
        return found

    async def group(self, name: str, *, user_id: str = ANN) -> Group:
        (group,) = [one for one in await self.contacts.groups(user_id) if one.name == name]
        return group


@asynccontextmanager
async def contact_world(kind: str, folder: Path) -> AsyncIterator[World]:
    """Open a new database of this kind."""
    clock = Clock()
    async with prepared(kind, folder) as database, opened(database.url, pool_size=5) as store:
        yield World(store, clock, Contacts(store, clock=clock))


def chunk_of(seen: Sequence[Seen], now: int) -> Chunk:
    """Return what a harvest commits that has seen these."""
    return Chunk(
        last_uid=len(seen),
        counted=len(seen),
        duplicates=0,
        keys=uuid.uuid4().bytes[:8] * len(seen),
        addresses=tuple(_address(one, now) for one in seen),
        names=tuple(_names(seen, now)),
    )


def names(contacts: Iterable[Contact]) -> list[str]:
    return [one.display_name or one.addresses[0].written for one in contacts]


def _address(seen: Seen, now: int) -> AddressDelta:
    at = now - seen.days_ago * 86_400
    tally = Tally(
        sent_to=seen.sent_to,
        received=seen.received,
        together=seen.together,
        bulk=seen.bulk,
        first_at=at - 86_400,
        last_at=at,
        last_sent_at=at if seen.sent_to else 0,
        last_received_at=at if seen.received else 0,
    )
    address = canonical(seen.address)
    return AddressDelta(address, match_key(address), seen.address, tally)


def _names(seen: Sequence[Seen], now: int) -> Iterable[NameDelta]:
    for one in seen:
        if one.name:
            yield NameDelta(canonical(one.address), one.name, one.received or 1, 0, 0, now)
