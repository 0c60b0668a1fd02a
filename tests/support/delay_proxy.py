"""A TCP proxy that makes a server look far away, and can cut or hold a connection anywhere.

Delays without limiting bandwidth: whatever comes in goes out the same time later. To run it in a process of
its own, so that it does not take its client's time: `python -m support.delay_proxy PORT SECONDS`, which
prints the port to connect to.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from array import array
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

#: Seconds after which it is looked whether a connection is still to be held.
_LOOK = 0.05


@dataclass
class DelayProxy:
    """What can be changed while it runs; counts for connections made from then on."""

    port: int = 0
    #: Seconds, each way; a round trip takes twice as long.
    delay: float = 0.0
    #: Once the client has got this many bytes from the server both ends are reset; None: never.
    cut_after: int | None = None
    #: Once the client has got about this many bytes the rest is held back, until this is None again.
    hold_after: int | None = None
    connections: int = 0
    #: From servers to clients, on all connections.
    bytes_back: int = 0


class _End(asyncio.Protocol):
    """One of the two ends of a connection; sends what the other end has received."""

    transport: asyncio.Transport
    other: _End
    connected = False

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._due: deque[tuple[float, bytes | None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connected = True
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.other.send_later(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's)
        if self._timer is not None:
            self._timer.cancel()
        if self.other.connected:
            self.other.send_later(None)

    def send_later(self, data: bytes | None) -> None:
        """Send this when it is due; None is the end."""
        self._due.append((self._loop.time() + self._delay, data))
        if self._timer is None:
            self._timer = self._loop.call_later(self._delay, self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        while self._due:
            due, data = self._due[0]
            if due > self._loop.time():
                self._timer = self._loop.call_at(due, self._send_due)
                return
            self._due.popleft()
            if data is None:
                self.transport.close()
            elif not self.transport.is_closing():
                self.transport.write(data)

    def unsent(self) -> bool:
        """Tell whether anything has still to go out, or to be acknowledged."""
        if self.transport.is_closing():
            return False
        in_kernel = array("i", [0])
        fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, in_kernel)
        return self.transport.get_write_buffer_size() > 0 or in_kernel[0] > 0

    def reset(self) -> None:
        """End at once, by RST."""
        if self.transport.is_closing():
            return
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class _ServerEnd(_End):
    """Counts what the server says, and cuts."""

    def __init__(self, proxy: DelayProxy) -> None:
        super().__init__(proxy.delay)
        self._proxy = proxy
        self._left = proxy.cut_after
        self._got = 0

    def data_received(self, data: bytes) -> None:
        self._got += len(data)
        self._hold()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._proxy.bytes_back += len(data)
        super().data_received(data)
        if self._left == 0:
            self.transport.pause_reading()
            self._loop.call_later(self._proxy.delay + 0.001, self._cut)

    def _hold(self) -> None:
        if self.transport.is_closing():
            return
        if self._proxy.hold_after is not None and self._got >= self._proxy.hold_after:
            self.transport.pause_reading()
            self._loop.call_later(_LOOK, self._hold)
        elif not self.transport.is_reading() and self._left != 0:
            self.transport.resume_reading()

    def _cut(self) -> None:
        if self.other.unsent():  # a reset would take it back
            self._loop.call_later(0.001, self._cut)
            return
        self.reset()
        self.other.reset()


class _ClientEnd(_End):
    """Connects to the server before anything is received."""

    def __init__(self, proxy: DelayProxy, server_port: int) -> None:
        super().__init__(proxy.delay)
        self._proxy = proxy
        self._server_port = server_port
        self.other = _ServerEnd(proxy)
        self.other.other = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._proxy.connections += 1
        self._dialling = self._loop.create_task(self._dial())

    async def _dial(self) -> None:
        try:
            await self._loop.create_connection(lambda: self.other, "127.0.0.1", self._server_port)
        except OSError:
            self.transport.abort()
        else:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._dialling.cancel()
        super().connection_lost(exc)


@asynccontextmanager
async def delaying(
    server_port: int, *, delay: float = 0.0, cut_after: int | None = None
) -> AsyncIterator[DelayProxy]:
    """Stand before a server on loopback until the end of the block."""
    proxy = DelayProxy(delay=delay, cut_after=cut_after)
    ends: list[_ClientEnd] = []

    def accept() -> _ClientEnd:
        ends.append(_ClientEnd(proxy, server_port))
        return ends[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for end in ends:
            for side in (end, end.other):
                if side.connected:
                    side.transport.abort()


async def _main(server_port: int, delay: float) -> None:
    async with delaying(server_port, delay=delay) as proxy:
        sys.stdout.write(f"{proxy.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2])))
