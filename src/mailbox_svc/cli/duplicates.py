"""The commands of `mailbox-svc contacts` that are about duplicates: list, merge, undo, dismiss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mailbox_svc.cli.choices import ContactArgument, contact_id, contact_ids, title
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import plain
from mailbox_svc.cli.listing import Json, Limit, Row, print_all
from mailboxes import Client, Duplicate


@calls_service
def duplicates(
    client: Client,
    *,
    contact: Annotated[
        str | None,
        typer.Option("--contact", metavar="CONTACT", help="Only those of this one, by address or id."),
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List pairs of contacts that may be one person, the surest first."""
    of_contact = None if contact is None else contact_id(client, contact)

    def pages(size: int, token: str) -> tuple[Sequence[Duplicate], str, int]:
        page = client.duplicates_page(size, token, of_contact)
        return page.duplicates, page.next_page_token, page.total_size

    print_all(pages, limit, None if as_json else _row)


@calls_service
def merge(
    client: Client,
    kept: Annotated[
        str, typer.Argument(metavar="KEPT", help="The contact to keep, by one of its addresses or its id.")
    ],
    others: Annotated[list[str], typer.Argument(metavar="CONTACT…", help="Those that go into it.")],
) -> None:
    """Make one contact of several; the first is kept and takes in the others."""
    merged = client.merge_contacts(contact_ids(client, [kept, *others]))
    typer.echo(f"Merged: {plain(title(merged.contact))}")
    typer.echo(f"To take it back: mailbox-svc contacts undo {plain(merged.merge_id)}")


@calls_service
def undo(
    client: Client,
    merge_id: Annotated[str, typer.Argument(metavar="MERGE", help="What 'contacts merge' has printed.")],
) -> None:
    """Take a merge back; what was typed since stays."""
    contacts = client.undo_merge(merge_id)
    typer.echo(f"Taken back: {', '.join(plain(title(one)) for one in contacts)}")


@calls_service
def dismiss(client: Client, first: ContactArgument, second: ContactArgument) -> None:
    """Remember that two contacts are not one person."""
    client.dismiss_duplicate(contact_id(client, first), contact_id(client, second))
    typer.echo("Remembered. They are not suggested again.")


def _row(pair: Duplicate) -> Row:
    return {
        "score": f"{pair.score:.2f}",
        "first": title(pair.first),
        "second": title(pair.second),
        "why": pair.why,
    }
