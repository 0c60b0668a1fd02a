"""`mailbox-svc token`: a token for trying things out, signed with the service's own HS256 secret."""

from __future__ import annotations

from typing import Annotated

import typer

from mailbox_svc.cli.deferred import identity
from mailbox_svc.config import Settings, load, read_line
from mailbox_svc.errors import ConfigError
from mailbox_svc.model.secret import Secret


def token(
    subject: Annotated[str, typer.Argument(help="The user id, which becomes the token's 'sub'.")],
    *,
    hours: Annotated[float, typer.Option(min=0.01, max=24, help="How long it is valid.")] = 1.0,
    service: Annotated[
        bool, typer.Option("--service", help="A service token: acts for the user named in x-user-id.")
    ] = False,
) -> None:
    """Print a bearer token (needs MAILBOX_JWT_SECRET_FILE)."""
    typer.echo(mint(load(), subject=subject, lifetime=hours * 3600, service=service))


def mint(settings: Settings, *, subject: str, lifetime: float, service: bool) -> str:
    """Return a token for `subject`, valid for `lifetime` seconds. Raises ConfigError."""
    if settings.jwt_secret_file is None:
        raise ConfigError("Set MAILBOX_JWT_SECRET_FILE; with a JWKS URL only the issuer can make tokens.")
    return identity.mint_token(
        Secret(read_line(settings.jwt_secret_file)),
        subject=subject,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        lifetime=lifetime,
        role="service_role" if service else None,
    )
