"""A way to a server that takes time: a proxy, in a process of its own, that brings every byte later.

usage: python -m harvest.delay PORT ROUND_TRIP    prints the port it listens on
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

_READ = 256 << 10
#: Reads under way in one direction: as much as a TCP window holds.
_MOST_UNDER_WAY = 32


@contextmanager
def running_proxy(port: int, round_trip: float) -> Iterator[int]:
    """Run a proxy to a loopback port with so many seconds there and back; yield the proxy's own port."""
    command = [sys.executable, "-m", "harvest.delay", str(port), str(round_trip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def _serve(port: int, one_way: float) -> None:
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        both = _bring(reader, far_writer, one_way), _bring(far_reader, writer, one_way)
        await asyncio.gather(*both, return_exceptions=True)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _bring(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_UNDER_WAY)

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not data:
                writer.close()
                return
            writer.write(data)
            await writer.drain()

    delivery = asyncio.create_task(deliver())
    data = b"-"
    while data:
        try:
            data = await reader.read(_READ)
        except ConnectionError:
            data = b""
        await under_way.put((loop.time() + delay, data))
    await delivery


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 2))
