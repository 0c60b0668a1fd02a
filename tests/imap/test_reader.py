"""Reading headers from a server that keeps to the rules, over a real socket."""

from __future__ import annotations

import re

import pytest

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.folders import Folder
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.ports.mail import FolderGone, MailSource, OpenFolder
from support.imap_server import Peer
from support.mail_server import Held, Keeper, reading, serving
from support.watch import nothing_left


def letters(*uids: int) -> dict[int, bytes]:
    return {uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in uids}


def test_it_is_a_mail_source() -> None:
    source: MailSource = ImapMailSource(Access(EgressPolicy()))
    assert callable(source.open)


async def test_every_message_is_given_once_and_the_end_is_told_before_the_checkpoint() -> None:
    held, sink = Held(letters(3, 4, 9), uidnext=20), Keeper()
    async with nothing_left(), reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    assert sink.reached_at == [19]
    assert sink.checkpoints == 1
    assert here.fetches == [b"1:19"]


async def test_only_what_is_above_the_position_is_asked_for() -> None:
    held, sink = Held(letters(3, 4, 9)), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink, after=4)

    assert sink.messages == letters(9)
    assert here.fetches == [b"5:9"]


async def test_an_empty_folder_and_one_without_news_cost_no_command() -> None:
    sink = Keeper()
    async with reading(serving(Held(uidnext=50))) as here:
        await here.read(sink)
        assert here.fetches == []
    async with reading(serving(Held(letters(1, 2)))) as here:
        await here.read(sink, after=2)
        assert here.fetches == []
    assert (sink.messages, sink.reached_at, sink.checkpoints) == ({}, [], 0)


async def test_a_folder_is_opened_and_told() -> None:
    async with reading(serving(Held(letters(1, 2)))) as here, here.reader() as reader:
        assert await reader.folders() == [Folder("Entwürfe", b"Entw&APw-rfe", frozenset({r"\sent"}), "/")]
        assert await reader.examine(b"Entw&APw-rfe") == OpenFolder(7, 3, 2, 99)
    assert b'EXAMINE "Entw&APw-rfe"' in here.server.received
    assert b"LOGOUT" in here.server.received


async def test_a_large_folder_is_read_in_ranges_of_as_many_messages_however_sparse_its_uids() -> None:
    dense = range(1, 6001)
    sparse = range(1_000_000, 4_000_000_000, 500_000)
    held, sink = Held(letters(*dense, *sparse), uidnext=(1 << 32) - 1), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    uids = sorted(held.messages)
    assert sink.reached_at == [uids[4999], uids[9999], (1 << 32) - 2]
    assert sink.checkpoints == 3
    assert len(here.fetches) == 3


async def test_ten_messages_up_to_the_last_uid_take_one_command() -> None:
    held, sink = Held(letters(*range(4, 4_000_000_000, 400_000_000))), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    assert len(here.fetches) == 1


async def test_the_rest_of_a_large_folder_is_read_in_the_same_ranges() -> None:
    held, sink = Held(letters(*range(1, 20_001))), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink, after=7000)

    assert sink.reached_at == [10_000, 15_000, 20_000]
    assert sink.messages == letters(*range(7001, 20_001))


@pytest.mark.parametrize("refusal", [b"NO", b"BAD"])
async def test_a_server_that_does_not_tell_uids_is_asked_in_ranges_of_equal_width(refusal: bytes) -> None:
    held, sink = Held(letters(*range(2, 20_001, 2))), Keeper()

    async with reading(serving(held, sequence=refusal + b" what?")) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    assert sink.reached_at == [10_001, 20_000]


async def test_mail_that_arrives_meanwhile_and_changes_by_others_are_left_alone() -> None:
    held, sink = Held(letters(3, 4, 9), uidnext=10), Keeper()

    async def busy(peer: Peer, held: Held, *_: int) -> None:
        for uid in (2, 10, 11, 4_000_000_000):
            held.messages[uid] = b"not asked for"
        noise = b"* 4 EXISTS\r\n* 1 FETCH (UID 4 FLAGS (\\Seen))\r\n* 2 FETCH (FLAGS ())\r\n* 3 EXPUNGE\r\n"
        again = b"* OK [UIDVALIDITY 7] the same\r\n* VANISHED 2\r\n"
        await peer.send(noise + held.within(3, 1 << 32) + again + held.within(3, 9))
        await peer.reply(b"OK done")

    async with reading(serving(held, busy)) as here:
        await here.read(sink, after=2)

    assert sink.messages == letters(3, 4, 9)
    assert sink.reached_at == [9]


async def test_a_message_without_such_headers_counts() -> None:
    held, sink = Held({1: b"", 2: b"\r\n"}), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == {1: b"", 2: b"\r\n"}


