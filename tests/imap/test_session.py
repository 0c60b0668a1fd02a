"""The session from the greeting to the goodbye."""

import asyncio

import pytest

from mailbox_svc import __version__
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.session import Session
from mailbox_svc.model.check import Code, Stage
from support.imap_client import (
    PASSWORD,
    failure_of_open,
    opened,
    served,
)
from support.imap_server import (
    GREETING,
    Peer,
    client_context,
    running,
    server_context,
)


async def test_a_session_logs_in_lists_and_says_goodbye() -> None:
    commands = []

    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        commands.append(
            await peer.answer(b"OK [CAPABILITY IMAP4rev1 ID LIST-EXTENDED SPECIAL-USE LIST-STATUS] hello")
        )
        commands.append(await peer.answer(b"OK", b'ID ("name" "Example")'))
        commands.append(
            await peer.answer(
                b"OK", b'LIST (\\Sent) "/" Sent', b'LIST () "/" {5}\r\n&AOQ-', b"3 EXISTS", b"OK fine"
            )
        )
        commands.append(await peer.answer(b"OK", b"BYE see you"))

    stages = Stages()
    async with served(script) as server:
        session = await opened(server, stages=stages)
        assert session.capabilities == {"IMAP4REV1", "SASL-IR", "ID", "AUTH=PLAIN", "LITERAL+"}
        await session.login("alice", PASSWORD)
        folders = await session.list_folders()
        await session.close()

    assert [(folder.name, sorted(folder.attributes)) for folder in folders] == [
        ("Sent", ["\\sent"]),
        ("ä", []),
    ]
    assert commands == [
        b'LOGIN "alice" "CANARY-session-password"',
        b'ID ("name" "mailbox-svc" "version" "%s")' % __version__.encode(),
        b'LIST "" "*" RETURN (SPECIAL-USE)',
        b"LOGOUT",
    ]
    assert [check.stage for check in stages.checks] == [Stage.TLS, Stage.GREETING, Stage.CAPABILITY]


