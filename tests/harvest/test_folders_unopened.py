"""What a server says of folders that are not open is believed as far as it agrees with what is known."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailbox_svc.model.harvest import Harvest, HarvestState
from mailbox_svc.vault import Keyring
from support.harvest_parts import HarvestParts, harvest_parts
from support.imap_server import ScriptedServer, authority, running, server_context
from support.mail_server import Held, serving

#: More than 2^32, and the most that there can be.
HUGE, LARGEST = 1 << 40, 1 << 32


@dataclass
class World:
    """A server with one folder, what it says of it, and a harvest of its three messages behind it."""

    parts: HarvestParts
    server: ScriptedServer
    held: Held
    #: What the server answers to STATUS, and to LIST.
    told: list[bytes] = field(default_factory=list)
    listed: list[bytes] = field(default_factory=list)

    def say(self, *, messages: int, uidnext: int, uidvalidity: int = 7) -> None:
        self.told[:] = [
            b"STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)" % (messages, uidnext, uidvalidity)
        ]

    async def harvest(self) -> Harvest:
        """Harvest all folders; counts what is opened anew."""
        self.server.received.clear()
        harvest = await self.parts.harvest()
        assert (harvest.state, harvest.skipped_folders) == (HarvestState.DONE, ())
        return harvest

    @property
    def opened(self) -> int:
        """How often the last harvest opened a folder."""
        return bytes(self.server.received).count(b"EXAMINE")

    def counted(self) -> set[str]:
        """The senders that count."""
        with closing(sqlite3.connect(self.parts.database)) as connection:
            return {
                row[0]
                for row in connection.execute("SELECT address FROM tallies JOIN addresses ON id = address_id")
            }


def mail(*numbers: int) -> dict[int, bytes]:
    """Messages with these UIDs."""
    return {
        n: b"From: p%d@example.com\r\nTo: anna@example.org\r\nMessage-ID: <%d@example.com>\r\n\r\n" % (n, n)
        for n in numbers
    }


def senders(*numbers: int) -> set[str]:
    return {f"p{number}@example.com" for number in numbers}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with harvested(tmp_path, Held(mail(1, 2, 3))) as world:
        yield world


@asynccontextmanager
async def harvested(folder: Path, held: Held) -> AsyncIterator[World]:
    told: list[bytes] = []
    listed = [b'LIST () "/" INBOX']
    authority().cert_pem.write_to_path(str(folder / "ca.pem"))
    script = serving(held, says={b"LIST": listed, b"STATUS": told})
    async with (
        running(script, tls=server_context()) as server,
        harvest_parts(folder / "f.sqlite3", Keyring.generate(), server.port, folder / "ca.pem") as parts,
    ):
        world = World(parts, server, held, told, listed)
        assert (await world.harvest()).progress.scanned == len(held.messages)
        yield world


async def test_a_folder_without_news_is_not_opened(world: World) -> None:
    world.say(messages=3, uidnext=4)
    assert (await world.harvest()).progress.total == 0
    assert world.opened == 0


async def test_a_folder_that_the_server_says_nothing_of_is_opened(world: World) -> None:
    world.told[:] = [b"STATUS Other (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7)", b"STATUS INBOX (MESSAGES 3)"]
    assert (await world.harvest()).progress.total == 0
    assert world.opened == 1


async def test_a_folder_with_news_is_opened_once(world: World) -> None:
    world.held.messages |= mail(4, 9)
    world.held.uidnext = 10
    world.say(messages=5, uidnext=10)
    assert (await world.harvest()).progress.scanned == 2
    assert world.opened == 1
    assert world.counted() == senders(1, 2, 3, 4, 9)


async def test_mail_that_came_and_went_is_no_news_of_an_empty_folder(world: World) -> None:
    world.held.messages.clear()
    world.say(messages=0, uidnext=20)
    assert (await world.harvest()).progress.total == 0
    assert world.opened == 0
    assert world.counted() == senders(1, 2, 3)


async def test_an_empty_folder_stays_closed_until_its_first_message(tmp_path: Path) -> None:
    async with harvested(tmp_path, Held(uidnext=50)) as world:
        world.say(messages=0, uidnext=50)
        await world.harvest()
        assert world.opened == 0
        world.held.messages |= mail(50)
        world.held.uidnext = 51
        world.say(messages=1, uidnext=51)
        await world.harvest()
        assert world.opened == 1
        assert world.counted() == senders(50)


async def test_a_new_folder_is_opened_whatever_is_said_of_it(world: World) -> None:
    world.say(messages=3, uidnext=4)
    world.listed.append(b'LIST () "/" Copies')
    world.told.append(b"STATUS Copies (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)")
    harvest = await world.harvest()
    assert (harvest.progress.scanned, harvest.progress.duplicates) == (3, 3)
    await world.harvest()
    assert world.opened == 1  # it still says that it is new


async def test_a_folder_that_was_made_anew_is_read_again(world: World) -> None:
    world.held.messages = mail(1, 5)
    world.held.uidnext, world.held.uidvalidity = 6, 8
    world.say(messages=2, uidnext=6, uidvalidity=8)
    assert (await world.harvest()).progress.scanned == 2
    assert world.counted() == senders(1, 5)


async def test_a_folder_that_is_made_anew_behind_its_status_is_read_in_the_same_harvest(world: World) -> None:
    world.held.messages = mail(1, 5)
    world.held.uidnext, world.held.uidvalidity = 6, 8
    world.say(messages=5, uidnext=6, uidvalidity=7)
    assert (await world.harvest()).progress.scanned == 2
    assert world.counted() == senders(1, 5)


async def test_a_folder_that_cannot_be_opened_is_told_once_though_all_are_opened_twice(world: World) -> None:
    world.held.messages = mail(1, 5)
    world.held.uidnext, world.held.uidvalidity = 6, 8
    world.say(messages=5, uidnext=6, uidvalidity=7)
    world.listed.append(b'LIST () "/" Locked')
    world.held.locked = b"Locked"
    world.server.received.clear()
    harvest = await world.parts.harvest()
    assert (harvest.state, harvest.progress.scanned) == (HarvestState.DONE, 2)
    assert [folder.name for folder in harvest.skipped_folders] == ["Locked"]
    assert world.opened == 5  # to settle: Locked, to read: INBOX, then both to settle and INBOX to read


@pytest.mark.parametrize("uidvalidity", [6, 8])
async def test_another_uidvalidity_than_when_it_was_opened_has_it_opened(
    world: World, uidvalidity: int
) -> None:
    world.say(messages=3, uidnext=4, uidvalidity=uidvalidity)
    assert (await world.harvest()).progress.total == 0
    assert world.opened == 1


@pytest.mark.parametrize("uidnext", [1, 3])
async def test_uids_that_went_back_have_it_opened(world: World, uidnext: int) -> None:
    world.held.messages |= mail(4)
    world.held.uidnext = 5
    world.say(messages=4, uidnext=uidnext)
    assert (await world.harvest()).progress.scanned == 1
    assert world.counted() == senders(1, 2, 3, 4)


@pytest.mark.parametrize(("messages", "uidnext"), [(LARGEST - 1, LARGEST), (HUGE, 4), (3, HUGE), (-1, 4)])
async def test_numbers_that_are_too_good_lose_nothing(world: World, messages: int, uidnext: int) -> None:
    world.say(messages=messages, uidnext=uidnext)
    harvest = await world.harvest()
    assert (harvest.progress.scanned, harvest.progress.total) == (0, 0)
    assert world.opened == 1
    world.held.messages |= mail(4)
    world.held.uidnext = 5
    await world.harvest()
    assert world.counted() == senders(1, 2, 3, 4)
