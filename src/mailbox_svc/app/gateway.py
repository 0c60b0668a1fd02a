"""The REST gateway: in the process of `serve`, or alone. It comes with the extra `[rest]`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import grpc
import uvloop

from mailbox_svc.app.signals import stop_signal
from mailbox_svc.config import Settings
from mailbox_svc.errors import ConfigError, os_reason
from mailbox_svc.logs import configure_logs, install_loop_handler
from mailbox_svc.rpc.server import is_local

if TYPE_CHECKING:
    from mailbox_svc.rest.server import GatewayServer

log = logging.getLogger(__name__)


def run_gateway(settings: Settings, *, on_ready: Callable[[int], None]) -> None:
    """Serve REST alone until SIGTERM or SIGINT. `on_ready` gets the port once requests are taken."""
    configure_logs(level=settings.log_level, json=settings.log_format == "json")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_until_stopped(settings, on_ready))


async def _serve_until_stopped(settings: Settings, on_ready: Callable[[int], None]) -> None:
    install_loop_handler(asyncio.get_running_loop())
    address = settings.rest_addr
    if address is None:
        raise ConfigError("Set MAILBOX_REST_ADDR to say where the gateway listens; empty is off.")
    stop = stop_signal()
    gateway = gateway_from(settings, address)
    port = await started(gateway)
    log.info("serving", extra={"address": address, "port": port})
    on_ready(port)
    await stop.wait()
    log.info("stopping")
    await gateway.stop(settings.shutdown_grace)
    log.info("stopped")


def address_in_serve(settings: Settings) -> str | None:
    """Return where `serve` listens for REST, None when it does not."""
    if settings.is_set("rest_addr"):
        return settings.rest_addr
    # By default only where it works without being set up: to a certificate's name it would have to be told.
    usable = find_spec("fastapi") is not None and settings.grpc_tls_cert_file is None
    return settings.rest_addr if usable else None


def gateway_from(settings: Settings, address: str, port: int | None = None) -> GatewayServer:
    """Return the gateway, not started; `port` is that of the gRPC server in this process.

    Raises ConfigError when the extra is not installed or a file cannot be read.
    """
    try:
        from mailbox_svc.rest.app import GatewayConfig  # noqa: PLC0415  (an extra)
        from mailbox_svc.rest.server import GatewayServer  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(f"The gateway needs the extra [rest] ({error.name} is missing).") from None
    target = settings.rest_grpc_target or settings.grpc_addr
    ours = port is not None and settings.rest_grpc_target is None
    if ours and not target.startswith("unix:"):
        target = f"{target.rpartition(':')[0]}:{port}"
    return GatewayServer(
        GatewayConfig(
            address=address,
            grpc_target=target,
            origins=settings.rest_origins,
            credentials=_credentials(settings, in_clear=ours or is_local(target)),
        )
    )


async def started(gateway: GatewayServer) -> int:
    """Start it, and return its port. Raises ConfigError when the address cannot be had."""
    if not gateway.config.has_page:
        log.warning("the Integrations page was not built, and is not served")
    try:
        return await gateway.start()
    except OSError as error:
        reason = f"The gateway cannot listen on {gateway.config.address}: {os_reason(error)}."
        raise ConfigError(f"{reason} Set MAILBOX_REST_ADDR to another address, or empty for none.") from None


def _credentials(settings: Settings, *, in_clear: bool) -> grpc.ChannelCredentials | None:
    """Return None for clear text, where tokens do not leave this machine or the operator allows it."""
    authority = settings.rest_grpc_ca_file
    has_tls = authority is not None or settings.grpc_tls_cert_file is not None
    if not has_tls and (in_clear or settings.grpc_allow_insecure):
        return None
    try:
        return grpc.ssl_channel_credentials(authority.read_bytes() if authority else None)
    except OSError as error:
        raise ConfigError(f"Cannot read {authority}: {os_reason(error)}.") from None
