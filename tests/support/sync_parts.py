"""Background sync with real parts: a database, its queue, a vault, an IMAP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.mailbox import Destination, Mailbox
from mailbox_svc.model.schedule import Schedule, SyncRun
from mailbox_svc.oauth.parts import oauth_parts
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.queue import JobQueue
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.sync.engine import SyncEngine
from mailbox_svc.sync.limits import SyncLimits
from mailbox_svc.sync.run import Ended
from mailbox_svc.sync.service import Schedules
from mailbox_svc.vault import Keyring, Vault
from support.letters import OWNER, PASSWORD
from support.parts import LOOPBACK
from support.stores import add, mailbox_of, opened

USER = "ann"
#: Quick, so that tests need not wait.
QUICK = SyncLimits(tick=0.05, again_after=(0.05, 0.1), prune_every=0.5, survey_every=0.1)
SMALL = HarvestLimits(chunk_messages=20, chunk_seconds=0.05, lease=0.6, look_every=0.05, retry_pause=0.01)


class ShiftedClock:
    """The present time, and what tests add to it: nobody waits for fifteen minutes."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class SyncParts:
    """All that background sync is made of. It begins with `engine.start()`."""

    store: SqlStore
    vault: Vault
    clock: ShiftedClock
    queue: JobQueue
    engine: SyncEngine
    runs: HarvestRuns
    schedules: Schedules
    mailboxes: Mailboxes
    port: int
    ended: list[Ended] = field(default_factory=list)

    async def add(self, *, user: str = OWNER, password: str = PASSWORD, owner: str = USER) -> Mailbox:
        """Save a mailbox of the server."""
        destination = Destination("localhost", self.port, tls=True, user=user)
        return await add(self.store, mailbox_of(owner, destination=destination), self.vault, password)

    async def switch_on(self, mailbox: Mailbox) -> Schedule:
        """Have it synced, and now."""
        schedule = await self.schedules.set(
            mailbox.user_id, mailbox.id, enabled=True, interval=None, policy=None
        )
        self.clock.ahead += timedelta(seconds=30)
        return schedule

    async def schedule(self, mailbox: Mailbox) -> Schedule:
        async with self.store.read(mailbox.user_id) as tx:
            return await tx.schedules.find(mailbox.id)

    async def told(self, mailbox: Mailbox) -> list[SyncRun]:
        return await self.schedules.runs(mailbox.user_id, mailbox.id)

    async def next_run(self, mailbox: Mailbox) -> Schedule:
        """Make the next run due, wait for its end, and return the schedule as it is then."""
        before = await self.schedule(mailbox)
        assert before.next_run_at is not None
        self.clock.ahead = max(self.clock.ahead, before.next_run_at - datetime.now(UTC))
        return await self.until(mailbox, lambda now: now.run_no > before.run_no and not now.in_flight)

    async def until(self, mailbox: Mailbox, holds: Callable[[Schedule], bool]) -> Schedule:
        """Wait until this holds of the schedule."""
        async with asyncio.timeout(100):
            while not holds(schedule := await self.schedule(mailbox)):  # noqa: ASYNC110  (it is in a database)
                await asyncio.sleep(0.02)
        return schedule


@asynccontextmanager
async def sync_parts(
    url: str,
    port: int,
    ca_file: Path,
    *,
    limits: SyncLimits = QUICK,
    harvest_limits: HarvestLimits = SMALL,
    keyring: Keyring | None = None,
    clock: ShiftedClock | None = None,
    direct_url: str | None = None,
) -> AsyncIterator[SyncParts]:
    """Put the parts together over this database; nothing runs yet."""
    vault, clock = Vault(keyring or Keyring.generate()), clock or ShiftedClock()
    access = Access(EgressPolicy(opened=LOOPBACK, ports=frozenset({port})), ca_file=ca_file)
    async with (
        opened(url, pool_size=5, direct_url=direct_url) as store,
        aclosing(HttpProviderEndpoints()) as endpoints,
        oauth_parts(store, vault, endpoints, (), clock=clock) as oauth,
    ):
        source = ImapMailSource(access, range_size=15)
        run_parts = RunParts(store, oauth.credentials, source, clock, harvest_limits)
        runs = HarvestRuns(run_parts)
        queue = JobQueue(store.queue_connection)
        ended: list[Ended] = []
        engine = SyncEngine(run_parts, runs, queue, limits, on_end=lambda one, _seconds: ended.append(one))
        mailboxes = Mailboxes(
            store, vault, ImapConnectionTester(access), oauth.credentials, oauth.revoker, clock=clock
        )
        schedules = Schedules(store, clock=clock)
        try:
            yield SyncParts(store, vault, clock, queue, engine, runs, schedules, mailboxes, port, ended)
        finally:
            await engine.stop()
            await runs.stop()
