"""Runs the gateway in an event loop that is there already. Signals and logging are the process's own."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn

from mailbox_svc.rest.app import GatewayConfig, create_app
from mailbox_svc.rest.protocol import GatewayProtocol

#: Bytes of a request's head: a token in a header and one in a cookie, with room.
_MAX_HEAD = 32 * 1024

#: Seconds to end, for nothing that is under way.
_LEAST_GRACE = 0.1


class GatewayServer:
    """The gateway's listener. Started once, stopped once."""

    def __init__(self, config: GatewayConfig) -> None:
        self.config = config
        self._stopping = asyncio.Event()
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                create_app(config, self._stopping),
                http=partial(GatewayProtocol, config.head_seconds),  # type: ignore[arg-type]  # makes one
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                h11_max_incomplete_event_size=_MAX_HEAD,
            )
        )
        # Its lines hold query strings, and uvicorn writes them as soon as anybody gives it a handler.
        logging.getLogger("uvicorn.access").disabled = True
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port. Raises OSError when the address cannot be had."""
        listener = await _listen(self.config.address)
        self._serving = asyncio.create_task(self._uvicorn.serve([listener]))
        up = asyncio.create_task(self._uvicorn.up.wait())
        await asyncio.wait({up, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            up.cancel()
            await self._serving
        port: int = listener.getsockname()[1]
        return port

    async def stop(self, grace: float) -> None:
        """Take no more connections, and give the requests under way so many seconds to end."""
        if self._serving is None:
            return
        self._stopping.set()
        # In no time at all uvicorn would tell of requests that it cut off, even where there are none.
        self._uvicorn.config.timeout_graceful_shutdown = max(grace, _LEAST_GRACE)  # type: ignore[assignment]
        self._uvicorn.should_exit = True
        await self._serving
        self._serving = None


class _Uvicorn(uvicorn.Server):
    """Says when it is up, and leaves the signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    family, _, _, _, where = found[0]
    return socket.create_server(where[:2], family=family, backlog=2048)
