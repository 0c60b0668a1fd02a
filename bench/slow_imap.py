"""A slow IMAP server over TLS: it greets nobody until a number of clients are connected, then answers all.

    slow_imap.py FOLDER CLIENTS      FOLDER holds chain.pem and key.pem

Prints {"port"} when ready, and {"at_once"} (the most clients connected at one time) when all have left.
Should they not all come within ten seconds of the first one, those that are there get their answers.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path

import uvloop

PATIENCE = 10.0


class _SlowServer:
    def __init__(self, clients: int) -> None:
        self._clients = clients
        self._here = 0
        self._go = asyncio.Event()
        self.at_once = 0
        self.all_gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._here += 1
        self.at_once = max(self.at_once, self._here)
        if self._here == self._clients:
            self._go.set()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._go.wait()
        except TimeoutError:
            self._go.set()
        try:
            await _talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._here -= 1
            if not self._here:
                self.all_gone.set()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] slow server ready\r\n")
    while line := await reader.readline():
        tag, _, command = line.rstrip().partition(b" ")
        name = command.partition(b" ")[0].upper()
        if name == b"CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n")
        elif name == b"LIST":
            writer.write(b'* LIST (\\HasNoChildren) "/" INBOX\r\n')
        elif name == b"LOGOUT":
            writer.write(b"* BYE until next time\r\n")
        writer.write(tag + b" OK done\r\n")
        await writer.drain()


async def _main(folder: Path, clients: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    slow = _SlowServer(clients)
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0, ssl=context, backlog=2048)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await slow.all_gone.wait()
    print(json.dumps({"at_once": slow.at_once}), flush=True)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(Path(sys.argv[1]), int(sys.argv[2])))
