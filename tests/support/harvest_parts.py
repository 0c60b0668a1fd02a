"""Harvests with real parts: a database, a vault, an IMAP server; and what they have counted."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.mailboxes.limits import LoginLimits, TestRates
from mailbox_svc.model.harvest import Harvest, Policy
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.tally import COUNTS, LATEST
from mailbox_svc.oauth.parts import OAuthParts, oauth_parts
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Keyring, Vault
from support.letters import OWNER, PASSWORD
from support.parts import LOOPBACK
from support.stores import add, mailbox_of, opened

USER = "ann"
#: Small, so that even a short mailbox is many chunks.
SMALL = HarvestLimits(chunk_messages=20, chunk_seconds=0.05, lease=0.3, look_every=0.05, retry_pause=0.01)

UNRATED = TestRates(per_user_per_minute=10**6, per_destination_per_minute=10**6)

Counted = dict[str, object]


@dataclass(slots=True)
class HarvestParts:
    """All that a harvest is made of."""

    store: SqlStore
    vault: Vault
    runs: HarvestRuns
    harvests: Harvests
    mailbox_id: str
    database: Path
    oauth: OAuthParts

    async def harvest(self, policy: Policy | None = None) -> Harvest:
        """Harvest to the end, whatever that is."""
        started = await self.harvests.start(USER, self.mailbox_id, policy)
        return [harvest async for harvest in self.harvests.watch(USER, started.id)][-1]


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def harvest_parts(
    database: Path,
    keyring: Keyring,
    port: int,
    ca_file: Path,
    *,
    limits: HarvestLimits = SMALL,
    range_size: int = 15,
    password: str = PASSWORD,
    rates: TestRates = UNRATED,
    mailbox_id: str = "11111111-1111-4111-8111-111111111111",
) -> AsyncIterator[HarvestParts]:
    """Open, and make where it is missing, a database with the owner's mailbox on this server."""
    url = f"sqlite:///{database}"
    await migrate(url)
    vault = Vault(keyring)
    async with opened(url) as store:
        if not await store.list_mailboxes(USER):
            destination = Destination("localhost", port, tls=True, user=OWNER)
            mailbox = mailbox_of(USER, id=mailbox_id, destination=destination)
            await add(store, mailbox, vault, password)
        source = ImapMailSource(
            Access(EgressPolicy(opened=LOOPBACK, ports=frozenset({port})), ca_file=ca_file),
            range_size=range_size,
        )
        async with (
            aclosing(HttpProviderEndpoints()) as endpoints,
            oauth_parts(store, vault, endpoints, (), clock=now) as oauth,
        ):
            runs = HarvestRuns(RunParts(store, oauth.credentials, source, now, limits))
            runs.start()
            try:
                harvests = Harvests(store, runs, clock=now, logins=LoginLimits(rates))
                yield HarvestParts(store, vault, runs, harvests, mailbox_id, database, oauth)
            finally:
                await runs.stop()


def counted(database: Path) -> Counted:
    """Return everything that was counted, over all folders, and what became of it."""
    sums = ", ".join(
        [f"sum({name})" for name in COUNTS]
        + ["min(CASE WHEN first_at > 0 THEN first_at END)"]
        + [f"max({name})" for name in LATEST]
    )
    with closing(sqlite3.connect(database)) as connection:
        return {
            "tallies": set(
                connection.execute(
                    f"SELECT address, match_key, {sums} FROM tallies"
                    " JOIN addresses ON addresses.id = address_id GROUP BY 1, 2"
                )
            ),
            "names": set(
                connection.execute(
                    "SELECT address, name, sum(by_self), sum(by_user), sum(by_others), max(last_at)"
                    " FROM address_names JOIN addresses ON addresses.id = address_id GROUP BY 1, 2"
                )
            ),
            "messages": connection.execute("SELECT sum(counted) FROM folders").fetchone(),
            "contacts": set(
                connection.execute(
                    "SELECT found_name, kind, reason_text, skipped, score, wrote_to, received, together,"
                    " first_at, last_at FROM contacts"
                )
            ),
        }
