"""What was harvested from a mailbox goes with the mailbox, or with the account it stood for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbox_svc.contacts.drafts import FilterWish, ImportOrder, Selection, TypedChanges
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.contact import Order
from mailbox_svc.model.harvest import HarvestState, Policy
from mailbox_svc.model.secret import Secret
from mailbox_svc.vault import Keyring
from support import parts as real
from support.dovecot import DovecotServer
from support.harvest_parts import USER, HarvestParts, harvest_parts, now
from support.letters import OWNER, PASSWORD


@dataclass(slots=True)
class World:
    harvest: HarvestParts
    mailboxes: Mailboxes
    contacts: Contacts
    port: int

    async def names(self) -> set[str]:
        page = await self.contacts.page(USER, FilterWish(), Order.NAME, size=100, token="")
        return {contact.display_name for contact in page.contacts}

    def draft(self, **changes: object) -> Draft:
        given: dict[str, object] = {
            "id": self.harvest.mailbox_id,
            "label": "Work",
            "host": "localhost",
            "port": self.port,
            "tls": True,
            "user": OWNER,
            "password": Secret(PASSWORD),
        }
        return Draft(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
async def world(mailbox: DovecotServer, tmp_path: Path) -> AsyncIterator[World]:
    database = tmp_path / "changes.sqlite3"
    async with harvest_parts(database, Keyring.generate(), mailbox.tls_port, mailbox.ca_file) as parts:
        store = parts.store

        async def rejudge(user_id: str) -> None:
            await refresh(store, user_id, clock=now)

        oauth = parts.oauth
        mailboxes = Mailboxes(
            store,
            parts.vault,
            real.tester_for(tmp_path),
            oauth.credentials,
            oauth.revoker,
            clock=now,
            rejudge=rejudge,
        )
        assert (await parts.harvest()).state is HarvestState.DONE
        yield World(parts, mailboxes, Contacts(store, clock=now), mailbox.tls_port)


async def test_contacts_go_with_their_mailbox_but_for_those_the_user_cares_for(world: World) -> None:
    before = await world.names()
    page = await world.contacts.page(USER, FilterWish(query="person"), Order.NAME, size=3, token="")
    chosen, typed, deleted = page.contacts
    selection = Selection(
        ids=(chosen.id,), policy=None, kinds=frozenset(), min_rank=0, query="", mailbox_id=None
    )
    await world.contacts.import_contacts(
        USER, ImportOrder(group_id=None, group_name="Friends", selection=selection, dry_run=False)
    )
    await world.contacts.update(USER, typed.id, TypedChanges(display_name="Typed by hand"))
    await world.contacts.delete(USER, deleted.id)

    await world.mailboxes.delete(USER, world.harvest.mailbox_id)

    assert len(before) > 20
    assert await world.names() == {chosen.display_name, "Typed by hand"}
    kept = await world.contacts.get(USER, chosen.id)
    assert (kept.wrote_to, kept.received, kept.together) == (0, 0, 0)


async def test_another_account_has_none_of_the_former_ones_contacts(world: World) -> None:
    await world.mailboxes.save(USER, world.draft(user="somebody.else@example.org"))
    assert await world.names() == set()


async def test_another_way_to_the_same_account_changes_nothing(world: World) -> None:
    before = await world.names()
    await world.mailboxes.save(USER, world.draft(tls=False, label="Same"))
    assert await world.names() == before


async def test_a_policy_is_kept_and_judges_anew(world: World) -> None:
    before = await world.names()
    await world.harvest.harvest(Policy.WROTE_TO)
    narrower = await world.names()
    assert narrower < before
    assert (await world.harvest.harvest()).policy is Policy.WROTE_TO
    assert await world.names() == narrower
    await world.harvest.harvest(Policy.EVERYONE)
    assert "dev@lists.example.com" in {
        address.written
        for contact in (
            await world.contacts.page(USER, FilterWish(query="lists"), Order.NAME, size=100, token="")
        ).contacts
        for address in contact.addresses
    }


async def test_what_was_deleted_does_not_come_back(world: World) -> None:
    (first, *_) = (await world.contacts.page(USER, FilterWish(), Order.RANK, size=1, token="")).contacts
    await world.contacts.delete(USER, first.id)
    await world.mailboxes.save(USER, world.draft(user="somebody.else@example.org"))
    await world.mailboxes.save(USER, world.draft())
    await world.harvest.harvest()
    assert first.display_name not in await world.names()
    assert len(await world.names()) > 20
