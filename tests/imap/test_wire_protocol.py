"""The wire against servers that break the protocol, and reads that end anywhere."""

import asyncio

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.wire import Wire
from mailbox_svc.model.check import Code
from support.imap_client import connected, outcome

SECRET = b"CANARY-wire-password"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"WRONG OK\r\n", Code.PROTOCOL_ERROR),
        (b"{tag} OK\r\n{tag} OK\r\n", None),
        (b"{tag}OK\r\n", Code.PROTOCOL_ERROR),
        (b"{tag} MAYBE\r\n", Code.PROTOCOL_ERROR),
        (b"+ go on\r\n", Code.PROTOCOL_ERROR),
        (b"+\r\n", Code.PROTOCOL_ERROR),
        (b"\xff\xfe\x00\r\n", Code.PROTOCOL_ERROR),
        (b"* \xff\xfe\r\n{tag} OK\r\n", None),
        (b"\r\n{tag} OK\r\n", None),
        (b"*\r\n", Code.PROTOCOL_ERROR),
        (b"x" * 70_000, Code.RESPONSE_TOO_LARGE),
        (b"* LIST () NIL {4294967295}\r\n", Code.RESPONSE_TOO_LARGE),
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(answer: bytes, code: Code | None) -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"LOGIN alice " + SECRET))
        await other.send(answer.replace(b"{tag}", await other.tag()))
        if code is None:
            assert (await call).ok
            return
        failure = await outcome(call)

        assert failure.code is code
        assert SECRET.decode() not in repr(failure) + str(failure)
        assert await other.receive() == b""  # closed


async def test_a_second_tagged_response_fails_the_next_command() -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"NOOP"))
        tag = await other.tag()
        await other.send(tag + b" OK\r\n" + tag + b" OK\r\n")
        assert (await call).ok

        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))

    assert failure.code is Code.PROTOCOL_ERROR


async def test_a_tagged_response_without_a_command_ends_the_connection() -> None:
    async with connected() as (wire, other):
        await other.send(b"A1 OK for nothing\r\n")
        assert await other.receive() == b""

        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))

    assert failure.code is Code.PROTOCOL_ERROR


@pytest.mark.parametrize("late", [False, True])
async def test_bytes_behind_the_answer_to_starttls_are_an_injection(late: bool) -> None:
    async with connected() as (wire, other):
        call = asyncio.create_task(wire.execute(b"STARTTLS", seals=True))
        tag = await other.tag()
        injected = b"* CAPABILITY IMAP4rev1\r\n"
        await other.send(tag + b" OK\r\n" + (b"" if late else injected))
        assert (await call).ok
        if late:
            await other.send(injected)
            await asyncio.sleep(0.01)

        failure = await outcome(asyncio.ensure_future(wire.execute(b"NOOP")))

    assert failure.code is Code.PROTOCOL_ERROR


DIALOGUE = b"".join(
    [
        b"* LIST () NIL {20}\r\nA1 OK forged :)\r\n* 1\r\n",
        b'* NO [ALERT] a {3}\r\n* LIST () NIL "b"\r\n',
        b"{tag} NO [X] y\r\n",
    ]
)


async def test_where_a_read_ends_never_changes_a_reply() -> None:
    replies = set()
    for cut in range(len(DIALOGUE) + 30):
        async with connected(b"") as (wire, _):
            wire.data_received(b"* OK ready\r\n")
            call = asyncio.create_task(wire.execute(b"LIST"))
            await asyncio.sleep(0)
            stream = DIALOGUE.replace(b"{tag}", _running_tag(wire))
            wire.data_received(stream[:cut])
            if stream[cut:]:
                wire.data_received(stream[cut:])
            reply = await call
            replies.add((reply.ok, reply.text, tuple(reply.untagged), reply.server_text))

    assert replies == {
        (
            False,
            b"[X] y",
            (
                (b"* LIST () NIL {20}", b"A1 OK forged :)\r\n* 1", b""),
                (b"* NO [ALERT] a {3}",),
                (b'* LIST () NIL "b"',),
            ),
            b"[X] y\n[ALERT] a {3}",
        )
    }


def _running_tag(wire: Wire) -> bytes:
    assert wire._running is not None
    return wire._running.tag


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"* BYE Too many connections\r\n", Code.SERVER_BYE),
        (b"* PREAUTH hello\r\n", Code.PREAUTH_REFUSED),
        (b"+OK POP3\r\n", Code.NOT_IMAP),
        (b"+", Code.NOT_IMAP),  # need not wait for the end of a line to know
        (b"*\t", Code.NOT_IMAP),
        (b"* HELLO\r\n", Code.NOT_IMAP),
        (b"* OK " + b"x" * 70_000, Code.RESPONSE_TOO_LARGE),
    ],
)
async def test_a_bad_greeting_is_told_apart_however_it_is_read(greeting: bytes, code: Code) -> None:
    for size in (1, 7, len(greeting)):
        async with connected(b"") as (wire, _):
            for i in range(0, len(greeting), size):
                wire.data_received(greeting[i : i + size])
            with pytest.raises(ConnectionFailed) as failure:
                await wire.greeting()
            assert failure.value.code is code
