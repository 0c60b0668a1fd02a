"""The service's own parts, real ones, put together for a test."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbox_svc.contacts.merging import Merging
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.mail_records import MailRecords
from mailbox_svc.imap.resolve import name_servers
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.mailboxes.limits import LoginLimits, TestRates
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.mailboxes.suggesting import Suggestions
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.oauth.parts import OAuthParts, oauth_parts
from mailbox_svc.oauth.service import Connections
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.rpc.server import UseCases
from mailbox_svc.storage.store import SqlStore, open_store
from mailbox_svc.sync.service import Schedules
from mailbox_svc.vault import Keyring, Vault
from support.imap_server import Peer, authority
from support.stores import migrated_file

GOOD_PASSWORD = "CANARY-good-password"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class MovingClock:
    """Gives a later time at each look, so that an unwanted write of a time shows."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def present() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Parts:
    """All that the use cases are made of, and themselves. Harvests wait until `runs` is started."""

    store: SqlStore
    vault: Vault
    clock: MovingClock
    mailboxes: Mailboxes
    runs: HarvestRuns
    harvests: Harvests
    contacts: Contacts
    connections: Connections
    oauth: OAuthParts
    merging: Merging
    schedules: Schedules
    suggestions: Suggestions

    @property
    def use_cases(self) -> UseCases:
        return UseCases(
            self.mailboxes,
            self.harvests,
            self.contacts,
            self.connections,
            self.merging,
            self.schedules,
            self.suggestions,
        )


def tester_for(folder: Path, *ports: int) -> ImapConnectionTester:
    """A tester that may go to these ports on loopback and trusts the tests' authority."""
    return ImapConnectionTester(Access(_policy(*ports), ca_file=_ca_file(folder)))


def source_for(folder: Path, *ports: int) -> ImapMailSource:
    """A reader of mail that may go where `tester_for` may."""
    return ImapMailSource(Access(_policy(*ports), ca_file=_ca_file(folder)))


def _policy(*ports: int) -> EgressPolicy:
    return EgressPolicy(opened=LOOPBACK, ports=frozenset(ports))


def _ca_file(folder: Path) -> Path:
    ca_file = folder / "test-authority.pem"
    authority().cert_pem.write_to_path(ca_file)
    return ca_file


@asynccontextmanager
async def parts(
    folder: Path,
    *ports: int,
    rates: TestRates | None = None,
    providers: Iterable[OAuthProvider] = (),
    dns_port: int = 9,
) -> AsyncIterator[Parts]:
    """Mailboxes over a new SQLite file, a new key and the real tester.

    Mail domains are looked up on this machine only; where no test serves, at a port that nobody answers at.
    """
    url = await migrated_file(folder / "mailboxes.sqlite3")
    store = await open_store(url)
    vault, clock = Vault(Keyring.generate()), MovingClock()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        endpoints = HttpProviderEndpoints()
        stack.push_async_callback(endpoints.aclose)
        oauth = await stack.enter_async_context(oauth_parts(store, vault, endpoints, providers, clock=clock))
        mailboxes = Mailboxes(
            store,
            vault,
            tester_for(folder, *ports),
            oauth.credentials,
            oauth.revoker,
            clock=clock,
            logins=LoginLimits(rates),
        )
        source = source_for(folder, *ports)
        runs = HarvestRuns(RunParts(store, oauth.credentials, source, present, HarvestLimits()))
        stack.push_async_callback(runs.stop)
        harvests = Harvests(store, runs, clock=present)
        contacts = Contacts(store, clock=present)

        async def rejudge(user_id: str) -> None:
            await refresh(store, user_id, clock=present)

        merging = Merging(store, clock=present)
        stack.push_async_callback(merging.stop)
        connections = Connections(store, vault, oauth, clock=clock, rejudge=rejudge)
        dns = MailRecords(name_servers(["127.0.0.1"], port=dns_port))
        suggestions = Suggestions(dns, oauth.providers.all)
        yield Parts(
            store,
            vault,
            clock,
            mailboxes,
            runs,
            harvests,
            contacts,
            connections,
            oauth,
            merging,
            Schedules(store, clock=present),
            suggestions,
        )


async def honest_server(peer: Peer) -> None:
    """A script: an ordinary server that takes `GOOD_PASSWORD` and refuses any other."""
    await peer.send(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while True:
        command = await peer.command()
        match command.split(b" ")[0].upper():
            case b"LOGIN" if GOOD_PASSWORD.encode() in command:
                await peer.reply(b"OK [CAPABILITY IMAP4rev1] done")
            case b"LOGIN":
                await peer.reply(b"NO [AUTHENTICATIONFAILED] Authentication failed.")
            case b"CAPABILITY":
                await peer.send(b"* CAPABILITY IMAP4rev1\r\n")
                await peer.reply(b"OK done")
            case b"LIST":
                await peer.send(b'* LIST () "/" INBOX\r\n')
                await peer.reply(b"OK done")
            case b"LOGOUT":
                await peer.send(b"* BYE\r\n")
                await peer.reply(b"OK done")
                return
            case _:
                await peer.reply(b"BAD what?")
