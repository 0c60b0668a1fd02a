"""`mailbox-svc connect` and `disconnect`: accounts without a password, by way of a browser."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Annotated

import typer
from rich.table import Table

from mailbox_svc.cli.choices import MailboxArgument, find_mailbox, mailbox_id
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import errors, fail, plain, show, text
from mailboxes import Client, Mailbox, OAuthProvider


@calls_service
def connect(
    client: Client,
    provider: Annotated[
        str | None, typer.Argument(metavar="PROVIDER", help="Who keeps the account; left out, lists them.")
    ] = None,
    *,
    mailbox: Annotated[
        str | None,
        typer.Option(metavar="MAILBOX", help="Connect this one again; a password it has is then erased."),
    ] = None,
    login_hint: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="What the provider's page suggests.")
    ] = None,
) -> None:
    """Connect an account without its password, in a browser, and test it."""
    if provider is None:
        if mailbox is not None or login_hint is not None:
            raise typer.BadParameter("Name the provider too.", param_hint="PROVIDER")
        _list(client.oauth_providers())
        return
    chosen = _found(client, provider)
    started = client.start_authorization(
        chosen.id, login_hint=login_hint, mailbox_id=mailbox_id(client, mailbox)
    )
    # Alone on its line and never wrapped, so that a terminal makes a link of it and a program can read it.
    typer.echo(plain(started.authorization_url))
    errors.print(
        text(
            "Open this address, log in and allow access to mail. The browser then goes to"
            f" {chosen.redirect_uri} and may well show an error there. Paste the whole address of that page:"
        )
    )
    _test(client, _completed(client))


@calls_service
def disconnect(client: Client, mailbox: MailboxArgument) -> None:
    """Give back the permission of a mailbox that was connected; it and its contacts stay."""
    saved = find_mailbox(client, mailbox)
    revoked = client.revoke(saved.id)
    typer.echo(f"Disconnected: {plain(saved.label)}. It and its contacts stay.")
    if not revoked.told_provider:
        typer.echo(
            "The provider was not told. Unless another mailbox uses the same account, remove the permission"
            " in the account's own settings."
        )


def _list(providers: list[OAuthProvider]) -> None:
    table = Table("provider", "name", "can be connected", "server")
    for one in providers:
        table.add_row(text(one.id), text(one.name), "yes" if one.configured else "no", text(one.host))
    show(table)


def _found(client: Client, name: str) -> OAuthProvider:
    providers = client.oauth_providers()
    for one in providers:
        if name.casefold() in {one.id.casefold(), one.name.casefold()}:
            return one
    ids = ", ".join(one.id for one in providers)
    return fail(f"There is no provider {name!r}; " + (f"there are: {ids}." if ids else "none is set up."))


def _completed(client: Client) -> Mailbox:
    """Ask until an address has come that a provider may have sent a browser to."""
    while True:
        try:
            return client.complete_authorization_url(_line())
        except ValueError as error:
            errors.print(text(f"That is not it: {error}. Paste the whole address:"))
        except EOFError:
            fail("No address was given; nothing was connected.")


def _line() -> str:
    """Read a line, shown as it is typed.

    The code in it is worth nothing to who looks on: it is used up at once, and only the service has the
    verifier that goes with it (RFC 7636). Hidden, nobody would see what was pasted; and a terminal that
    hides takes no line beyond 4096 characters, on macOS 1024, which is less than some providers send.
    """
    with suppress(ImportError):
        importlib.import_module("readline")  # from here on `input` takes lines of any length
    return input()


def _test(client: Client, mailbox: Mailbox) -> None:
    typer.echo(f"Connected: {plain(mailbox.user)}")
    report = client.test(mailbox.id)
    if not report.ok:
        fail(report.error, *filter(None, [f"{report.remedy.text} {report.remedy.url}".strip()]))
    typer.echo("Tested: the login works.")
