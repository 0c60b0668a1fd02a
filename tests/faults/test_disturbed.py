"""A mailbox that changes while it is harvested counts, in the end, like one that does not."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mailbox_svc.model.harvest import HarvestState
from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer
from support.harvest_parts import USER, Counted, HarvestParts, counted, harvest_parts
from support.letters import append, fill, letters, logged_in, remove_all


@pytest.fixture
async def parts(mailbox: DovecotServer, tmp_path: Path) -> AsyncIterator[HarvestParts]:
    database = tmp_path / "disturbed.sqlite3"
    async with harvest_parts(database, Keyring.generate(), mailbox.tls_port, mailbox.ca_file) as parts:
        yield parts


async def stopped_half_way(parts: HarvestParts) -> int:
    """Harvest and cancel after some chunks; return how many messages were read."""
    harvest = await parts.harvests.start(USER, parts.mailbox_id, None)
    while harvest.progress.scanned < 90 and not harvest.state.final:
        await asyncio.sleep(0)
        harvest = await parts.harvests.get(USER, harvest.id)
    harvest = await parts.harvests.cancel(USER, harvest.id)
    return harvest.progress.scanned


def rename(client: imaplib.IMAP4_SSL) -> None:
    assert client.rename("Archive", "Shelf")[0] == "OK"


def make_anew(client: imaplib.IMAP4_SSL) -> None:
    """The same mail in a folder of the same name, with other UIDs and another UIDVALIDITY."""
    for folder in ("Archive", "Sent"):
        assert client.delete(folder)[0] == "OK"
        fill(client, {folder: letters()[folder]})


def make_anew_without_copies(client: imaplib.IMAP4_SSL) -> None:
    """Of what was counted in one folder only the copies in another are left."""
    assert client.delete("Archive")[0] == "OK"
    fill(client, {"Archive": letters()["Archive"][:60]})


def move_all(client: imaplib.IMAP4_SSL) -> None:
    """What is in INBOX goes to a folder of its own."""
    client.create("Elsewhere")
    client.select("INBOX")
    client.copy("1:*", "Elsewhere")
    client.close()
    remove_all(client, "INBOX")


def copy_all(client: imaplib.IMAP4_SSL) -> None:
    client.create("Copies")
    client.select("INBOX")
    client.copy("1:*", "Copies")
    client.close()


@pytest.mark.parametrize("change", [rename, make_anew, make_anew_without_copies, move_all, copy_all])
@pytest.mark.parametrize("when", ["between", "half-way"])
async def test_a_change_of_folders_changes_no_count(
    mailbox: DovecotServer,
    undisturbed: Counted,
    parts: HarvestParts,
    change: Callable[[imaplib.IMAP4_SSL], None],
    when: str,
) -> None:
    if when == "between":
        await parts.harvest()
    else:
        assert await stopped_half_way(parts) < 250
    with logged_in(mailbox) as client:
        change(client)
    harvest = await parts.harvest()
    assert (harvest.state, harvest.skipped_folders) == (HarvestState.DONE, ())
    assert counted(parts.database) == undisturbed


async def test_changes_in_the_midst_of_a_run_change_no_count(
    mailbox: DovecotServer, undisturbed: Counted, parts: HarvestParts
) -> None:
    def disturb() -> None:
        with logged_in(mailbox) as client:
            for change in (move_all, make_anew, rename):
                change(client)

    running = asyncio.create_task(parts.harvest())
    await asyncio.to_thread(disturb)
    assert (await running).state is HarvestState.DONE
    assert (await parts.harvest()).state is HarvestState.DONE
    assert counted(parts.database) == undisturbed


async def test_what_was_counted_stays_when_it_is_expunged(
    mailbox: DovecotServer, undisturbed: Counted, parts: HarvestParts
) -> None:
    await parts.harvest()
    with logged_in(mailbox) as client:
        fill(client, {"INBOX": [], "Archive": []})
    harvest = await parts.harvest()
    assert (harvest.state, harvest.progress.scanned) == (HarvestState.DONE, 0)
    assert counted(parts.database) == undisturbed


async def test_mail_that_comes_and_goes_meanwhile_is_counted_once(
    mailbox: DovecotServer, parts: HarvestParts, tmp_path: Path
) -> None:
    more = letters(2)["INBOX"]

    def disturb() -> None:
        with logged_in(mailbox) as client:
            for message in more:
                append(client, "INBOX", message.replace(b"@letters.example", b"@more.example"))

    running = asyncio.create_task(parts.harvest())
    await asyncio.to_thread(disturb)
    await running
    await parts.harvest()
    quiet = tmp_path / "quiet.sqlite3"
    async with harvest_parts(quiet, Keyring.generate(), mailbox.tls_port, mailbox.ca_file) as others:
        assert (await others.harvest()).progress.scanned == 250 + len(more)
    assert counted(parts.database) == counted(quiet)


async def test_a_second_harvest_reads_nothing(parts: HarvestParts) -> None:
    await parts.harvest()
    before = counted(parts.database)
    harvest = await parts.harvest()
    assert (harvest.progress.scanned, harvest.progress.total) == (0, 0)
    assert counted(parts.database) == before
