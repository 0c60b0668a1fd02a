"""What other clients do to a mailbox while it is read, and what reading does to it: nothing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.reader import ImapReader
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.model.check import Password
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports.mail import FolderGone, ReadingFailed
from support.dovecot import DovecotServer
from support.mail_server import Keeper
from support.other_client import OtherClient, other_client
from support.routes import ALICE, ALICE_PASSWORD, LOOPBACK

MANY = 12_000


def header(number: int) -> bytes:
    return b"From: u%d@example.org\r\n\r\n" % number


@asynccontextmanager
async def opened(dovecot: DovecotServer) -> AsyncIterator[ImapReader]:
    policy = EgressPolicy(LOOPBACK, frozenset({dovecot.tls_port}))
    source = ImapMailSource(Access(policy, ca_file=dovecot.ca_file))
    where = Destination(dovecot.host, dovecot.tls_port, True, ALICE)
    async with source.open(where, Password(Secret(ALICE_PASSWORD)), timeout=20) as reader:
        yield reader


def fill(dovecot: DovecotServer, folder: str, count: int = MANY) -> None:
    """Put messages into a folder, of which Dovecot makes UIDs 1 to `count` when it next looks."""
    maildir = dovecot.maildir(ALICE) / f".{folder}"
    for number in range(1, count + 1):
        path = maildir / "cur" / f"{1_700_000_000 + number}.M{number}.example:2,"
        path.write_bytes(header(number) + b"text\r\n")
        shutil.chown(path, *_owner(maildir))


def _owner(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_uid, stat.st_gid


@pytest.fixture
def folder(dovecot: DovecotServer) -> str:
    """A new folder of Alice's."""
    name = f"F{uuid4().hex}"
    with other_client(dovecot, ALICE, ALICE_PASSWORD) as client:
        client.create(name)
    return name


class Interrupted(Keeper):
    """A sink during whose first checkpoint something is done to the mailbox."""

    def __init__(self, dovecot: DovecotServer, do: object) -> None:
        super().__init__()
        self._dovecot = dovecot
        self._do = do

    async def checkpoint(self) -> None:
        await super().checkpoint()
        if self.checkpoints == 1:
            await asyncio.to_thread(self._interrupt)

    def _interrupt(self) -> None:
        assert callable(self._do)
        with other_client(self._dovecot, ALICE, ALICE_PASSWORD) as client:
            self._do(client)


async def test_a_large_folder_is_read_whole_and_stays_as_it_was(dovecot: DovecotServer, folder: str) -> None:
    fill(dovecot, folder)
    with other_client(dovecot, ALICE, ALICE_PASSWORD) as client:
        client.status(folder)  # makes UIDs of the files
        client.append(folder, b"From: new@example.org\r\n\r\n")
        before = client.status(folder)
    files = sorted(path.name for path in (dovecot.maildir(ALICE) / f".{folder}").glob("[cn]*/*"))
    sink = Keeper()
    async with opened(dovecot) as reader:
        await reader.examine(folder.encode())
        await reader.read(0, sink)

    assert sink.messages[MANY + 1] == b"From: new@example.org\r\n\r\n"
    del sink.messages[MANY + 1]
    assert sink.messages == {number: header(number) for number in range(1, MANY + 1)}
    assert sink.reached_at == [5000, 10_000, MANY + 1]
    assert sorted(path.name for path in (dovecot.maildir(ALICE) / f".{folder}").glob("[cn]*/*")) == files
    with other_client(dovecot, ALICE, ALICE_PASSWORD) as client:
        assert client.status(folder) == before


async def test_sparse_uids_are_read(dovecot: DovecotServer, folder: str) -> None:
    with other_client(dovecot, ALICE, ALICE_PASSWORD) as client:
        client.append(folder, *map(header, range(1, 41)))
        client.expunge(folder, [uid for uid in range(1, 41) if uid % 10])
    sink = Keeper()
    async with opened(dovecot) as reader:
        await reader.examine(folder.encode())
        await reader.read(0, sink)

    assert sink.messages == {uid: header(uid) for uid in (10, 20, 30, 40)}


async def test_what_others_expunge_and_append_meanwhile_disturbs_nothing(
    dovecot: DovecotServer, folder: str
) -> None:
    def change(client: OtherClient) -> None:
        client.expunge(folder, range(1, MANY + 1, 2))
        client.append(folder, header(MANY + 1), header(MANY + 2))

    fill(dovecot, folder)
    sink, rest = Interrupted(dovecot, change), Keeper()
    async with opened(dovecot) as reader:
        await reader.examine(folder.encode())
        await reader.read(0, sink)
        await reader.examine(folder.encode())
        await reader.read(max(sink.reached_at), rest)

    assert sink.messages.keys() >= set(range(2, MANY + 1, 2))
    assert sink.messages.items() <= {number: header(number) for number in range(1, MANY + 1)}.items()
    assert max(sink.reached_at) == MANY
    assert rest.messages == {MANY + 1: header(MANY + 1), MANY + 2: header(MANY + 2)}


async def test_a_folder_that_is_deleted_meanwhile_ends_the_reading_and_is_gone(
    dovecot: DovecotServer, folder: str
) -> None:
    fill(dovecot, folder, 40_000)
    sink = Interrupted(dovecot, lambda client: client.delete(folder))
    async with opened(dovecot) as reader:
        await reader.examine(folder.encode())
        try:
            await reader.read(0, sink)
        except (FolderGone, ReadingFailed):
            assert sink.reached_at
        else:  # Dovecot may have had all of it open
            assert len(sink.messages) == 40_000
    async with opened(dovecot) as reader:
        with pytest.raises(FolderGone):
            await reader.examine(folder.encode())


async def test_a_folder_that_is_made_anew_has_another_uidvalidity(
    dovecot: DovecotServer, folder: str
) -> None:
    async with opened(dovecot) as reader:
        first = await reader.examine(folder.encode())
    await asyncio.sleep(1.1)  # it is made of the time, in seconds
    with other_client(dovecot, ALICE, ALICE_PASSWORD) as client:
        client.delete(folder)
        client.create(folder)
        client.append(folder, header(1))
    async with opened(dovecot) as reader:
        second = await reader.examine(folder.encode())

    assert second.uidvalidity != first.uidvalidity
    assert (second.exists, second.uidnext) == (1, 2)
