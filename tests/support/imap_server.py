"""A server on a real loopback socket that follows a script and keeps every byte it was sent."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache

import trustme

#: What an ordinary server says first and can do.
GREETING = b"* OK [CAPABILITY IMAP4rev1 SASL-IR ID AUTH=PLAIN LITERAL+] ready\r\n"


@cache
def authority() -> trustme.CA:
    """The authority that the clients of this test run trust."""
    return trustme.CA()


@cache
def server_context(*names: str) -> ssl.SSLContext:
    """A server's TLS with a good certificate for localhost and 127.0.0.1, or for these names only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    return context


@cache
def client_context() -> ssl.SSLContext:
    """A client's TLS that verifies against `authority`."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray) -> None:
        self._reader = reader
        self._writer = writer
        self._record = record
        #: The tag of the last command.
        self.tag = b""

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def line(self) -> bytes:
        """Read one line of the client, without its end."""
        line = await self._reader.readline()
        self._record += line
        if not line:
            raise ConnectionResetError("the client is gone")
        return line.rstrip(b"\r\n")

    @property
    def has_said_more(self) -> bool:
        """Whether more has come than was read."""
        return bool(vars(self._reader)["_buffer"])

    async def exactly(self, size: int) -> bytes:
        """Read this many bytes of the client."""
        data = await self._reader.readexactly(size)
        self._record += data
        return data

    async def command(self) -> bytes:
        """Read one command and return it without its tag."""
        self.tag, _, command = (await self.line()).partition(b" ")
        return command

    async def reply(self, text: bytes) -> None:
        """Send the tagged response to the last command."""
        await self.send(self.tag + b" " + text + b"\r\n")

    async def answer(self, text: bytes, *untagged: bytes) -> bytes:
        """Read one command and answer it; returns the command."""
        command = await self.command()
        await self.answer_now(text, *untagged)
        return command

    async def answer_now(self, text: bytes, *untagged: bytes) -> None:
        """Answer the command that was read last."""
        await self.send(b"".join(b"* " + line + b"\r\n" for line in untagged))
        await self.reply(text)

    async def start_tls(self, context: ssl.SSLContext) -> None:
        await self._writer.start_tls(context)

    def send_below_tls(self, data: bytes) -> None:
        """Send bytes that are no TLS on a connection that is."""
        os.write(self._writer.get_extra_info("socket").fileno(), data)

    async def silence(self) -> None:
        """Say nothing and keep what comes, until the client goes."""
        while data := await self._reader.read(65536):
            self._record += data

    async def reset(self) -> None:
        """End the connection by RST."""
        # Without a linger time, closing sends RST in the place of FIN.
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class ScriptedServer:
    """Runs a script once a connection."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._running: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._failures: list[BaseException] = []
        #: What all clients sent, after decryption.
        self.received = bytearray()
        self.connections = 0
        self.port = 0

    async def connect(self) -> socket.socket:
        """A client's connected, non-blocking socket, as `Session.open` wants it."""
        sock = socket.socket()
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        except BaseException:
            sock.close()
            raise
        return sock

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(Peer(reader, writer, self.received)))
        self._running[task] = writer
        task.add_done_callback(self._done)
        self.connections += 1

    async def _serve(self, peer: Peer) -> None:
        with suppress(OSError):  # the client may go at any time
            await self._script(peer)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task).close()
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    async def finish(self) -> None:
        """End all connections; raises what a script raised."""
        running = dict(self._running)
        for task, writer in running.items():
            task.cancel()
            writer.transport.abort()
        if running:
            await asyncio.wait(running)
        if self._failures:
            raise self._failures[0]


@asynccontextmanager
async def running(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedServer]:
    """Serve until the end of the block; with `tls`, from the first byte."""
    scripted = ScriptedServer(script)
    server = await asyncio.start_server(
        scripted._accept,
        "127.0.0.1",
        0,
        ssl=tls,
        ssl_shutdown_timeout=0.5 if tls else None,
        limit=1 << 20,
        backlog=1024,
    )
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        await scripted.finish()
