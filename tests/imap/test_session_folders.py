"""The listing of folders over a session."""

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.session import Session
from mailbox_svc.model.check import Code
from support.imap_client import PASSWORD, opened, served
from support.imap_server import GREETING, Peer, Script, ScriptedServer


async def logged_in(server: ScriptedServer) -> Session:
    session = await opened(server)
    await session.login("alice", PASSWORD)
    return session


def listing(answer: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(b"OK [CAPABILITY IMAP4rev1] in")
        await peer.command()
        await peer.send(answer.replace(b"{tag}", peer.tag))
        await peer.silence()

    return script


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        (b"{tag} NO [UNAVAILABLE] later\r\n", Code.LIST_FAILED, b"[UNAVAILABLE] later"),
        (b"{tag} BAD Unsafe Login\r\n", Code.LIST_FAILED, b"Unsafe Login"),
        (b"* LIST (((((\r\n{tag} OK\r\n", Code.PROTOCOL_ERROR, b""),
        (b"* LIST () NIL {300000}\r\n", Code.RESPONSE_TOO_LARGE, b""),
        (b"* 1 EXISTS\r\n" * 30_000, Code.RESPONSE_TOO_LARGE, b""),
    ],
    ids=["NO", "BAD", "malformed", "large literal", "endless"],
)
async def test_a_listing_can_fail(answer: bytes, code: Code, text: bytes) -> None:
    async with served(listing(answer)) as server:
        session = await logged_in(server)
        with pytest.raises(ConnectionFailed) as failure:
            await session.list_folders()
        session.abort()

    assert (failure.value.code, failure.value.server_text) == (code, text)


async def test_ten_thousand_folders_are_listed() -> None:
    lines = b"".join(b'* LIST (\\HasNoChildren) "/" "%s/%d"\r\n' % (b"x" * 60, i) for i in range(10_000))
    async with served(listing(lines + b"{tag} OK\r\n")) as server:
        session = await logged_in(server)
        assert len(await session.list_folders()) == 10_000
        session.abort()
