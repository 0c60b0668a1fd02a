"""What works behind the calls, in `serve` and in `worker`: the database, the ways out, harvests and syncs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import uvloop
from prometheus_client import CollectorRegistry

from mailbox_svc.app.clock import database_clock
from mailbox_svc.app.parts import (
    access_from,
    harvest_limits,
    serve_metrics,
    store_from,
    sync_limits,
    vault_from,
)
from mailbox_svc.app.signals import stop_signal
from mailbox_svc.config import Settings, oauth_providers
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.harvest.login import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.logs import configure_logs, install_loop_handler
from mailbox_svc.mailboxes.credentials import Credentials
from mailbox_svc.oauth.parts import OAuthParts, oauth_parts
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.ports import Clock
from mailbox_svc.queue import JobQueue
from mailbox_svc.rpc.metrics import HarvestMetrics, OAuthMetrics
from mailbox_svc.rpc.sync_metrics import SyncMetrics
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.sync.engine import SyncEngine
from mailbox_svc.vault import Vault

log = logging.getLogger(__name__)

Rejudge = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Work:
    """The parts that the use cases of calls share with those of the background."""

    store: SqlStore
    vault: Vault
    access: Access
    oauth: OAuthParts
    harvests: HarvestRuns
    syncs: SyncEngine
    clock: Clock
    rejudge: Rejudge

    async def start(self) -> None:
        """Take up harvests and syncs, until `work_from` ends."""
        self.harvests.start()
        await self.syncs.start()


@asynccontextmanager
async def work_from(settings: Settings, registry: CollectorRegistry) -> AsyncIterator[Work]:
    """Yield the parts, ready; at the end all runs stop at their last chunk, and the database is closed."""
    async with AsyncExitStack() as stack:
        vault = vault_from(settings)
        store = await stack.enter_async_context(store_from(settings))
        clock = await stack.enter_async_context(database_clock(store))
        access = access_from(settings)
        rejudge = await stack.enter_async_context(_rejudging(store, clock))
        endpoints = HttpProviderEndpoints(ca_file=settings.tls_ca_file)
        stack.push_async_callback(endpoints.aclose)
        oauth = await stack.enter_async_context(
            oauth_parts(
                store,
                vault,
                endpoints,
                oauth_providers(settings),
                clock=clock,
                on_refresh=OAuthMetrics(registry).refreshed,
            )
        )
        background = store.in_background()
        credentials = Credentials(background, vault, oauth.tokens)
        parts = RunParts(background, credentials, ImapMailSource(access), clock, harvest_limits(settings))
        harvests = HarvestRuns(parts, on_end=HarvestMetrics(registry).ended)
        stack.push_async_callback(harvests.stop)
        metrics = SyncMetrics(registry)
        syncs = SyncEngine(
            parts,
            harvests,
            JobQueue(store.queue_connection),
            sync_limits(settings),
            on_end=metrics.ended,
            on_sent_away=metrics.sent_away,
            on_survey=metrics.surveyed,
        )
        stack.push_async_callback(syncs.stop)
        yield Work(store, vault, access, oauth, harvests, syncs, clock, rejudge)


def run_worker(settings: Settings, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Harvest and sync until SIGTERM or SIGINT; nothing listens but metrics."""
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work_until_stopped(settings, on_ready))


async def _work_until_stopped(settings: Settings, on_ready: Callable[[], None]) -> None:
    install_loop_handler(asyncio.get_running_loop())
    stop = stop_signal()
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        work = await stack.enter_async_context(work_from(settings, registry))
        if settings.metrics_addr is not None:
            stack.callback(serve_metrics(settings.metrics_addr, registry))
        await work.start()
        log.info("working")
        on_ready()
        await stop.wait()
        log.info("stopping")
    log.info("stopped")


@asynccontextmanager
async def _rejudging(store: SqlStore, clock: Clock) -> AsyncIterator[Rejudge]:
    """Yield what judges a user's contacts anew: to the end, even when the call that asked is over before."""
    tasks: set[asyncio.Task[int]] = set()

    async def rejudge(user_id: str) -> None:
        task = asyncio.create_task(refresh(store, user_id, clock=clock))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.shield(task)

    try:
        yield rejudge
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
