"""A TLS proxy that keeps what a client says to a server, and counts what it costs.

What a client sends before it has heard anything is one flight: so many flights, so many round trips.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.imap_server import authority, server_context

#: Seconds that an answer is held back, so that what is sent without waiting for it is in one flight.
_DELAY = 0.02


@dataclass
class Wiretap:
    """What went through, over all connections."""

    port: int
    #: What was sent, in bytes each.
    flights: list[bytes] = field(default_factory=list)
    #: From the server.
    bytes_back: int = 0

    def forget(self) -> None:
        """Count anew."""
        self.flights.clear()
        self.bytes_back = 0

    @property
    def commands(self) -> list[list[bytes]]:
        """The commands of each flight after the login, without their tags."""
        flights = [[line.partition(b" ")[2] for line in each.splitlines()] for each in self.flights]
        return [each for each in flights if not each[0].startswith((b"LOGIN ", b"ID "))]


@asynccontextmanager
async def tapping(server_port: int, ca_file: Path, *, hidden: bytes = b"") -> AsyncIterator[Wiretap]:
    """Stand before a server's TLS port; makes `ca_file`, which clients are to trust.

    `hidden` is taken out of what the server says: a capability, with the space before it.
    """
    authority().cert_pem.write_to_path(str(ca_file))
    tap = Wiretap(0)
    tasks: set[asyncio.Task[None]] = set()

    async def relay(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        server, forth = await asyncio.open_connection("127.0.0.1", server_port, ssl=_any_server())
        heard = True

        async def answers() -> None:
            nonlocal heard
            while data := await server.read(1 << 16):
                tap.bytes_back += len(data)
                await asyncio.sleep(_DELAY)
                heard = True
                back.write(data.replace(hidden, b"") if hidden else data)

        task = asyncio.create_task(answers())
        try:
            while data := await client.read(1 << 16):
                if heard:
                    tap.flights.append(b"")
                heard = False
                tap.flights[-1] += data
                forth.write(data)
        finally:
            task.cancel()
            forth.transport.abort()
            back.transport.abort()

    async def relayed(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await relay(client, back)

    listener = await asyncio.start_server(relayed, "127.0.0.1", 0, ssl=server_context())
    tap.port = listener.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _any_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
