"""A connection tester, the name server it asks and the server it reaches, all on loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import ConnectionReport, Credential, Password
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret
from support.dns_server import DnsServer, Zone, serving
from support.imap_server import GREETING, Peer, Script, ScriptedServer, authority, running, server_context

PASSWORD = Password(Secret("CANARY-password-of-tester-world"))
HOST = "imap.example.org"


@dataclass
class World:
    """A tester, the name server it asks and the server it reaches."""

    tester: ImapConnectionTester
    policy: EgressPolicy
    resolver: HostResolver
    server: ScriptedServer
    dns: DnsServer
    host: str

    async def report(
        self,
        *,
        tls: bool = True,
        timeout: float = 5.0,
        credential: Credential = PASSWORD,
        user: str = "me@example.org",
    ) -> ConnectionReport:
        destination = Destination(self.host, self.server.port, tls, user)
        return await self.tester.test(destination, credential, timeout=timeout)


@asynccontextmanager
async def world(
    script: Script,
    *,
    host: str = HOST,
    tls: bool = True,
    context: ssl.SSLContext | None = None,
    ca_file: Path | None = None,
) -> AsyncIterator[World]:
    """`host` is on this machine. Its certificate is good unless `context` has another.

    `ca_file` is what the tester trusts besides the system's authorities: ours, unless it is given.
    """
    zone = Zone({host: ["127.0.0.1"]})
    context = context or server_context(host)
    with TemporaryDirectory() as folder:
        trusted = ca_file or Path(folder, "ca.pem")
        if ca_file is None:
            authority().cert_pem.write_to_path(str(trusted))
        async with serving(zone) as dns, running(script, tls=context if tls else None) as server:
            policy = EgressPolicy((ip_network("127.0.0.1/32"),), frozenset({server.port}))
            resolver = HostResolver(["127.0.0.1"], port=dns.port)
            tester = ImapConnectionTester(Access(policy, ca_file=trusted, resolver=resolver))
            yield World(tester, policy, resolver, server, dns, host)


def refusing(text: bytes) -> Script:
    """A server that refuses every login in these words."""

    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.answer(text)
        await peer.silence()

    return script


async def welcoming(peer: Peer) -> None:
    """A server that lets everyone in."""
    await peer.send(GREETING)
    while True:
        match (await peer.command()).split()[0]:
            case b"LIST":
                await peer.send(b'* LIST (\\HasNoChildren) "/" INBOX\r\n')
            case b"CAPABILITY":
                await peer.send(b"* CAPABILITY IMAP4rev1 ID\r\n")
            case b"LOGOUT":
                await peer.send(b"* BYE see you\r\n")
        await peer.reply(b"OK done")
