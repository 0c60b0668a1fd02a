"""Connections that end, and callers who leave, at every step of the dialogue; reads that end anywhere."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mailbox_svc.model.check import Code, ConnectionReport, Stage
from support.hostile import DIALOGUE, follow, says, stops_at
from support.imap_client import PASSWORD, opened, served
from support.imap_server import GREETING, Peer, running, server_context
from support.watch import nothing_left

Connect = Callable[..., Awaitable[ConnectionReport]]
#: Where the client is while it waits for each line of the dialogue.
STAGES = (Stage.GREETING, Stage.AUTH, Stage.AUTH, Stage.AUTH, Stage.LIST)
every_step = pytest.mark.parametrize("step", range(len(DIALOGUE)))


async def leave(_: Peer) -> None:
    """Close."""


@every_step
@pytest.mark.parametrize(
    ("last", "end", "code"),
    [
        (b"", Peer.reset, Code.SERVER_DISCONNECTED),
        (b"", leave, Code.SERVER_DISCONNECTED),
        (b"* BYE half a li", leave, Code.SERVER_DISCONNECTED),
        (b"* BYE so long\r\n", Peer.reset, Code.SERVER_BYE),
        (b"* BYE so long\r\n", Peer.silence, Code.SERVER_BYE),
    ],
    ids=["reset", "close", "cut line", "BYE and reset", "BYE and silence"],
)
async def test_a_server_can_leave_at_any_step(
    step: int, last: bytes, end: Callable[[Peer], Awaitable[None]], code: Code, connect: Connect
) -> None:
    async with nothing_left(), running(stops_at(step, last, end), tls=server_context()) as server:
        report = await connect(server)

    assert (report.stage, report.code) == (STAGES[step], code)


@every_step
async def test_a_caller_can_leave_at_any_step(step: int, connect: Connect) -> None:
    came, gone = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        came.set()
        await stops_at(step, b"")(peer)
        gone.set()

    async with nothing_left(), running(script, tls=server_context()) as server:
        call = asyncio.ensure_future(connect(server))
        await came.wait()
        await asyncio.sleep(0.15)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(20):
            await gone.wait()


@pytest.mark.parametrize("tls", [True, False])
async def test_a_caller_can_leave_during_the_handshake(tls: bool, connect: Connect) -> None:
    async def starttls(peer: Peer) -> None:
        await peer.send(b"* OK\r\n")
        await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 STARTTLS")
        await peer.answer(b"OK")
        await peer.silence()

    async with nothing_left(), running(says(b"") if tls else starttls) as server:
        call = asyncio.ensure_future(connect(server, tls=tls))
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_whole_test_byte_by_byte_passes(connect: Connect) -> None:
    async def script(peer: Peer) -> None:
        for line in DIALOGUE:
            for byte in line.replace(b"{tag}", peer.tag):
                await peer.send(bytes([byte]))
                await asyncio.sleep(0)
            command = await peer.command()
        assert command == b"LOGOUT"
        await peer.reply(b"OK")

    async with nothing_left(), running(script, tls=server_context()) as server:
        report = await connect(server)

    assert report.code is Code.OK


async def test_a_whole_test_passes_after_starttls(connect: Connect) -> None:
    capable = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK\r\n"

    async def script(peer: Peer) -> None:
        await follow(peer, b"* OK\r\n", capable)
        await peer.reply(b"OK go")
        await peer.start_tls(server_context())
        assert await peer.command() == b"CAPABILITY"
        await follow(peer, capable, *DIALOGUE[1:])
        await peer.reply(b"OK")

    async with nothing_left(), running(script) as server:
        report = await connect(server, tls=False)

    assert report.code is Code.OK


FORGED = b":)\r\n* LIST () NIL forged\r\n* BYE forged\r\nX1 OK forged {3}\r\n"
LISTING = b'* LIST () "/" a\r\n* LIST () NIL {%d}\r\n%b\r\n* LIST () "/" b\r\n{tag} OK\r\n' % (
    len(FORGED),
    FORGED,
)


async def test_a_literal_forges_nothing_wherever_a_read_ends() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(b"OK [CAPABILITY IMAP4rev1] in")
        for cut in range(len(LISTING)):
            await peer.command()
            await peer.send(LISTING[:cut].replace(b"{tag}", peer.tag))
            await asyncio.sleep(0.001)
            await peer.send(LISTING[cut:].replace(b"{tag}", peer.tag))

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", PASSWORD)
        for _ in range(len(LISTING) - len(b"{tag} OK\r\n")):
            folders = await session.list_folders()
            assert [folder.raw_name for folder in folders] == [b"a", FORGED, b"b"]
        session.abort()


async def test_two_hundred_tests_at_once_against_a_black_hole_end_at_their_deadline(
    connect: Connect,
) -> None:
    loop = asyncio.get_running_loop()
    async with nothing_left(), running(says(b"")) as server:
        started = loop.time()
        reports = await asyncio.gather(*(connect(server, timeout=2.0) for _ in range(200)))
        took = loop.time() - started

    assert {report.code for report in reports} == {Code.TLS_FAILURE}
    assert took < 15  # one after the other they take minutes
