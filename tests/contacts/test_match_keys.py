"""Addresses that reach one account are one contact from the beginning: nobody has to merge them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from mailbox_svc.contacts.merging import Merging
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.intake import Intake
from mailbox_svc.harvest.key_set import KeySet
from mailbox_svc.model.address import canonical
from support.contact_world import ANN, BOB, World, contact_world, friend
from support.stores import KINDS

both = pytest.mark.parametrize("kind", KINDS)
#: Each row is one account, as three mailers have written it.
ONE_ACCOUNT = [
    ("max.muster@gmail.com", "MaxMuster@GoogleMail.com", "m.a.x.muster+news@googlemail.com"),
    ("ada@acme.example", "ADA@Acme.EXAMPLE.", "ada+shop@acme.example"),
    ("eva@bücher.example", "Eva@xn--bcher-kva.example", "eva+x@BÜCHER.example"),
    ("zoë@acme.example", "ZOË@acme.example", "zoe\u0308+x@acme.example"),
]
#: Dots tell people apart elsewhere; so do hosts that only look like Google's.
TWO_ACCOUNTS = [
    ("jo.doe@acme.example", "jodoe@acme.example"),
    ("jo.doe@gmail.example", "jodoe@gmail.example"),
    ("kim@gmail.com", "kim@mail.gmail.com"),
]


async def _accounts(w: World) -> list[list[str]]:
    """Return the addresses of each contact, spellings aside."""
    return sorted(_spelt_alike(one.written for one in contact.addresses) for contact in await w.listed())


def _spelt_alike(addresses: Iterable[str]) -> list[str]:
    return sorted(set(map(canonical, addresses)))


@both
@pytest.mark.parametrize("judged", [True, False], ids=["one after the other", "all at once"])
async def test_all_mailboxes_of_a_user_have_one_contact_for_an_account(
    kind: str, tmp_path: Path, *, judged: bool
) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailboxes = [await w.mailbox() for _ in range(3)]
        for at, mailbox in enumerate(mailboxes):
            await w.see(mailbox, *(friend(account[at], "Max") for account in ONE_ACCOUNT), judged=judged)
        await w.see(mailboxes[0])

        assert await _accounts(w) == sorted(map(_spelt_alike, ONE_ACCOUNT))
        assert [one.received for one in await w.listed()] == [6] * len(ONE_ACCOUNT)
        page = await Merging(w.store, clock=w.clock).duplicates(ANN, contact_id=None, size=0, token="")
        assert page.total == 0


@both
async def test_headers_of_an_account_are_counted_for_one_contact(kind: str, tmp_path: Path) -> None:
    intake = Intake(own=("ann@acme.example",), counted=KeySet(), dates=Dates())
    for account in ONE_ACCOUNT:
        for at, address in enumerate(account):
            head = f"From: Ann <ann@acme.example>\r\nTo: <{address}>\r\nMessage-ID: <{at}.{account[0]}>\r\n"
            intake.take_in(head.encode())
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        async with w.store.begin(ANN) as tx:
            folder = await tx.folders.add(mailbox.id, b"Sent", 1)
            await tx.folders.commit(folder.id, intake.chunk(12))
        await refresh(w.store, ANN, clock=w.clock)

        assert await _accounts(w) == sorted(map(_spelt_alike, ONE_ACCOUNT))
        assert [one.wrote_to for one in await w.listed()] == [3] * len(ONE_ACCOUNT)


@both
async def test_mailboxes_that_are_read_side_by_side_make_one_contact_of_an_account(
    kind: str, tmp_path: Path
) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailboxes = [await w.mailbox() for _ in range(3)]
        await asyncio.gather(
            *(
                w.see(mailbox, *(friend(account[at], "Max") for account in ONE_ACCOUNT))
                for at, mailbox in enumerate(mailboxes)
            )
        )

        assert await _accounts(w) == sorted(map(_spelt_alike, ONE_ACCOUNT))


@both
async def test_other_accounts_and_other_users_have_contacts_of_their_own(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        for pair in TWO_ACCOUNTS:
            await w.see(mailbox, *map(friend, pair))
        await w.see(await w.mailbox(BOB), friend("JoDoe@acme.example"))

        assert await _accounts(w) == sorted([address] for pair in TWO_ACCOUNTS for address in pair)
        assert len(await w.listed(user_id=BOB)) == 1


@both
async def test_a_deleted_account_stays_deleted_however_it_is_written(kind: str, tmp_path: Path) -> None:
    async with contact_world(kind, tmp_path) as w:
        mailbox = await w.mailbox()
        await w.see(mailbox, friend(ONE_ACCOUNT[0][0], "Max"))
        [contact] = await w.listed()
        await w.contacts.delete(ANN, contact.id)
        await w.see(await w.mailbox(), friend(ONE_ACCOUNT[0][2], "Max"))

        assert await w.listed() == []
