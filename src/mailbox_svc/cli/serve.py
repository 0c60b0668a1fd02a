"""`mailbox-svc serve`: the gRPC service, and with `--dev` all it needs, made on the spot."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mailbox_svc.cli.deferred import app
from mailbox_svc.cli.dev import DEV_FOLDER, DEV_USER, NO_PAGE, dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings, load


def serve(
    *,
    dev: Annotated[
        bool,
        typer.Option("--dev", help="Make keys and a database in a folder, allow loopback, print a token."),
    ] = False,
    data_dir: Annotated[Path, typer.Option(help="The folder that --dev keeps its files in.")] = DEV_FOLDER,
) -> None:
    """Serve gRPC until SIGTERM or Ctrl-C."""
    settings = dev_settings(data_dir) if dev else load()
    app.run_service(settings, on_ready=lambda running: _greet(settings, running, data_dir) if dev else None)


def gateway() -> None:
    """Serve the REST gateway alone, as a client of MAILBOX_REST_GRPC_TARGET, until SIGTERM or Ctrl-C."""
    app.run_gateway(load(), on_ready=lambda _port: None)


def _greet(settings: Settings, running: app.Running, data_dir: Path) -> None:
    token = mint(settings, subject=DEV_USER, lifetime=24 * 3600, service=False)
    host = settings.grpc_addr.rpartition(":")[0]
    port = running.port
    method = "mailboxes.v1.MailboxService/List"
    out = Console(soft_wrap=True, highlight=False)
    out.print(f"[bold green]mailbox-svc is serving on {host}:{port}[/] for development only.")
    out.print(f"A token for user [bold]{DEV_USER}[/], valid for a day:\n")
    out.print(f"export TOKEN={token}\n", markup=False)
    out.print("Try it in another terminal:\n")
    out.print(
        f"grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d '{{}}' {host}:{port} {method}",
        markup=False,
    )
    out.print(
        "buf curl --protocol grpc --http2-prior-knowledge "
        f"-H \"authorization: Bearer $TOKEN\" -d '{{}}' http://{host}:{port}/{method}",
        markup=False,
    )
    if running.gateway is not None:
        rest = f"{running.gateway.config.address.rpartition(':')[0]}:{running.rest_port}"
        out.print(f"\nOver HTTP, with the same token: http://{rest}/docs", markup=False)
        page = running.page_url
        out.print(f"The Integrations page: {page}#token={token}" if page else NO_PAGE, markup=False)
    out.print("\nThe commands need no token here. When a mailbox is saved:\n")
    options = _options_to_find(f"{host}:{port}", data_dir)
    out.print(f"{shlex.quote(sys.argv[0])} harvest LABEL {shlex.join(options)}", markup=False)


def _options_to_find(address: str, data_dir: Path) -> list[str]:
    """Return the options by which a command in another terminal finds this service."""
    options = ["--dev"]
    if data_dir != DEV_FOLDER:
        options += ["--data-dir", str(data_dir)]
    if address != Settings.model_fields["grpc_addr"].default:
        options += ["--target", address]
    return options