async def test_starttls_comes_before_all_else_and_makes_the_session_ask_again() -> None:
    commands = []

    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=XOAUTH2] ready\r\n")
        commands.append(await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED"))
        commands.append(await peer.answer(b"OK go"))
        await peer.start_tls(server_context())
        commands.append(await peer.answer(b"OK", b"CAPABILITY IMAP4rev1"))
        commands.append(await peer.answer(b"OK [CAPABILITY IMAP4rev1] in"))

    stages = Stages()
    async with served(script, tls=False) as server:
        session = await opened(server, tls=False, stages=stages)
        assert session.capabilities == {"IMAP4REV1"}
        await session.login("alice", PASSWORD)
        session.abort()

    assert commands[:3] == [b"CAPABILITY", b"STARTTLS", b"CAPABILITY"]
    assert [check.stage for check in stages.checks] == [
        Stage.GREETING,
        Stage.CAPABILITY,
        Stage.TLS,
        Stage.CAPABILITY,
    ]


async def test_a_reply_that_comes_byte_by_byte_is_the_same_reply() -> None:
    async def drip(peer: Peer, data: bytes) -> None:
        for byte in data:
            await peer.send(bytes([byte]))
            await asyncio.sleep(0)

    async def script(peer: Peer) -> None:
        await drip(peer, GREETING)
        await peer.command()
        await drip(peer, b"* OK [ALERT] hi\r\n" + peer.tag + b" OK [CAPABILITY IMAP4rev1] in\r\n")
        await peer.command()
        await drip(peer, b'* LIST () "/" {7}\r\nA1 OK\r\n\r\n' + peer.tag + b" OK\r\n")

    async with served(script) as server:
        session = await opened(server)
        await session.login("alice", PASSWORD)
        assert session.capabilities == {"IMAP4REV1"}
        assert [folder.raw_name for folder in await session.list_folders()] == [b"A1 OK\r\n"]
        session.abort()


async def test_an_ip_address_is_verified_as_such() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.silence()

    async with served(script) as server:
        session = await opened(server, host="127.0.0.1")
        session.abort()


@pytest.mark.parametrize(
    ("untagged", "tagged", "code"),
    [
        (b"* CAPABILITY IMAP4rev1 ID\r\n", b"OK", None),
        (b"* CAPABILITY imap4REV1\r\n", b"OK", None),
        (b"* CAPABILITY IMAP4rev2\r\n", b"OK", None),
        (b"* CAPABILITY IMAP4rev1 X\xff\xfe\r\n", b"OK", None),
        (b"", b"OK [CAPABILITY IMAP4rev1] there", None),
        (b"* CAPABILITY\r\n", b"OK", Code.NOT_IMAP),
        (b"* CAPABILITY IMAP3\r\n", b"OK", Code.NOT_IMAP),
        (b"", b"OK", Code.NOT_IMAP),
        (b"", b"NO not now", Code.NOT_IMAP),
        (b"* CAPABILITY IMAP4rev1\r\n", b"BAD what", Code.NOT_IMAP),
    ],
)
async def test_a_server_must_say_that_it_speaks_imap(
    untagged: bytes, tagged: bytes, code: Code | None
) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK ready\r\n")
        assert await peer.command() == b"CAPABILITY"
        await peer.send(untagged)
        await peer.reply(tagged)
        await peer.silence()

    if code is not None:
        assert (await failure_of_open(script)).code is code
        return
    async with served(script) as server:
        session = await opened(server)
        assert session.capabilities & {"IMAP4REV1", "IMAP4REV2"}
        session.abort()


@pytest.mark.parametrize(
    ("capabilities", "starttls"),
    [
        (b"CAPABILITY IMAP4rev1 AUTH=PLAIN", b""),
        (b"CAPABILITY IMAP4rev1 STARTTLS", b"NO not today"),
        (b"CAPABILITY IMAP4rev1 STARTTLS", b"BAD what"),
    ],
)
async def test_without_starttls_nothing_more_is_said(capabilities: bytes, starttls: bytes) -> None:
    rest = []

    async def script(peer: Peer) -> None:
        await peer.send(b"* OK ready\r\n")
        await peer.answer(b"OK", capabilities)
        if starttls:
            await peer.answer(starttls)
        rest.append(await peer.command())

    assert (await failure_of_open(script, tls=False)).code is Code.TLS_REQUIRED
    assert rest == []


async def test_what_is_injected_behind_starttls_ends_the_session() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK ready\r\n")
        await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 STARTTLS")
        await peer.command()
        await peer.send(peer.tag + b" OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        await peer.start_tls(server_context())

    assert (await failure_of_open(script, tls=False)).code is Code.PROTOCOL_ERROR


async def test_preauth_cannot_skip_starttls() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* PREAUTH welcome\r\n")
        await peer.silence()

    async with served(script, tls=False) as server:
        with pytest.raises(ConnectionFailed) as failure:
            await opened(server, tls=False)

    assert failure.value.code is Code.PREAUTH_REFUSED
    assert server.received == b""


async def test_a_goodbye_waits_a_second_at_most() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.silence()

    async with served(script) as server:
        session = await opened(server)
        started = asyncio.get_running_loop().time()
        await session.close()
        assert asyncio.get_running_loop().time() - started < 10  # the server says nothing, for ever
        await session.close()
        session.abort()


async def test_closing_a_dead_session_is_fine() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)

    async with served(script) as server:
        session = await opened(server)
        await asyncio.sleep(0.05)
        await session.close()


async def test_a_credential_is_not_given_to_a_connection_that_lost_its_tls() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)

    async with served(script) as server:
        session = await opened(server)
        session.wire.transport = None
        with pytest.raises(ConnectionFailed) as failure:
            await session.login("alice", PASSWORD)

    assert failure.value.code is Code.TLS_REQUIRED


@pytest.mark.parametrize("host", ["", ".localhost"])
@pytest.mark.parametrize("tls", [True, False])
async def test_without_a_name_to_verify_no_tls_begins_and_the_socket_is_closed(tls: bool, host: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK ready\r\n")
        await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 STARTTLS")
        await peer.answer(b"OK go")
        await peer.silence()

    async with running(script) as server:
        sock = await server.connect()
        with pytest.raises(ValueError, match=r"name|label"):
            await Session.open(sock, host, tls=tls, ssl_context=client_context(), stages=Stages())

    assert sock.fileno() == -1
    commands = [line.partition(b" ")[2] for line in server.received.splitlines()]
    assert commands in ([], [b"CAPABILITY", b"STARTTLS"])


async def test_the_socket_is_closed_when_opening_is_cancelled_at_any_time() -> None:
    async def script(peer: Peer) -> None:
        await peer.silence()

    for tls in (True, False):
        async with running(script) as server:
            sock = await server.connect()
            opening = asyncio.create_task(
                Session.open(sock, "localhost", tls=tls, ssl_context=client_context(), stages=Stages())
            )
            await asyncio.sleep(0.02)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            assert sock.fileno() == -1
