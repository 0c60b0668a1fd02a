"""Every setting of the service, and how they are read from the environment.

Secrets come as paths to files. Those of a provider may come as values too; then nothing prints them.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyAddress,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from mailbox_svc.config.files import read_line
from mailbox_svc.config.registrations import KNOWN, Port, Registrations
from mailbox_svc.config.web import Origin
from mailbox_svc.errors import ConfigError

_PREFIX = "MAILBOX_"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _split(value: Any) -> Any:
    """A list is written with commas, as people do in environment variables."""
    return tuple(p.strip() for p in value.split(",") if p.strip()) if isinstance(value, str) else value


def _pairs_of(value: Any) -> Any:
    """Names with numbers are written `name=number`, with commas."""
    if not isinstance(value, str):
        return value
    pairs = [part.rpartition("=") for part in _split(value)]
    if not all(name and number.isdigit() for name, _, number in pairs):
        raise ValueError("must be name=number, with commas, such as imap.example.org=5")
    return tuple((name.strip().lower(), int(number)) for name, _, number in pairs)


def _host_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be host:port, such as 127.0.0.1:50051")
    return value


HostLimit = tuple[str, PositiveInt]
Address = Annotated[str, AfterValidator(_host_port)]


def _variable(field: str) -> str:
    """Return the name of a field in the environment."""
    return ("" if field.startswith(tuple(f"{one}_" for one in KNOWN)) else _PREFIX) + field.upper()


class Settings(Registrations):
    """Every setting, with its default. In the environment: `MAILBOX_` and the field's name in capitals.

    Those of Google and Microsoft have their usual names there, without `MAILBOX_`.
    """

    model_config = SettingsConfigDict(
        alias_generator=_variable,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    #: SQLite (`sqlite:///file`) or PostgreSQL (`postgresql://role@host/db`) with the service's own role.
    database_url: str = "sqlite:///mailbox.sqlite3"
    #: The same from a file, for a URL that holds a password.
    database_url_file: Path | None = None
    #: PostgreSQL itself, where the other leads to a pooler in transaction mode, such as pgbouncer: the queue
    #: listens there, and of the pooler no statement is asked that outlives its transaction.
    direct_database_url: str | None = None
    direct_database_url_file: Path | None = None
    #: Connections of this process to PostgreSQL, besides one for the queue.
    database_connections: int = Field(default=10, ge=1)
    #: PostgreSQL with the role that owns the tables; used by `migrate` alone.
    migration_database_url: str | None = None
    migration_database_url_file: Path | None = None

    grpc_addr: Address = "127.0.0.1:50051"
    grpc_tls_cert_file: Path | None = None
    grpc_tls_key_file: Path | None = None
    #: Callers must then show a certificate of this authority (mTLS).
    grpc_tls_client_ca_file: Path | None = None
    #: Lets the service listen without TLS on other addresses than loopback: behind a mesh or proxy.
    grpc_allow_insecure: bool = False
    #: The gateway; empty is off. The default needs the extra [rest], and gRPC without TLS of its own.
    rest_addr: Address | None = "127.0.0.1:8080"
    #: Origins whose pages may call the gateway, and are told how a popup of it ended.
    rest_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_split)] = ()
    #: The gRPC address that the gateway is a client of; empty is `grpc_addr`, in `serve` its own.
    rest_grpc_target: str | None = None
    #: The authority (PEM) of that address's certificate; empty is the system's, where there is TLS.
    rest_grpc_ca_file: Path | None = None
    #: Prometheus; empty is off.
    metrics_addr: Address | None = None
    reflection: bool = False

    keyring_file: Path | None = None
    jwt_secret_file: Path | None = None
    jwt_jwks_url: str | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None

    #: Providers beside Google and Microsoft, as TOML (docs/oauth.md).
    oauth_providers_file: Path | None = None

    #: Private networks that users' servers may be in, as CIDRs.
    egress_allow: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = ()
    egress_ports: Annotated[tuple[Port, ...], NoDecode, BeforeValidator(_split)] = (993, 143)
    #: Addresses of name servers; empty uses the system's.
    dns_servers: Annotated[tuple[IPvAnyAddress, ...], NoDecode, BeforeValidator(_split)] = ()
    dns_port: Port = 53
    #: Extra authorities (PEM) that users' servers and account providers may be certified by.
    tls_ca_file: Path | None = None

    max_calls: int = Field(default=256, ge=1)
    max_tests: int = Field(default=64, ge=1)
    max_tests_per_user: int = Field(default=4, ge=1)
    tests_per_user_per_minute: int = Field(default=20, ge=1)
    tests_per_destination_per_minute: int = Field(default=60, ge=1)

    #: Harvests that run at once; more wait.
    max_harvests: int = Field(default=8, ge=1)
    max_harvests_per_user: int = Field(default=2, ge=1)
    #: Seconds of one harvest, after which it stops and the next goes on.
    harvest_seconds: float = Field(default=14_400.0, gt=0)

    #: Whether `serve` also harvests and syncs; else `mailbox-svc worker` does.
    embedded_worker: bool = True
    #: Background syncs at once in this process.
    max_syncs: int = Field(default=64, ge=1)
    #: On the servers of one host, over all processes; twenty times as many of a known provider.
    syncs_per_host: int = Field(default=20, ge=1)
    #: Other limits: `imap.example.org=5`, or a provider's id, `gmail=800`.
    syncs_of_hosts: Annotated[tuple[HostLimit, ...], NoDecode, BeforeValidator(_pairs_of)] = ()
    #: Connections of this process to one account, its user's own not counted.
    connections_per_account: int = Field(default=2, ge=1)

    #: Seconds after SIGTERM in which calls are still taken, so that load balancers can look elsewhere.
    shutdown_notice: float = Field(default=2.0, ge=0)
    #: Seconds that running calls then get to end.
    shutdown_grace: float = Field(default=25.0, ge=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _pairs(self) -> Settings:
        problems = self.registration_problems()
        if (self.grpc_tls_cert_file is None) != (self.grpc_tls_key_file is None):
            problems.append("MAILBOX_GRPC_TLS_CERT_FILE and MAILBOX_GRPC_TLS_KEY_FILE go together")
        if self.grpc_tls_client_ca_file is not None and self.grpc_tls_cert_file is None:
            problems.append("MAILBOX_GRPC_TLS_CLIENT_CA_FILE needs MAILBOX_GRPC_TLS_CERT_FILE")
        wants_gateway = self.is_set("rest_addr") and self.rest_addr is not None
        if wants_gateway and self.grpc_tls_client_ca_file is not None:
            raise ValueError("the gateway has no client certificate to show: MAILBOX_GRPC_TLS_CLIENT_CA_FILE")
        if self.jwt_secret_file is not None and self.jwt_jwks_url is not None:
            problems.append("set MAILBOX_JWT_SECRET_FILE or MAILBOX_JWT_JWKS_URL, not both")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def is_set(self, name: str) -> bool:
        """Say whether a setting was given, and is not the default."""
        return name in self.model_fields_set

    @property
    def store_url(self) -> str:
        """The database URL of the service's own role."""
        return read_line(self.database_url_file) if self.database_url_file else self.database_url

    @property
    def direct_url(self) -> str | None:
        """The database URL of the queue, when the store's leads to a pooler."""
        if self.direct_database_url_file:
            return read_line(self.direct_database_url_file)
        return self.direct_database_url

    @property
    def owner_url(self) -> str:
        """The database URL that `migrate` uses."""
        if self.migration_database_url_file:
            return read_line(self.migration_database_url_file)
        return self.migration_database_url or self.store_url


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises ConfigError that names every unknown name and bad value at once."""
    known = {_variable(name) for name in Settings.model_fields}
    ours = sorted(name for name in os.environ if name.upper().startswith(_PREFIX))
    problems = [f"{name} is not a setting" for name in ours if name.upper() not in known]
    if any(name.upper() == _variable("rest_addr") and not os.environ[name] for name in ours):
        # For all others empty is as good as not set; here it says no to what is there by default.
        overrides = {"rest_addr": None, **overrides}
    try:
        settings = Settings(**overrides)
    except ValidationError as exc:
        problems += [_problem(error) for error in exc.errors(include_input=False, include_url=False)]
    if problems:
        raise ConfigError("; ".join(problems) + ".")
    return settings


def _problem(error: Mapping[str, Any]) -> str:
    name = "_".join(str(part) for part in error["loc"][:1])
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
