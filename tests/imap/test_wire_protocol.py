"""The wire against servers that break the protocol, and reads that end anywhere."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap.failure import ConnectionFailed
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


def split(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


async def end_of_command(chunks: Iterable[bytes]) -> tuple[object, ...]:
    """How a command with the tag A0 ends when the server says this and leaves."""
    async with connected(b"") as (wire, _):
        wire.tagpre = "A"
        wire.data_received(b"* OK ready\r\n")
        call = asyncio.create_task(wire.execute(b"LIST"))
        await asyncio.sleep(0)
        for chunk in chunks:
            wire.data_received(chunk)
        wire.connection_lost(None)
        try:
            reply = await call
        except ConnectionFailed as failure:
            return failure.code, failure.server_text
        return reply.ok, reply.text, reply.untagged, reply.server_text


async def test_where_a_read_ends_never_changes_a_reply() -> None:
    stream = b"".join(
        [
            b"* LIST () NIL {20}\r\nA0 OK forged :)\r\n* 1\r\n",
            b'* NO [ALERT] a {3}\r\n* LIST () NIL "b"\r\n',
            b"A0 NO [X] y\r\n",
        ]
    )
    untagged = [
        (b"* LIST () NIL {20}", b"A0 OK forged :)\r\n* 1", b""),
        (b"* NO [ALERT] a {3}",),
        (b'* LIST () NIL "b"',),
    ]

    for cut in range(len(stream)):
        assert await end_of_command(split(stream, [cut])) == (
            False,
            b"[X] y",
            untagged,
            b"[X] y\n[ALERT] a {3}",
        )


#: What a server may say, and pieces of it.
PIECES = [
    b"* OK fine\r\n",
    b"* NO [ALERT] no {3}\r\n",
    b"* 1 EXISTS\r\n",
    b'* LIST () NIL {4}\r\nA0 \r "b"\r\n',
    b"* BYE bye\r\n",
    b"A0 OK done\r\n",
    b"A0 NO {9}\r\n",
    b"A1 OK what\r\n",
    b"+ go on\r\n",
    b"\r\n",
    b"* X {400000}\r\n",
    b"* X {2}",
    b"\r",
    b"\n",
    b"* ",
    b"\xff",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join), st.sets(st.integers(0, 120)))
async def test_where_reads_end_never_changes_how_a_command_ends(stream: bytes, cuts: set[int]) -> None:
    whole = await end_of_command([stream])

    assert await end_of_command(split(stream, {cut for cut in cuts if cut <= len(stream)})) == whole
    assert whole[0] in {True, False, *Code}


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