async def test_only_commands_that_change_nothing_are_sent() -> None:
    async with reading(serving(Held(letters(*range(1, 10_002))))) as here:
        await here.read(Keeper())

    lines = bytes(here.server.received).splitlines()
    commands = [line.partition(b" ")[2] for line in lines]
    read_only = re.compile(
        rb'LOGIN .*|CAPABILITY|EXAMINE "INBOX"|LOGOUT|FETCH 5000,10000 \(UID\)'
        rb"|UID FETCH \d+:\d+ \(UID BODY\.PEEK\[HEADER\.FIELDS \([A-Za-z -]+\)\]\)"
    )
    assert [command for command in commands if not read_only.fullmatch(command)] == [
        command for command in commands if command.startswith(b"ID ")
    ]


@pytest.mark.parametrize(
    ("raw_name", "sent"),
    [
        (b'a "b" \\ c', rb'EXAMINE "a \"b\" \\ c"'),
        (b"", b'EXAMINE ""'),
        ("Entwürfe".encode(), b"EXAMINE {9}\r\nEntw\xc3\xbcrfe\r\n"),
        (b"a\r\nb {5}", b"EXAMINE {8}\r\na\r\nb {5}\r\n"),
    ],
)
async def test_a_folder_name_goes_out_as_it_came(raw_name: bytes, sent: bytes) -> None:
    async with reading(serving(Held(letters(1)))) as here, here.reader() as reader:
        assert (await reader.examine(raw_name)).exists == 1
    assert sent in here.server.received


@pytest.mark.parametrize(
    ("examined", "opened"),
    [
        (b"* 3 EXISTS|* OK [UIDVALIDITY 5]|* OK [UIDNEXT 8]|{tag} OK", OpenFolder(5, 8, 3, None)),
        (b"* 3 exists|* ok [uidvalidity 5] x|* Ok [UIDNEXT 8]|{tag} OK", OpenFolder(5, 8, 3, None)),
        (b"* 3 EXISTS|* OK [UIDVALIDITY 5] no UIDNEXT|{tag} OK", OpenFolder(5, 10, 3, None)),
        (b"* 0 EXISTS|* OK [UIDVALIDITY 5] no UIDNEXT|{tag} OK", OpenFolder(5, 1, 0, None)),
        (b"* 3 EXISTS|* OK [UIDVALIDITY 5]|* OK [UIDNEXT 9999999999]|{tag} OK", OpenFolder(5, 10, 3, None)),
        (
            b"* 1 EXISTS|* 2 EXISTS|* OK [UIDVALIDITY 5]|* OK [UIDNEXT 4294967296]|{tag} OK",
            OpenFolder(5, 1 << 32, 2, None),
        ),
        (
            b"* 1 EXISTS|* OK [UIDVALIDITY 5]|* OK [UIDNEXT 8]|* OK [HIGHESTMODSEQ 0]|{tag} OK",
            OpenFolder(5, 8, 1, None),
        ),
        (
            b"* 1 EXISTS|* OK [UIDVALIDITY 5]|* OK [UIDNEXT 2]|* OK [HIGHESTMODSEQ %d]|{tag} OK"
            % ((1 << 63) - 1),
            OpenFolder(5, 2, 1, (1 << 63) - 1),
        ),
    ],
)
async def test_what_a_server_leaves_out_is_found_out(examined: bytes, opened: OpenFolder) -> None:
    answer = examined.replace(b"|", b"\r\n") + b"\r\n"
    async with reading(serving(Held(letters(3, 4, 9)), examined=answer)) as here, here.reader() as reader:
        assert await reader.examine(b"INBOX") == opened


@pytest.mark.parametrize(("uidvalidity", "uidnext"), [(5, 20), (6, 10)], ids=["the same", "made anew"])
async def test_a_uidnext_that_is_told_with_the_list_alone_counts_for_the_same_folder(
    uidvalidity: int, uidnext: int
) -> None:
    told = b"STATUS INBOX (MESSAGES 3 UIDNEXT 20 UIDVALIDITY %d)" % uidvalidity
    says = {b"LIST": [b'LIST () "/" INBOX'], b"STATUS": [told]}
    examined = b"* 3 EXISTS\r\n* OK [UIDVALIDITY 5]\r\n{tag} OK\r\n"
    script = serving(Held(letters(3, 4, 9)), examined=examined, says=says)
    async with reading(script) as here, here.reader() as reader:
        await reader.folders()
        assert await reader.examine(b"INBOX") == OpenFolder(5, uidnext, 3, None)


@pytest.mark.parametrize(
    "examined",
    [
        b"{tag} NO no such folder\r\n",
        b"{tag} NO [AUTHENTICATIONFAILED] login failed\r\n",
        b"{tag} NO [UNAVAILABLE] not now\r\n",
        b"{tag} BAD what?\r\n",
        b"* 3 EXISTS\r\n{tag} OK no UIDVALIDITY\r\n",
        b"* OK [UIDVALIDITY 3]\r\n{tag} OK no EXISTS\r\n",
    ],
)
async def test_a_folder_that_cannot_be_opened_is_gone_and_the_reader_goes_on(examined: bytes) -> None:
    async with reading(serving(Held(letters(1)), examined=examined)) as here, here.reader() as reader:
        with pytest.raises(FolderGone):
            await reader.examine(b"INBOX")
        assert await reader.folders()
        with pytest.raises(RuntimeError, match="no folder is open"):
            await reader.read(0, Keeper())
