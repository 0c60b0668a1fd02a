"""The ways into the real servers, walked with the service's own IMAP layer."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy, dial
from mailbox_svc.imap.failure import Stages
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.session import Session
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import ConnectionReport, Password
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret
from mailbox_svc.trust import tls_context
from support.dovecot import DovecotServer
from support.real_server import RealServer

ALICE = "alice@example.test"
#: All of it may stand in a quoted string of IMAP; `%` and `:` are special to some servers' files.
ALICE_PASSWORD = r'CANARY-al1ce "quoted" \ 100%:{3}'
BOB = "bob@example.test"
BOB_PASSWORD = "CANARY-bób-пароль-密码"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
USERS = {ALICE: ALICE_PASSWORD, BOB: BOB_PASSWORD}

#: Every way in that every server has of its own; none of them needed a proxy for its TLS.
ROUTES = (
    "dovecot-tls",
    "dovecot-starttls",
    "cyrus-tls",
    "cyrus-starttls",
    "courier-tls",
    "mailutils-tls",
    "mailutils-starttls",
    "pymap-starttls",
)


@dataclass(frozen=True, slots=True)
class Route:
    """One way into one server."""

    server: RealServer | DovecotServer
    port: int
    tls: bool

    def destination(self, user: str) -> Destination:
        return Destination(self.server.host, self.port, self.tls, user)

    @property
    def policy(self) -> EgressPolicy:
        return EgressPolicy(LOOPBACK, frozenset({self.port}))

    async def test(self, user: str, password: str, *, trusted: bool = True) -> ConnectionReport:
        """Run the service's own connection test."""
        ca_file: Path | None = self.server.ca_file if trusted else None
        tester = ImapConnectionTester(Access(self.policy, ca_file=ca_file))
        return await tester.test(self.destination(user), Password(Secret(password)), timeout=20)

    async def log_in(self, user: str, password: str) -> Session:
        """Open a session of the service."""
        stages = Stages()
        line = await dial(
            self.server.host, self.port, policy=self.policy, resolver=HostResolver(), stages=stages
        )
        context = tls_context(self.server.ca_file)
        session = await Session.open(line.sock, line.name, tls=self.tls, ssl_context=context, stages=stages)
        await session.login(user, Password(Secret(password)))
        return session
