"""The composition root: builds every part from the settings, and owns the order of start and stop.

Start: keys, database, verifier, tester, gRPC. Stop, on SIGTERM or SIGINT: health says NOT_SERVING, a
notice passes, no new call is taken, running calls end within the grace, then the rest in reverse.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry, start_http_server

from mailbox_svc.config import Settings, read_line
from mailbox_svc.contacts.refresh import refresh
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.errors import ConfigError, os_reason
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.run import RunParts
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.identity import CachingVerifier, HmacVerifier, JwksVerifier
from mailbox_svc.identity.jwks import KeySource
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.logs import configure_logs, install_loop_handler
from mailbox_svc.mailboxes.limits import LoginLimits, TestRates
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.metrics import HarvestMetrics, RpcMetrics
from mailbox_svc.rpc.server import RpcConfig, RpcServer, UseCases
from mailbox_svc.rpc.tls import TlsFiles
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.schema import SchemaState
from mailbox_svc.storage.store import SqlStore, open_store
from mailbox_svc.storage.url import is_sqlite, role_of
from mailbox_svc.vault import Vault

log = logging.getLogger(__name__)


def now() -> datetime:
    """Return the present time in UTC: the service's one clock."""
    return datetime.now(UTC)


def run_service(settings: Settings, *, on_ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` gets the port once calls are taken."""
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    # uvloop makes a call a fifth to a third cheaper (docs/decisions.md).
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_stopped(settings, on_ready))


async def _serve_until_stopped(settings: Settings, on_ready: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_or_die, stop, number)
    async with running_service(settings) as (server, port):
        # What is here now stays for good; the collector need not walk through it again and again.
        gc.collect()
        gc.freeze()
        log.info("serving", extra={"address": settings.grpc_addr, "port": port})
        on_ready(port)
        await stop.wait()
        log.info("stopping")
        await server.announce_stop()
        await asyncio.sleep(settings.shutdown_notice)
        await server.stop(settings.shutdown_grace)
    log.info("stopped")


def _stop_or_die(stop: asyncio.Event, number: int) -> None:
    """The first signal drains; a second one means now."""
    if stop.is_set():
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    stop.set()


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[tuple[RpcServer, int]]:
    """Start every part, yield the gRPC server and its port, and stop the parts in reverse order."""
    install_loop_handler(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        vault = vault_from(settings)
        store = await stack.enter_async_context(store_from(settings))
        verifier = await stack.enter_async_context(_verifier(settings))
        access = access_from(settings)
        registry = CollectorRegistry()
        runs = HarvestRuns(
            RunParts(store, vault, ImapMailSource(access), now, _harvest_limits(settings)),
            on_end=HarvestMetrics(registry).ended,
        )
        stack.push_async_callback(runs.stop)
        rejudge = await stack.enter_async_context(_rejudging(store))
        logins = LoginLimits(_rates(settings))
        use_cases = UseCases(
            Mailboxes(store, vault, ImapConnectionTester(access), clock=now, logins=logins, rejudge=rejudge),
            Harvests(store, runs, clock=now, logins=logins),
            Contacts(store, clock=now),
        )
        server = RpcServer(_rpc_config(settings), use_cases, verifier, RpcMetrics(registry))
        runs.start()
        port = await server.start()
        stack.push_async_callback(server.stop, 0)
        if settings.metrics_addr is not None:
            stack.callback(_serve_metrics(settings.metrics_addr, registry))
        yield server, port


def vault_from(settings: Settings) -> Vault:
    """Open the keyring and follow its file. Raises ConfigError: nothing falls back to clear text."""
    return Vault.from_file(keyring_file(settings))


def keyring_file(settings: Settings) -> Path:
    """Return where the keys are kept. Raises ConfigError when that is not set."""
    if settings.keyring_file is None:
        raise ConfigError("Set MAILBOX_KEYRING_FILE; 'mailbox-svc keys add' makes the file it names.")
    return settings.keyring_file


@asynccontextmanager
async def store_from(settings: Settings) -> AsyncIterator[SqlStore]:
    """Open the database, ready for use. Raises ConfigError or StorageUnavailable.

    An SQLite file is brought up to date here; on PostgreSQL that needs the owner, so it must be done.
    """
    url = settings.store_url
    if is_sqlite(url):
        await migrate(url)
    store = await open_store(url)
    try:
        await store.check_ready()
        yield store
    finally:
        await store.close()


async def migrate_database(settings: Settings) -> SchemaState:
    """Run the missing migrations as the owner of the tables; return where the schema was before."""
    return await migrate(settings.owner_url, app_role=role_of(settings.store_url))


async def check(settings: Settings) -> None:
    """Do all that a start does but listen. Raises ConfigError or StorageUnavailable."""
    vault_from(settings)
    async with store_from(settings), _verifier(settings):
        access_from(settings)


def access_from(settings: Settings) -> Access:
    """Return the way into users' servers, for tests and for reading; it goes where the operator allows."""
    return Access(
        EgressPolicy(opened=settings.egress_allow, ports=frozenset(settings.egress_ports)),
        ca_file=settings.tls_ca_file,
        resolver=HostResolver([str(server) for server in settings.dns_servers], port=settings.dns_port),
    )


@asynccontextmanager
async def _rejudging(store: SqlStore) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Yield what judges a user's contacts anew: to the end, even when the call that asked is over before."""
    tasks: set[asyncio.Task[int]] = set()

    async def rejudge(user_id: str) -> None:
        task = asyncio.create_task(refresh(store, user_id, clock=now))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.shield(task)

    try:
        yield rejudge
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _verifier(settings: Settings) -> AsyncIterator[TokenVerifier]:
    audience, issuer = settings.jwt_audience, settings.jwt_issuer
    if settings.jwt_secret_file is not None:
        secret = Secret(read_line(settings.jwt_secret_file))
        yield CachingVerifier(HmacVerifier(secret, audience=audience, issuer=issuer))
        return
    if settings.jwt_jwks_url is None:
        raise ConfigError("Set MAILBOX_JWT_SECRET_FILE or MAILBOX_JWT_JWKS_URL to say who may call.")
    verifier = JwksVerifier(KeySource(settings.jwt_jwks_url), audience=audience, issuer=issuer)
    try:
        yield CachingVerifier(verifier)
    finally:
        await verifier.aclose()


def _rpc_config(settings: Settings) -> RpcConfig:
    tls = None
    if settings.grpc_tls_cert_file is not None and settings.grpc_tls_key_file is not None:
        tls = TlsFiles(
            settings.grpc_tls_cert_file, settings.grpc_tls_key_file, settings.grpc_tls_client_ca_file
        )
    return RpcConfig(
        address=settings.grpc_addr,
        tls=tls,
        allow_insecure=settings.grpc_allow_insecure,
        reflection=settings.reflection,
        limits=Limits(
            calls=settings.max_calls, tests=settings.max_tests, tests_per_user=settings.max_tests_per_user
        ),
    )


def _harvest_limits(settings: Settings) -> HarvestLimits:
    return HarvestLimits(
        runs=settings.max_harvests,
        runs_per_user=settings.max_harvests_per_user,
        seconds=settings.harvest_seconds,
    )


def _rates(settings: Settings) -> TestRates:
    return TestRates(
        per_user_per_minute=settings.tests_per_user_per_minute,
        per_destination_per_minute=settings.tests_per_destination_per_minute,
    )


def _serve_metrics(address: str, registry: CollectorRegistry) -> Callable[[], None]:
    """Serve Prometheus metrics from a thread; return what stops it."""
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except OSError as exc:
        raise ConfigError(f"Cannot serve metrics on {address}: {os_reason(exc)}.") from None

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
