"""Gives commands a client of the gRPC service: where it is, and who is calling."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec

import grpc
import typer

from mailbox_svc.cli.console import fail
from mailbox_svc.cli.dev import DEV_FOLDER, DEV_USER, existing_dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings, load, read_line
from mailbox_svc.errors import ConfigError, os_reason
from mailboxes import Client, MailboxError, TimedOut, Unavailable

P = ParamSpec("P")

#: Seconds that a token is valid which is made for one call.
_LIFETIME = 300.0
_PANEL = "Connection"
#: What a service listens on when it listens everywhere, and where it is found on the same machine.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  (dialled, not listened on)


def calls_service(command: Callable[Concatenate[Client, P], None]) -> Callable[..., None]:
    """Make a command of a function that takes a client first; it gets the options of the connection.

    What the service refuses, and that it cannot be reached, is one sentence and exit code 1.
    """

    @functools.wraps(command)
    def run(**options: Any) -> None:
        connection = _Connection(**{name: options.pop(name) for name in _OPTIONS})
        try:
            with connection.client() as client:
                command(client, **options)  # type: ignore[call-arg]  # typer gives what the signature says
        except MailboxError as error:
            fail(_sentence(error, connection.target))

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    signature = inspect.Signature([*own, *_OPTIONS.values()])
    run.__signature__ = signature  # type: ignore[attr-defined]  # where typer looks
    return run


class _Connection:
    """The options that every command of this kind has."""

    def __init__(
        self,
        *,
        dev: Annotated[
            bool,
            typer.Option(
                "--dev",
                rich_help_panel=_PANEL,
                help=f"The service that 'serve --dev' runs here, as its user {DEV_USER}.",
            ),
        ] = False,
        data_dir: Annotated[
            Path,
            typer.Option(rich_help_panel=_PANEL, help="The folder that 'serve --dev' keeps its files in."),
        ] = DEV_FOLDER,
        user: Annotated[
            str | None,
            typer.Option(
                rich_help_panel=_PANEL, help="Call as this user; needs MAILBOX_JWT_SECRET_FILE (or --dev)."
            ),
        ] = None,
        token_file: Annotated[
            Path | None, typer.Option(rich_help_panel=_PANEL, help="Call with the token in this file.")
        ] = None,
        target: Annotated[
            str | None,
            typer.Option(
                rich_help_panel=_PANEL,
                metavar="HOST:PORT",
                help="Where the service is, when not at MAILBOX_GRPC_ADDR.",
            ),
        ] = None,
        tls_ca: Annotated[
            Path | None,
            typer.Option(rich_help_panel=_PANEL, help="Authorities (PEM) that the service is certified by."),
        ] = None,
    ) -> None:
        self._settings = existing_dev_settings(data_dir) if dev else load()
        self._user = user or (DEV_USER if dev else None)
        self._token_file = token_file
        self._tls_ca = tls_ca
        self._here = target is None
        self.target = target or _near(self._settings)

    def client(self) -> Client:
        """Return a client; it connects on the first call. Raises ConfigError."""
        token = self._token()
        token()  # what is wrong with it is better said now
        return Client(self.target, token, tls=self._tls())

    def _token(self) -> Callable[[], str]:
        """Return what gives a token for each call, for a call may come hours after the start."""
        if self._token_file is not None:
            return functools.partial(_token_in, self._token_file)
        if self._user is None:
            raise ConfigError(
                "Say who is calling: --dev beside 'serve --dev', --user USER where the service's"
                " MAILBOX_JWT_SECRET_FILE is set, or --token-file FILE."
            )
        return functools.partial(mint, self._settings, subject=self._user, lifetime=_LIFETIME, service=False)

    def _tls(self) -> grpc.ChannelCredentials | bool | None:
        if self._tls_ca is None:
            return True if self._here and self._settings.grpc_tls_cert_file else None
        try:
            return grpc.ssl_channel_credentials(self._tls_ca.read_bytes())
        except OSError as exc:
            raise ConfigError(f"Cannot read {self._tls_ca}: {os_reason(exc)}.") from None


def _near(settings: Settings) -> str:
    host, _, port = settings.grpc_addr.rpartition(":")
    return f"{_EVERYWHERE.get(host, host)}:{port}"


def _token_in(path: Path) -> str:
    token = read_line(path)
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigError(f"There is no token in {path}.")
    return token


def _sentence(error: MailboxError, target: str) -> str:
    """Return what a refused or lost call means, for a person."""
    if error.reason and error.reason != "INTERNAL":
        return error.message
    match error:
        case Unavailable():
            return f"Cannot reach the service at {target}; is it running there?"
        case TimedOut():
            return f"The service at {target} did not answer in time."
        case _:
            request = f" (request {error.request_id})" if error.request_id else ""
            return f"The service failed: {error.message}{request}"


#: By name; the same for all commands.
_OPTIONS = {
    name: parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    for name, parameter in inspect.signature(_Connection, eval_str=True).parameters.items()
}
