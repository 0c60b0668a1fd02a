"""How folders stand that are not open: what servers tell, in the ways they tell it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mailbox_svc.imap.folders import Folder
from mailbox_svc.imap.framing import Response
from mailbox_svc.imap.status import Statuses, parse_status
from mailbox_svc.model.check import Code
from mailbox_svc.ports.mail import FolderStatus, ReadingFailed
from support.imap_server import Peer, Script
from support.mail_server import Reading, reading

ITEMS = b"(MESSAGES UIDNEXT UIDVALIDITY)"
TOLD = b"(MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7)"
STATUS = FolderStatus(7, 9, 3)
LIST_STATUS = "IMAP4rev1 LIST-EXTENDED SPECIAL-USE LIST-STATUS"

#: Answers a command, given without its tag: returns what goes before the tagged response, and that.
Answers = Callable[[bytes], tuple[bytes, bytes]]


def answering(answers: Answers, capabilities: str = "IMAP4rev1") -> Script:
    """A server that takes any login and then answers so."""

    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY %b] hi\r\n" % capabilities.encode())
        await peer.answer(b"OK [CAPABILITY %b] in" % capabilities.encode())
        while (command := await peer.command()) != b"LOGOUT":
            untagged, tagged = answers(command)
            await peer.send(untagged + peer.tag + b" " + tagged + b"\r\n")
        await peer.answer_now(b"OK", b"BYE")

    return script


def with_list(told: bytes, listed: bytes = b'* LIST () "/" a\r\n') -> Script:
    """A server that tells this together with its list."""
    return answering(lambda _: (listed + told, b"OK"), LIST_STATUS)


async def statuses(here: Reading) -> dict[bytes, FolderStatus | None]:
    async with here.reader() as reader:
        return {folder.raw_name: folder.status for folder in await reader.folders()}


def commands(here: Reading) -> list[bytes]:
    """What was sent between login and logout."""
    return [line.partition(b" ")[2] for line in bytes(here.server.received).splitlines()][1:-1]


@pytest.mark.parametrize(
    ("response", "name", "status"),
    [
        ((b"* STATUS a " + TOLD,), b"a", STATUS),
        ((b"* status a (uidvalidity 7 uidnext 9 messages 3)",), b"a", STATUS),
        ((b'* STATUS "a \\"b\\" \\\\" ' + TOLD + b" ",), b'a "b" \\', STATUS),
        ((b"* STATUS Sent Items " + TOLD,), b"Sent Items", STATUS),
        ((b"* STATUS {6}", b"a\r\nb (", b" " + TOLD), b"a\r\nb (", STATUS),
        ((b'* STATUS "" ' + TOLD,), b"", STATUS),
        ((b"* STATUS &AOQ- " + TOLD,), b"&AOQ-", STATUS),
        ((b"* STATUS a (X-NEW yes MESSAGES 3 RECENT 1 UIDNEXT 9 UIDVALIDITY 7)",), b"a", STATUS),
        (
            (b"* STATUS a (MESSAGES 0 UIDNEXT 4294967296 UIDVALIDITY 4294967295)",),
            b"a",
            FolderStatus(4294967295, 4294967296, 0),
        ),
    ],
)
def test_a_status_is_read(response: Response, name: bytes, status: FolderStatus) -> None:
    assert parse_status(response) == (name, status)


@pytest.mark.parametrize(
    "items",
    [
        b"(MESSAGES 3 UIDNEXT 9)",
        b"(MESSAGES 3 UIDVALIDITY 7)",
        b"(UIDNEXT 9 UIDVALIDITY 7)",
        b"(MESSAGES 3 UIDNEXT 0 UIDVALIDITY 7)",
        b"(MESSAGES 3 UIDNEXT 9 UIDVALIDITY 0)",
        b"(MESSAGES -3 UIDNEXT 9 UIDVALIDITY 7)",
        b"(MESSAGES 3 UIDNEXT +9 UIDVALIDITY 7)",
        b"(MESSAGES 3 UIDNEXT 9 UIDVALIDITY 4294967296)",
        b"(MESSAGES 3 UIDNEXT 4294967297 UIDVALIDITY 7)",
        b"(MESSAGES 4294967296 UIDNEXT 9 UIDVALIDITY 7)",
        b"(MESSAGES " + b"9" * 5000 + b" UIDNEXT 9 UIDVALIDITY 7)",
        b"(MESSAGES UIDNEXT 9 UIDVALIDITY 7)",
        b"(MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7",
        b"(MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7) x",
        b"((MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7))",
        "(MESSAGES ٣ UIDNEXT 9 UIDVALIDITY 7)".encode(),
        b"()",
        b"",
    ],
)
def test_what_lacks_something_or_cannot_be_true_is_no_status(items: bytes) -> None:
    assert parse_status((b"* STATUS a " + items,)) is None


@pytest.mark.parametrize(
    "response",
    [
        (b"* STATUS",),
        (b"* STATUS ",),
        (b"* STATUS " + TOLD,),
        (b'* STATUS "a ' + TOLD,),
        (b"* STATUS a {3}", b"abc", b" " + TOLD),
        (b"* STATUS {1}", b"a", b" (X {1}", b"b", b")"),
        (b'* LIST () "/" a',),
        (b"* OK STATUS a " + TOLD,),
    ],
)
def test_other_responses_are_no_status(response: Response) -> None:
    assert parse_status(response) is None


def test_nothing_is_kept_of_folders_that_were_not_asked_for() -> None:
    statuses = Statuses([b"a"])
    for name in (b"a", b"b"):
        statuses.take((b"* STATUS %b %b" % (name, TOLD),))
    folders = [Folder(name, name.encode(), frozenset(), "/") for name in ("a", "b")]
    assert [each.status for each in statuses.given_to(folders)] == [STATUS, None]


@pytest.mark.parametrize("unit", [b"\\", b"(", b" (", b'"', b'\\"', b'" ', b"{1}", b" ", b"MESSAGES 1 "])
def test_the_longest_line_is_read_fast_whatever_is_in_it(unit: bytes) -> None:
    started = time.process_time()
    for prefix in (b"* STATUS ", b'* STATUS "', b"* STATUS a (", b"* STATUS a " + TOLD):
        assert parse_status((prefix + unit * (65_000 // len(unit)) + b"x",)) is None
    assert time.process_time() - started < 0.5


async def test_a_server_that_can_tells_it_with_the_list() -> None:
    listed = b'* LIST () "/" INBOX\r\n* LIST () "/" "a b"\r\n* LIST (\\Noselect) "/" c\r\n* LIST () "/" d\r\n'
    told = b'* STATUS "d" %b\r\n* STATUS Inbox %b\r\n* STATUS {3}\r\na b %b\r\n' % (TOLD, TOLD, TOLD)
    async with reading(with_list(listed + told, b"* STATUS x " + TOLD + b"\r\n")) as here:
        found = await statuses(here)

    assert found == {b"INBOX": STATUS, b"a b": STATUS, b"c": None, b"d": STATUS}
    assert commands(here) == [b'LIST "" "*" RETURN (SPECIAL-USE STATUS ' + ITEMS + b")"]


@pytest.mark.parametrize(
    ("capabilities", "with_list"),
    [
        ("IMAP4rev1 LIST-STATUS LIST-EXTENDED", True),
        ("IMAP4rev2", True),
        ("IMAP4rev1 LIST-STATUS", False),
        ("IMAP4rev1 LIST-EXTENDED", False),
        ("IMAP4rev1 IMAP4rev2", False),  # which speaks rev1 until it is told otherwise
    ],
)
async def test_only_a_server_that_can_is_asked_for_it_with_the_list(
    capabilities: str, with_list: bool
) -> None:
    async with reading(answering(lambda _: (b"", b"OK"), capabilities)) as here:
        await statuses(here)
    assert (b"STATUS" in commands(here)[0]) is with_list


@pytest.mark.parametrize("refusal", [b"NO cannot", b"BAD what?"])
async def test_a_server_that_cannot_after_all_is_asked_one_after_the_other(refusal: bytes) -> None:
    def answers(command: bytes) -> tuple[bytes, bytes]:
        if b"RETURN (SPECIAL-USE STATUS" in command:
            return b"", refusal
        if command.startswith(b"LIST"):
            return b'* LIST () "/" a\r\n', b"OK"
        return b"* STATUS a " + TOLD + b"\r\n", b"OK"

    async with reading(answering(answers, LIST_STATUS)) as here:
        assert await statuses(here) == {b"a": STATUS}


async def test_a_server_that_cannot_is_asked_for_each_and_a_refusal_is_one_folders_affair() -> None:
    listed = [b"INBOX", b'"a b"', b"&AOQ-", b'"b\\"\\\\"', b"refused", b"bad", b"{5}\r\nk\xc3\xa4se"]
    lines = b"".join(b'* LIST () "/" %b\r\n' % name for name in listed) + b'* LIST (\\NoSelect) "/" top\r\n'

    def answers(command: bytes) -> tuple[bytes, bytes]:
        word, _, rest = command.partition(b" ")
        if word == b"LIST":
            return lines, b"OK"
        if rest.startswith((b'"refused"', b'"bad"')):
            return b"", b"NO [NOPERM] no" if rest.startswith(b'"refused"') else b"BAD what?"
        return b"* STATUS %b\r\n" % rest.replace(ITEMS, TOLD), b"OK"

    async with reading(answering(answers)) as here:
        found = await statuses(here)

    good = dict.fromkeys((b"INBOX", b"a b", b"&AOQ-", b'b"\\'), STATUS)
    assert found == {**good, b"refused": None, b"bad": None, b"k\xc3\xa4se": None, b"top": None}
    names = (b'"INBOX"', b'"a b"', b'"&AOQ-"', rb'"b\"\\"', b'"refused"', b'"bad"')
    assert commands(here) == [b'LIST "" "*"', *(b"STATUS %b %b" % (name, ITEMS) for name in names)]


async def test_answers_come_in_any_order_and_the_first_about_a_folder_that_was_asked_for_counts() -> None:
    told = [
        b'* STATUS "b" ' + TOLD,
        b"* STATUS nobody-asked " + TOLD,
        b"* STATUS b (MESSAGES 9 UIDNEXT 99 UIDVALIDITY 1)",
        b"* STATUS a (MESSAGES lots)",
        b"* 3 EXISTS",
        b"* STATUS a " + TOLD,
    ]
    pending = [b"\r\n".join(told) + b"\r\n"]

    def answers(command: bytes) -> tuple[bytes, bytes]:
        if command.startswith(b"LIST"):
            return b'* LIST () "/" a\r\n* LIST () "/" b\r\n', b"OK"
        return pending.pop() if pending else b"", b"OK"

    async with reading(answering(answers)) as here:
        assert await statuses(here) == {b"a": STATUS, b"b": STATUS}


async def test_thousands_of_folders_are_asked_for_without_waiting_for_each() -> None:
    names = [b"folder-%d" % number for number in range(5000)]
    most = 0

    async def script(peer: Peer) -> None:
        nonlocal most
        await peer.send(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
        await peer.answer(b"OK [CAPABILITY IMAP4rev1] in")
        await peer.answer(b"OK", *(b'LIST () "/" ' + name for name in names))
        left = len(names)
        while left:
            # All that comes is taken before any of it is answered.
            waiting = [await peer.command()]
            tags = [peer.tag]
            while len(waiting) < min(200, left):
                waiting.append(await peer.command())
                tags.append(peer.tag)
            most = max(most, len(waiting))
            left -= len(waiting)
            for tag, command in zip(tags, waiting, strict=True):
                told = command.replace(ITEMS, TOLD)
                await peer.send(b"* %b\r\n%b OK\r\n" % (told, tag))
        await peer.answer(b"OK", b"BYE")

    async with reading(script) as here:
        assert await statuses(here) == dict.fromkeys(names, STATUS)
    assert most == 200


async def test_no_more_is_under_way_than_a_server_can_be_expected_to_hold() -> None:
    names = [b"folder-%d" % number for number in range(5000)]

    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
        await peer.answer(b"OK [CAPABILITY IMAP4rev1] in")
        await peer.answer(b"OK", *(b'LIST () "/" ' + name for name in names))
        await peer.silence()

    async with reading(script, patience=0.3) as here:
        with pytest.raises(ReadingFailed) as failure:
            await statuses(here)
    assert failure.value.report.code is Code.SERVER_TIMEOUT
    assert 100 < bytes(here.server.received).count(b" STATUS ") < 1000


@pytest.mark.parametrize("count", [10_000, 15_000])
async def test_many_folders_are_told_with_the_list(count: int) -> None:
    told = b"".join(
        b'* LIST (\\HasNoChildren) "/" "folder/%d"\r\n* STATUS "folder/%d" %b\r\n' % (i, i, TOLD)
        for i in range(count)
    )
    async with reading(with_list(told, b"")) as here:
        found = await statuses(here)
    assert (len(found), set(found.values())) == (count, {STATUS})


@pytest.mark.parametrize("told", [b"* STATUS a " + TOLD + b"\r\n", b"* STATUS {300000}\r\n"])
@pytest.mark.parametrize("capabilities", ["IMAP4rev1", LIST_STATUS])
async def test_a_server_that_does_not_stop_telling_is_left(told: bytes, capabilities: str) -> None:
    def answers(command: bytes) -> tuple[bytes, bytes]:
        listed = b'* LIST () "/" a\r\n' if command.startswith(b"LIST") else b""
        return listed + (told * 100_000 if b"STATUS" in command else b""), b"OK"

    async with reading(answering(answers, capabilities)) as here:
        with pytest.raises(ReadingFailed) as failure:
            await statuses(here)
    assert failure.value.report.code is Code.RESPONSE_TOO_LARGE


async def test_a_connection_that_ends_meanwhile_is_told() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")
        await peer.answer(b"OK [CAPABILITY IMAP4rev1] in")
        await peer.answer(b"OK", b'LIST () "/" a', b'LIST () "/" b')
        await peer.answer(b"OK", b"STATUS a " + TOLD)
        await peer.reset()

    async with reading(script) as here:
        with pytest.raises(ReadingFailed) as failure:
            await statuses(here)
    assert failure.value.report.code is Code.SERVER_DISCONNECTED
