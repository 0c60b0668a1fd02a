"""The composition root: builds every part from the settings, and owns the order of start and stop.

Start: keys, database, verifier, tester, gRPC. Stop, on SIGTERM or SIGINT: health says NOT_SERVING, a
notice passes, no new call is taken, running calls end within the grace, then the rest in reverse.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvloop
from prometheus_client import CollectorRegistry

from mailbox_svc.app.gateway import address_in_serve, gateway_from, started
from mailbox_svc.app.parts import (
    access_from,
    mail_dns_from,
    rpc_config,
    serve_metrics,
    store_from,
    test_rates,
    vault_from,
    verifier_from,
)
from mailbox_svc.app.signals import stop_signal
from mailbox_svc.app.work import Work, work_from
from mailbox_svc.config import Settings, oauth_providers
from mailbox_svc.contacts.merging import Merging
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.logs import configure_logs, install_loop_handler
from mailbox_svc.mailboxes.limits import LoginLimits
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.mailboxes.suggesting import Suggestions
from mailbox_svc.oauth.service import Connections
from mailbox_svc.rpc.metrics import RpcMetrics
from mailbox_svc.rpc.server import RpcServer, UseCases
from mailbox_svc.sync.service import Schedules

if TYPE_CHECKING:
    from mailbox_svc.rest.server import GatewayServer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """What listens."""

    server: RpcServer
    #: Of gRPC.
    port: int
    #: Of the gateway; 0 without one.
    rest_port: int
    gateway: GatewayServer | None

    @property
    def page_url(self) -> str:
        """Where the Integrations page is; empty without a gateway, or where the page was not built."""
        if self.gateway is None or not self.gateway.config.has_page:
            return ""
        host = self.gateway.config.address.rpartition(":")[0]
        return f"http://{host}:{self.rest_port}/profile/integrations"

    async def stop_gateway(self, grace: float) -> None:
        """Let the gateway's requests end within `grace` seconds."""
        if self.gateway is not None:
            await self.gateway.stop(grace)


def run_service(settings: Settings, *, on_ready: Callable[[Running], None]) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` gets what listens once calls are taken."""
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    # uvloop makes a call a fifth to a third cheaper (docs/decisions.md).
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_stopped(settings, on_ready))


async def _serve_until_stopped(settings: Settings, on_ready: Callable[[Running], None]) -> None:
    stop = stop_signal()
    async with running_service(settings) as service:
        # What is here now stays for good; the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        log.info("serving", extra={"address": settings.grpc_addr, "port": service.port})
        if service.gateway is not None:
            address = service.gateway.config.address
            log.info("serving REST", extra={"address": address, "port": service.rest_port})
        on_ready(service)
        await stop.wait()
        log.info("stopping")
        await service.server.announce_stop()
        await asyncio.sleep(settings.shutdown_notice)
        # Both at once: what the gateway has under way are calls of the other.
        await asyncio.gather(
            service.server.stop(settings.shutdown_grace), service.stop_gateway(settings.shutdown_grace)
        )
    log.info("stopped")


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[Running]:
    """Start every part, yield what listens, and stop the parts in reverse order."""
    install_loop_handler(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        registry = CollectorRegistry()
        work = await stack.enter_async_context(work_from(settings, registry))
        verifier = await stack.enter_async_context(verifier_from(settings))
        use_cases = _use_cases(settings, work)
        stack.push_async_callback(use_cases.merging.stop)
        server = RpcServer(rpc_config(settings), use_cases, verifier, RpcMetrics(registry))
        if settings.embedded_worker:
            await work.start()
        port = await server.start()
        stack.push_async_callback(server.stop, 0)
        if settings.metrics_addr is not None:
            stack.callback(serve_metrics(settings.metrics_addr, registry))
        gateway, rest_port = None, 0
        if (rest_address := address_in_serve(settings)) is not None:
            gateway = gateway_from(settings, rest_address, port)
            rest_port = await started(gateway)
            stack.push_async_callback(gateway.stop, 0)
        yield Running(server, port, rest_port, gateway)


def _use_cases(settings: Settings, work: Work) -> UseCases:
    store, clock = work.store, work.clock
    logins = LoginLimits(test_rates(settings))
    return UseCases(
        Mailboxes(
            store,
            work.vault,
            ImapConnectionTester(work.access),
            work.oauth.credentials,
            work.oauth.revoker,
            clock=clock,
            logins=logins,
            rejudge=work.rejudge,
        ),
        Harvests(store, work.harvests, clock=clock, logins=logins),
        Contacts(store, clock=clock),
        Connections(store, work.vault, work.oauth, clock=clock, rejudge=work.rejudge),
        Merging(store, clock=clock),
        Schedules(store, clock=clock),
        Suggestions(mail_dns_from(settings), work.oauth.providers.all),
    )


async def check(settings: Settings) -> None:
    """Do all that a start does but listen. Raises ConfigError or StorageUnavailable."""
    vault_from(settings)
    async with store_from(settings), verifier_from(settings):
        access_from(settings)
        oauth_providers(settings)
