"""The parts that the settings describe, each made by one function. None of them starts anything for good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from mailbox_svc.config import Settings, read_line
from mailbox_svc.errors import ConfigError, os_reason
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.identity import CachingVerifier, HmacVerifier, JwksVerifier
from mailbox_svc.identity.jwks import KeySource
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.mail_records import MailRecords
from mailbox_svc.imap.resolve import HostResolver, name_servers
from mailbox_svc.mailboxes.limits import TestRates
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.ports.mail_dns import MailDns
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig
from mailbox_svc.rpc.tls import TlsFiles
from mailbox_svc.storage.migrate import migrate
from mailbox_svc.storage.schema import SchemaState
from mailbox_svc.storage.store import SqlStore, open_store
from mailbox_svc.storage.url import is_sqlite, role_of
from mailbox_svc.sync.limits import SyncLimits
from mailbox_svc.vault import Vault


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
    store = await open_store(url, pool_size=settings.database_connections, direct_url=settings.direct_url)
    try:
        await store.check_ready()
        yield store
    finally:
        await store.close()


async def migrate_database(settings: Settings) -> SchemaState:
    """Run the missing migrations as the owner of the tables; return where the schema was before."""
    return await migrate(settings.owner_url, app_role=role_of(settings.store_url))


def access_from(settings: Settings) -> Access:
    """Return the way into users' servers, for tests and for reading; it goes where the operator allows."""
    return Access(
        EgressPolicy(opened=settings.egress_allow, ports=frozenset(settings.egress_ports)),
        ca_file=settings.tls_ca_file,
        resolver=HostResolver([str(server) for server in settings.dns_servers], port=settings.dns_port),
        per_account=settings.connections_per_account,
    )


def mail_dns_from(settings: Settings) -> MailDns:
    """Return what looks up mail domains, at the name servers that users' servers are looked up at."""
    servers = [str(server) for server in settings.dns_servers]
    return MailRecords(name_servers(servers, port=settings.dns_port))


@asynccontextmanager
async def verifier_from(settings: Settings) -> AsyncIterator[TokenVerifier]:
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


def rpc_config(settings: Settings) -> RpcConfig:
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


def harvest_limits(settings: Settings) -> HarvestLimits:
    return HarvestLimits(
        runs=settings.max_harvests,
        runs_per_user=settings.max_harvests_per_user,
        seconds=settings.harvest_seconds,
    )


def sync_limits(settings: Settings) -> SyncLimits:
    return SyncLimits(
        runs=settings.max_syncs, per_host=settings.syncs_per_host, of_hosts=dict(settings.syncs_of_hosts)
    )


def test_rates(settings: Settings) -> TestRates:
    return TestRates(
        per_user_per_minute=settings.tests_per_user_per_minute,
        per_destination_per_minute=settings.tests_per_destination_per_minute,
    )


def serve_metrics(address: str, registry: CollectorRegistry) -> Callable[[], None]:
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
