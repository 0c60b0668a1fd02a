"""A user who connects an account: the certified provider, a Dovecot that asks it, and the service's parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.mailboxes.limits import LoginLimits
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.check import ConnectionReport
from mailbox_svc.model.harvest import Harvest
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.model.secret import Secret, SecretField
from mailbox_svc.oauth.parts import OAuthParts, oauth_parts
from mailbox_svc.oauth.service import Connections
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.ports.mail import NoCredential
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Vault
from support.browser_user import SentBack, authorize
from support.harvest_parts import SMALL, UNRATED
from support.parts import MovingClock, present, source_for, tester_for

USER = "ann"
ADDRESS = "ann@example.org"
#: Far above what a test takes, in seconds.
TIMEOUT = 20.0


@dataclass(slots=True)
class OAuthWorld:
    """The use cases of a service that has one provider, and a user of it."""

    store: SqlStore
    vault: Vault
    clock: MovingClock
    oauth: OAuthParts
    connections: Connections
    mailboxes: Mailboxes
    harvests: Harvests
    #: By provider: how each request for a new access token has ended.
    outcomes: list[tuple[str, str]]

    async def sent_back(
        self,
        *,
        user: str = USER,
        address: str = ADDRESS,
        mailbox_id: str | None = None,
        unticks: Sequence[str] = (),
        error: str = "",
    ) -> SentBack:
        """Begin, and do as the provider's pages ask."""
        started = await self.connections.start(
            user, self.connections.providers[0].id, login_hint=address, mailbox_id=mailbox_id
        )
        return await authorize(started.url, unticks=unticks, error=error)

    async def complete(self, back: SentBack, *, user: str = USER) -> Mailbox:
        return await self.connections.complete(
            user,
            Secret(back.state),
            code=Secret(back.code) if back.code else None,
            iss=back.iss or None,
            error=back.error or None,
        )

    async def connected(
        self, *, user: str = USER, address: str = ADDRESS, mailbox_id: str | None = None
    ) -> Mailbox:
        """Connect an account, as people do."""
        back = await self.sent_back(user=user, address=address, mailbox_id=mailbox_id)
        return await self.complete(back, user=user)

    async def test(self, mailbox: Mailbox) -> ConnectionReport:
        return await self.mailboxes.test_saved(mailbox.user_id, mailbox.id, timeout=TIMEOUT)

    async def harvest(self, mailbox: Mailbox) -> Harvest:
        """Harvest to the end, whatever that is."""
        started = await self.harvests.start(mailbox.user_id, mailbox.id, None)
        return [harvest async for harvest in self.harvests.watch(mailbox.user_id, started.id)][-1]

    async def stored(self, mailbox: Mailbox) -> Mailbox | None:
        """The mailbox as it is now."""
        known = await self.store.list_mailboxes(mailbox.user_id)
        return next((each for each in known if each.id == mailbox.id), None)

    async def secrets(self, mailbox: Mailbox) -> set[SecretField]:
        """Which secrets of the mailbox are stored."""
        async with self.store.read(mailbox.user_id) as tx:
            return {field for field in SecretField if await tx.secrets.find(mailbox.id, field)}

    async def login_outcome(self, mailbox: Mailbox) -> str:
        """Ask for an access token as a process that has just started does: "ok", or why there is none."""
        self.forget_tokens()
        try:
            await self.oauth.credentials.of(mailbox.user_id, mailbox.id)
        except NoCredential as error:
            return error.report.code.value
        return "ok"

    def forget_tokens(self) -> None:
        """Be as a process that has just started: no access token in memory."""
        self.oauth.tokens._held.clear()


@asynccontextmanager
async def oauth_world(
    store: SqlStore, vault: Vault, folder: Path, *providers: OAuthProvider, limits: HarvestLimits = SMALL
) -> AsyncIterator[OAuthWorld]:
    """Put the use cases on top of a store; IMAP servers have certificates of the tests' authority."""
    clock = MovingClock()
    outcomes: list[tuple[str, str]] = []
    endpoints = HttpProviderEndpoints()
    ports = [provider.imap_port for provider in providers]

    async def rejudge(user_id: str) -> None:
        await refresh(store, user_id, clock=clock)

    try:
        async with oauth_parts(
            store,
            vault,
            endpoints,
            providers,
            clock=clock,
            on_refresh=lambda provider, outcome: outcomes.append((provider, outcome)),
        ) as oauth:
            logins = LoginLimits(UNRATED)
            mailboxes = Mailboxes(
                store,
                vault,
                tester_for(folder, *ports),
                oauth.credentials,
                oauth.revoker,
                clock=clock,
                logins=logins,
                rejudge=rejudge,
            )
            source = source_for(folder, *ports)
            runs = HarvestRuns(RunParts(store, oauth.credentials, source, present, limits))
            runs.start()
            try:
                yield OAuthWorld(
                    store,
                    vault,
                    clock,
                    oauth,
                    Connections(store, vault, oauth, clock=clock, rejudge=rejudge),
                    mailboxes,
                    Harvests(store, runs, clock=present, logins=logins),
                    outcomes,
                )
            finally:
                await runs.stop()
    finally:
        await endpoints.aclose()
