"""What a harvest costs that finds nothing new, or little: round trips, commands and bytes, counted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from mailbox_svc.model.harvest import Harvest, HarvestState
from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer, running_dovecot
from support.harvest_parts import HarvestParts, harvest_parts
from support.letters import OWNER, USERS, append, fill, letters, logged_in
from support.wiretap import Wiretap, tapping

LIST = b'LIST "" "*" RETURN (SPECIAL-USE)'
LIST_STATUS = b'LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))'
ITEMS = b" (MESSAGES UIDNEXT UIDVALIDITY)"
#: Of the eight folders: not Drafts, Junk and Trash.
CHOSEN = 5


@pytest.fixture(scope="module")
def server() -> Iterator[DovecotServer]:
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


@asynccontextmanager
async def tapped(
    server: DovecotServer, folder: Path, *, hidden: bytes = b""
) -> AsyncIterator[tuple[HarvestParts, Wiretap]]:
    """All parts, a first harvest behind them, and what goes over the wire from then on."""
    async with tapping(server.tls_port, folder / "tap.pem", hidden=hidden) as tap:
        database = folder / "cost.sqlite3"
        async with harvest_parts(database, Keyring.generate(), tap.port, folder / "tap.pem") as parts:
            assert (await parts.harvest()).state is HarvestState.DONE
            tap.forget()
            yield parts, tap


def letter(number: int, writer: str = OWNER) -> bytes:
    return b"From: <%b>\r\nTo: <new%d@example.com>\r\nMessage-ID: <new%d@example.org>\r\n\r\nx\r\n" % (
        writer.encode(),
        number,
        number,
    )


def put(server: DovecotServer, folder: str, message: bytes) -> int:
    """Put a message into the folder; return its UID."""
    with logged_in(server) as client:
        append(client, folder, message)
        answer = client.status(folder, "(UIDNEXT)")[1][0]
        found = re.search(rb"UIDNEXT (\d+)", answer)
    assert found is not None
    return int(found[1]) - 1


def done(harvest: Harvest, *, read: int) -> None:
    """Hold a harvest to have ended well after so many messages."""
    progress = harvest.progress
    assert (harvest.state, harvest.skipped_folders) == (HarvestState.DONE, ())
    assert (progress.scanned, progress.total) == (read, read)
    assert (progress.folders_done, progress.folders_total) == (CHOSEN, CHOSEN)


async def test_nothing_new_costs_one_round_trip_after_the_login(
    server: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(server, tmp_path) as (parts, tap):
        harvest = await parts.harvest()

    done(harvest, read=0)
    assert tap.commands == [[LIST_STATUS], [b"LOGOUT"]]
    assert tap.bytes_back < 3000


async def test_nothing_new_costs_two_where_a_server_cannot_tell_with_its_list(
    server: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(server, tmp_path, hidden=b" LIST-STATUS") as (parts, tap):
        harvest = await parts.harvest()

    done(harvest, read=0)
    listed, asked, logout = tap.commands
    assert (listed, logout) == ([LIST], [b"LOGOUT"])
    names = ["INBOX", "Sent", "Drafts", "Junk", "Trash", "Archive", "Entw&APw-rfe", "Entw&APw-rfe/&ZeVnLIqe-"]
    assert sorted(asked) == sorted(b'STATUS "%b"' % name.encode() + ITEMS for name in names)
    assert tap.bytes_back < 3500


@pytest.mark.parametrize("hidden", [b"", b" LIST-STATUS"], ids=["told with the list", "asked for"])
async def test_a_new_message_costs_its_folder_and_itself(
    server: DovecotServer, tmp_path: Path, hidden: bytes
) -> None:
    async with tapped(server, tmp_path, hidden=hidden) as (parts, tap):
        uid = put(server, "Archive", letter(1, "else@example.com"))
        harvest = await parts.harvest()
        news = tap.commands[1 if not hidden else 2 :]
        tap.forget()
        done(await parts.harvest(), read=0)

    done(harvest, read=1)
    examine, fetch, logout = news
    assert (examine, logout) == ([b'EXAMINE "Archive"'], [b"LOGOUT"])
    assert [each.startswith(b"UID FETCH %d:%d " % (uid, uid)) for each in fetch] == [True]
    assert not any(b"EXAMINE" in flight for flight in tap.flights)


async def test_a_message_that_the_user_sent_costs_itself_and_its_writer(
    server: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(server, tmp_path) as (parts, tap):
        uid = put(server, "Sent", letter(2))
        harvest = await parts.harvest()

    done(harvest, read=1)
    _, first, writer, second, whole, _ = tap.commands
    assert first == second == [b'EXAMINE "Sent"']
    assert writer == [b"UID FETCH %d:%d (UID BODY.PEEK[HEADER.FIELDS (From)])" % (uid, uid)]
    assert [each.startswith(b"UID FETCH %d:%d " % (uid, uid)) for each in whole] == [True]


async def test_a_new_writer_of_sent_mail_has_all_writers_looked_at(
    server: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(server, tmp_path) as (parts, tap):
        for number in range(10, 20):
            uid = put(server, "Sent", letter(number, "anna.alias@example.org"))
        await parts.harvest()
        async with parts.store.read("ann") as tx:
            own = await tx.folders.own_addresses()

    assert own == {parts.mailbox_id: {OWNER, "anna.alias@example.org"}}
    looks = [each.split()[2] for flight in tap.commands for each in flight if each.endswith(b"(From)])")]
    assert looks[0] == b"%d:%d" % (uid - 9, uid)
    assert looks[1].startswith(b"1:")
