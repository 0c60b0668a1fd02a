"""Owns the listening gRPC server: its port, its transport limits, its services, its start and stop."""

from __future__ import annotations

import asyncio
import ipaddress
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from mailbox_svc.contacts.merging import Merging
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.errors import ConfigError
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.mailboxes.suggesting import Suggestions
from mailbox_svc.oauth.service import Connections
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.contact_service import ContactServicer
from mailbox_svc.rpc.guard import Guard, GuardedServer
from mailbox_svc.rpc.harvest_service import HarvestServicer
from mailbox_svc.rpc.limits import Limits, Slots
from mailbox_svc.rpc.mailbox_service import MailboxServicer
from mailbox_svc.rpc.methods import HEALTH_SERVICE, REFLECTION_SERVICE, SERVICES
from mailbox_svc.rpc.metrics import RpcMetrics
from mailbox_svc.rpc.oauth_service import OAuthServicer
from mailbox_svc.rpc.tls import TlsFiles, server_credentials
from mailbox_svc.sync.service import Schedules
from mailboxes.v1.contact_service_pb2_grpc import add_ContactServiceServicer_to_server
from mailboxes.v1.harvest_service_pb2_grpc import add_HarvestServiceServicer_to_server
from mailboxes.v1.mailbox_service_pb2_grpc import add_MailboxServiceServicer_to_server
from mailboxes.v1.oauth_service_pb2_grpc import add_OAuthServiceServicer_to_server

_KIB = 1024
_MINUTE = 60_000  # milliseconds
#: Seconds for answers that are given to reach their clients at a stop.
_LAST_ANSWERS = 1.0

# Names and defaults: grpc/grpc, include/grpc/impl/channel_arg_names.h and doc/keepalive.md.
_OPTIONS = (
    # The largest honest request names 1000 contacts by their ids, in 40 KB; the largest response is a
    # page of contacts, which `contact_service` keeps below what clients take by default.
    ("grpc.max_receive_message_length", 256 * _KIB),
    ("grpc.max_send_message_length", 4 * _KIB * _KIB),
    # Between the soft and the absolute limit grpc refuses at random; equal, they are one limit.
    ("grpc.max_metadata_size", 16 * _KIB),
    ("grpc.absolute_max_metadata_size", 16 * _KIB),
    # Well above `Limits.calls` and `Limits.watches` together. grpc counts streams until their memory is
    # free and answers those above with a bare UNAVAILABLE: at 100, a third of a burst never saw our
    # RESOURCE_EXHAUSTED.
    ("grpc.max_concurrent_streams", 1024),
    ("grpc.keepalive_time_ms", _MINUTE),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 30_000),
    ("grpc.http2.max_ping_strikes", 2),
    # Connections move to new instances behind a load balancer within the half hour; the longest call that
    # cannot be taken up again, an export, may end on the old one.
    ("grpc.max_connection_age_ms", 30 * _MINUTE),
    ("grpc.max_connection_age_grace_ms", 10 * _MINUTE),
    ("grpc.max_connection_idle_ms", 15 * _MINUTE),
    # Otherwise a second process, old or foreign, may silently share the port.
    ("grpc.so_reuseport", 0),
)


@dataclass(frozen=True, slots=True)
class RpcConfig:
    """How the gRPC face is offered."""

    #: "host:port"; port 0 takes a free one.
    address: str = "127.0.0.1:50051"
    tls: TlsFiles | None = None
    #: Take tokens and passwords in the clear from other machines, for a TLS proxy in front.
    allow_insecure: bool = False
    #: Show the contract to anybody who asks.
    reflection: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the gRPC face offers to callers."""

    mailboxes: Mailboxes
    harvests: Harvests
    contacts: Contacts
    connections: Connections
    merging: Merging
    schedules: Schedules
    suggestions: Suggestions


class RpcServer:
    """The gRPC server. Create it inside the event loop that is to run it.

    Raises ConfigError when the address needs TLS files and they are not given or not readable.
    """

    def __init__(
        self, config: RpcConfig, use_cases: UseCases, verifier: TokenVerifier, metrics: RpcMetrics
    ) -> None:
        self._address = config.address
        self._credentials = _credentials(config)
        self._slots = Slots(config.limits)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=_OPTIONS)
        guarded = GuardedServer(self._server, Guard(verifier, config.limits, self._slots, metrics))
        # The generated functions use no more of a server than this; their type hints ask for all of it.
        self._services = cast("grpc.aio.Server", guarded)
        mailboxes = MailboxServicer(use_cases.mailboxes, use_cases.suggestions, metrics)
        add_MailboxServiceServicer_to_server(mailboxes, self._services)
        add_HarvestServiceServicer_to_server(
            HarvestServicer(use_cases.harvests, use_cases.schedules), self._services
        )
        contacts = ContactServicer(use_cases.contacts, use_cases.merging)
        add_ContactServiceServicer_to_server(contacts, self._services)
        add_OAuthServiceServicer_to_server(OAuthServicer(use_cases.connections), self._services)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._services)
        if config.reflection:
            names = (*SERVICES, HEALTH_SERVICE, REFLECTION_SERVICE)
            servicer = reflection.aio.ReflectionServicer(names)
            reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, self._services)  # type: ignore[no-untyped-call]

    async def start(self) -> int:
        """Listen and serve; return the port. Raises ConfigError when that cannot be."""
        try:
            if self._credentials is None:
                port = self._server.add_insecure_port(self._address)
            else:
                port = self._server.add_secure_port(self._address, self._credentials)
        except RuntimeError as exc:
            # grpc.aio frees a server that never ran badly: its destructor logs the dying object.
            await self._server.start()
            await self._server.stop(None)
            # The cause is in grpc's own log only.
            raise ConfigError(
                f"The server cannot listen on {self._address}: is the port free, the TLS key right?"
            ) from exc
        await self._server.start()
        for service in SERVICES:
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        return port

    async def announce_stop(self) -> None:
        """Say NOT_SERVING from now on, so that load balancers look elsewhere; calls still work."""
        # A watcher who does not read holds the health servicer's lock for as long as he likes.
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float) -> None:
        """Refuse new calls, let the running ones end within `grace` seconds, cancel the rest."""
        await self.announce_stop()
        self._slots.end_streams()  # a single watcher would use up the grace
        stopping = asyncio.create_task(self._server.stop(grace))
        while self._slots.in_use and not stopping.done():
            await asyncio.wait({stopping}, timeout=0.1)
        # The last answers are on their way; what is left after that are streams that nobody reads.
        await asyncio.wait({stopping}, timeout=_LAST_ANSWERS)
        await self._server.stop(0)
        await stopping


def _credentials(config: RpcConfig) -> grpc.ServerCredentials | None:
    if config.tls is not None:
        return server_credentials(config.tls)
    if not config.allow_insecure and not is_local(config.address):
        raise ConfigError(
            f"Without TLS the server listens on a loopback address only, not on {config.address}."
        )
    return None


def is_local(address: str) -> bool:
    """Say whether "host:port" or "unix:path" is on this machine and nowhere else."""
    host, _, _ = address.rpartition(":")
    if host == "localhost" or address.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
