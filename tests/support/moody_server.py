"""An IMAP server with empty folders that refuses, stalls and recovers as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.imap_server import Peer, ScriptedServer, authority, running, server_context
from support.letters import PASSWORD
from support.stores import PreparedDatabase
from support.sync_parts import SyncParts, sync_parts

GREETING = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"


class MoodyServer:
    """A server with empty folders, whose moods are set by the tests."""

    def __init__(self) -> None:
        #: What LOGIN is answered; None takes `PASSWORD` alone.
        self.login: bytes | None = None
        #: Set while LIST may be answered.
        self.lists = asyncio.Event()
        self.lists.set()
        self.logins = 0

    async def __call__(self, peer: Peer) -> None:
        await peer.send(GREETING)
        while True:
            command = await peer.command()
            match command.split(b" ")[0].upper():
                case b"LOGIN":
                    self.logins += 1
                    good = self.login is None and PASSWORD.encode() in command
                    refusal = self.login or b"NO [AUTHENTICATIONFAILED] Authentication failed."
                    await peer.reply(b"OK [CAPABILITY IMAP4rev1] in" if good else refusal)
                case b"LIST":
                    await self.lists.wait()
                    await peer.send(b'* LIST () "/" INBOX\r\n')
                    await peer.reply(b"OK done")
                case b"STATUS":
                    await peer.send(b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\n")
                    await peer.reply(b"OK done")
                case b"EXAMINE":
                    await peer.send(b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n")
                    await peer.reply(b"OK [READ-ONLY] done")
                case _:
                    await peer.reply(b"OK done")


@asynccontextmanager
async def served(
    database: PreparedDatabase, folder: Path
) -> AsyncIterator[tuple[SyncParts, MoodyServer, ScriptedServer]]:
    """All parts at work, with such a server."""
    moods, ca_file = MoodyServer(), folder / "ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    async with (
        running(moods, tls=server_context()) as server,
        sync_parts(database.url, server.port, ca_file) as parts,
    ):
        await parts.engine.start()
        yield parts, moods, server
