"""An IMAP server over TLS for any number of accounts, each with an empty INBOX, that takes its time.

    python -m sync.slow_server FOLDER SECONDS GATHER      FOLDER holds chain.pem and key.pem

Each answer comes after so many seconds. LIST is answered once GATHER clients have asked for it, or none has
come for ten seconds. Prints its port, and at each line on its input the most clients there were at a time.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import uvloop

_PATIENCE = 10.0
_CAPABILITIES = b"IMAP4rev1 LIST-EXTENDED SPECIAL-USE LIST-STATUS"
_ANSWERS = {
    b"CAPABILITY": b"* CAPABILITY " + _CAPABILITIES + b"\r\n",
    b"LIST": b'* LIST (\\HasNoChildren) "/" INBOX\r\n* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\n',
    b"LOGOUT": b"* BYE until next time\r\n",
}


class SlowServer:
    def __init__(self, delay: float, gather: int) -> None:
        self._delay = delay
        self._gather = gather
        self._here = self._asking = 0
        self._go = asyncio.Event()
        self.at_once = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._here += 1
        self.at_once = max(self.at_once, self._here)
        try:
            await self._talk(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._here -= 1

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self._delay)
        writer.write(b"* OK [CAPABILITY " + _CAPABILITIES + b"] slow server ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.rstrip().partition(b" ")
            name = command.partition(b" ")[0].upper()
            if name == b"LIST":
                await self._all()
            await asyncio.sleep(self._delay)
            writer.write(_ANSWERS.get(name, b"") + tag + b" OK done\r\n")
            await writer.drain()

    async def _all(self) -> None:
        """Wait for the others."""
        self._asking += 1
        if self._asking >= self._gather:
            self._go.set()
        asked = 0
        while not self._go.is_set() and asked != self._asking:
            asked = self._asking
            try:
                await asyncio.wait_for(self._go.wait(), _PATIENCE)
            except TimeoutError:
                continue
        self._go.set()


async def _main(folder: Path, delay: float, gather: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    slow = SlowServer(delay, gather)
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0, ssl=context, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)

    def tell() -> None:
        sys.stdin.readline()
        print(slow.at_once, flush=True)

    asyncio.get_running_loop().add_reader(0, tell)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
