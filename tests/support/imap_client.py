"""Our end of the IMAP tests: sessions opened with scripted servers, and how they fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailbox_svc.imap.command import Reply
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.session import Session
from mailbox_svc.imap.wire import Wire
from mailbox_svc.model.check import AccessToken, Credential, Password
from mailbox_svc.model.secret import Secret
from support.imap_server import Peer, Script, ScriptedServer, client_context, running, server_context

PASSWORD = Password(Secret("CANARY-session-password"))
TOKEN = AccessToken(Secret("CANARY-session-token"))


@asynccontextmanager
async def served(script: Script, *, tls: bool = True) -> AsyncIterator[ScriptedServer]:
    async with running(script, tls=server_context() if tls else None) as server, asyncio.timeout(30):
        yield server


async def opened(
    server: ScriptedServer, *, tls: bool = True, host: str = "localhost", stages: Stages | None = None
) -> Session:
    return await Session.open(
        await server.connect(), host, tls=tls, ssl_context=client_context(), stages=stages or Stages()
    )


async def failure_of_open(script: Script, *, tls: bool = True) -> ConnectionFailed:
    async with served(script, tls=tls) as server:
        with pytest.raises(ConnectionFailed) as failure:
            await opened(server, tls=tls)
    return failure.value


async def failure_of_login(
    script: Script, user: str = "alice", credential: Credential = PASSWORD
) -> ConnectionFailed:
    async with served(script) as server:
        session = await opened(server)
        with pytest.raises(ConnectionFailed) as failure:
            await session.login(user, credential)
        session.abort()
    assert "CANARY" not in f"{failure.value} {failure.value!r}"
    return failure.value


def offering(*capabilities: str) -> bytes:
    return f"* OK [CAPABILITY IMAP4rev1 {' '.join(capabilities)}] ready\r\n".encode()


def accepting(greeting: bytes, commands: list[bytes]) -> Script:
    """A server that takes any login, and keeps the commands."""

    async def script(peer: Peer) -> None:
        await peer.send(greeting)
        while True:
            commands.append(await peer.command())
            if commands[-1].startswith(b"AUTHENTICATE") and commands[-1].count(b" ") == 1:
                await peer.send(b"+ \r\n")
                commands.append(await peer.line())
            await peer.reply(b"OK [CAPABILITY IMAP4rev1] welcome")

    return script


class Other:
    """The server's end of the socket, used by hand."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def receive(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.sock, 1 << 16)

    async def tag(self) -> bytes:
        """Receive one command and return its tag."""
        return (await self.receive()).partition(b" ")[0]


@asynccontextmanager
async def connected(greeting: bytes = b"* OK ready\r\n") -> AsyncIterator[tuple[Wire, Other]]:
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setblocking(False)
    wire = Wire()
    await asyncio.get_running_loop().create_connection(lambda: wire, sock=ours)
    other = Other(theirs)
    try:
        await other.send(greeting)
        if greeting:
            await wire.greeting()
        yield wire, other
    finally:
        wire.abort()
        theirs.close()


async def outcome(call: asyncio.Future[Reply] | asyncio.Task[Reply]) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as failure:
        async with asyncio.timeout(30):
            await call
    return failure.value
