"""`mailbox-svc token`: a token for trying things out, signed with the service's own HS256 secret."""

from __future__ import annotations

from typing import Annotated

import typer

from mailbox_svc import app
from mailbox_svc.config import load


def token(
    subject: Annotated[str, typer.Argument(help="The user id, which becomes the token's 'sub'.")],
    *,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long it is valid.")] = 1.0,
    service: Annotated[
        bool, typer.Option("--service", help="A service token: acts for the user named in x-user-id.")
    ] = False,
) -> None:
    """Print a bearer token (needs MAILBOX_JWT_SECRET_FILE)."""
    typer.echo(app.mint(load(), subject=subject, lifetime=hours * 3600, service=service))
