"""The same mail, read from every server that people really have."""

from __future__ import annotations

import pytest

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.model.check import Password
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports.mail import FolderGone, FolderStatus
from support.mail_server import Keeper
from support.other_client import other_client
from support.routes import ALICE, ALICE_PASSWORD, Route

one_route_each = pytest.mark.parametrize(
    "route", ["dovecot-tls", "cyrus-tls", "courier-tls", "mailutils-tls", "pymap-starttls"], indirect=True
)
MANY = 200


def header(number: int) -> bytes:
    """Header lines that are asked for, each a little different."""
    lines = [
        b"From: =?utf-8?q?J=C3=B6rg_%d?= <from%d@example.org>" % (number, number),
        b'To: "A, (b)" <a%d@example.org>,' % number,
        b" " + b", ".join(b"to%d@example.org" % i for i in range(number % 7)) + b"\tlast@example.org",
        b"Date: Mon, 02 Mar 2026 10:00:00 +0000",
        b"Message-ID: <m%d@example.org>" % number,
    ]
    if number % 3 == 0:
        lines.insert(0, b"List-Id: {%d} <list.example.org>" % number)
    if number % 50 == 0:
        lines = []
    return b"".join(line + b"\r\n" for line in lines)


def message(number: int) -> bytes:
    return (
        b"Subject: not asked for\r\n" + header(number) + b"X-Other: not\r\n asked for\r\n\r\n* 1 FETCH (\r\n"
    )


def lines(header: bytes) -> list[bytes]:
    """The fields in any order, which is the server's to choose, each folded as it is."""
    unfolded = header.rstrip(b"\r\n").replace(b"\r\n ", b"\0 ")
    return sorted(unfolded.split(b"\r\n"))


@one_route_each
async def test_two_hundred_messages_are_read_as_they_were_written(route: Route) -> None:
    folder = f"{route.server.prefix}Reading"
    with other_client(route.server, ALICE, ALICE_PASSWORD) as client:
        client.create(folder)
        client.append(folder, *map(message, range(1, MANY + 1)))
        client.expunge(folder, client.uids(folder)[9:12])
        numbers = [*range(1, 10), *range(13, MANY + 1)]
        uids = client.uids(folder)
        before = client.status(folder)

    source = ImapMailSource(Access(route.policy, ca_file=route.server.ca_file))
    sink, rest = Keeper(), Keeper()
    where = route.destination(ALICE)
    async with source.open(where, Password(Secret(ALICE_PASSWORD)), timeout=20) as reader:
        (raw_name,) = [each.raw_name for each in await reader.folders() if each.name == folder]
        with pytest.raises(FolderGone):
            await reader.examine(b"No such folder")
        opened = await reader.examine(raw_name)
        await reader.read(0, sink)
        await reader.examine(raw_name)
        middle = opened.uidnext - 50
        await reader.read(middle, rest)

    expected = {uid: lines(header(number)) for uid, number in zip(uids, numbers, strict=True)}
    assert {uid: lines(text) for uid, text in sink.messages.items()} == expected
    assert opened.exists == len(uids)
    assert opened.uidnext > max(uids)
    assert sink.reached_at == rest.reached_at == [opened.uidnext - 1]
    assert rest.messages == {uid: text for uid, text in sink.messages.items() if uid > middle}
    with other_client(route.server, ALICE, ALICE_PASSWORD) as client:
        assert client.status(folder) == before


@one_route_each
async def test_what_a_server_tells_of_a_folder_is_what_it_is_when_it_is_opened(route: Route) -> None:
    folder = f"{route.server.prefix}Status"
    with other_client(route.server, ALICE, ALICE_PASSWORD) as client:
        client.create(folder)
        client.append(folder, *map(message, range(1, 6)))
        client.expunge(folder, client.uids(folder)[1:2])
        before = client.status(folder)

    source = ImapMailSource(Access(route.policy, ca_file=route.server.ca_file))
    where = route.destination(ALICE)
    # Twice: until a folder is opened, Courier tells the present second for its UIDVALIDITY.
    for _ in range(2):
        async with source.open(where, Password(Secret(ALICE_PASSWORD)), timeout=20) as reader:
            folders = [each for each in await reader.folders() if each.selectable]
            opened = [await reader.examine(each.raw_name) for each in folders]

    for each, found in zip(folders, opened, strict=True):
        told = FolderStatus(found.uidvalidity, found.uidnext, found.exists)
        assert each.status in (None, told)  # Mailutils refuses it for an INBOX that has had no mail
    (status,) = [each.status for each in folders if each.name == folder]
    assert status is not None
    assert (status.exists, status.uidnext > 5) == (4, True)
    with other_client(route.server, ALICE, ALICE_PASSWORD) as client:
        assert client.status(folder) == before
