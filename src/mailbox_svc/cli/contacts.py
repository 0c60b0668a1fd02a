"""`mailbox-svc contacts`: who was found in mail, and what was left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC
from typing import Annotated, Literal

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Column, Table

from mailbox_svc.cli.choices import (
    REASONS,
    ContactArgument,
    GroupOption,
    KindOption,
    MailboxOption,
    QueryOption,
    contact_id,
    group_id,
    kinds,
    mailbox_id,
    reasons,
    title,
    word,
)
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import errors, out, plain, show, text
from mailboxes import Client, Contact, ContactKind, SkipReason

cli = typer.Typer(no_args_is_help=True, help="List, look at, correct and delete contacts.")

#: Rows of a table, unless another number is asked for.
_ROWS = 50
#: The most contacts that the service gives at once.
_PAGE = 1000
#: Characters of a terminal that has room for all columns.
_ROOMY = 140
#: Characters of a column on a terminal.
_WIDEST = {"name": 18, "reason": 36}

Order = Literal["rank", "recent", "name"]
Limit = Annotated[
    int | None, typer.Option(min=1, help=f"At most so many. Default: {_ROWS}, and all with --json.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, as in the contract.")]
Typed = Annotated[str | None, typer.Option(metavar="TEXT", help="An empty text clears it.")]
#: Cells by the names of their columns.
Row = dict[str, str]
#: Gives a page of a size behind a token: contacts, the next page's token, how many there are over all pages.
Pages = Callable[[int, str], tuple[Sequence[Contact], str, int]]


@cli.command("list")
@calls_service
def list_(
    client: Client,
    *,
    group: GroupOption = None,
    mailbox: MailboxOption = None,
    kind: KindOption = "",
    query: QueryOption = "",
    order: Annotated[Order, typer.Option(help="Closest first, latest first, or by name.")] = "rank",
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the contacts."""
    in_group, in_mailbox, of_kinds = group_id(client, group), mailbox_id(client, mailbox), kinds(kind)

    def pages(size: int, token: str) -> tuple[Sequence[Contact], str, int]:
        page = client.contacts_page(
            size, token, group_id=in_group, mailbox_id=in_mailbox, kinds=of_kinds, query=query, order=order
        )
        return page.contacts, page.next_page_token, page.total_size

    _print(pages, limit, None if as_json else _contact_row, spare={"kind", "sent/received", "last"})


@cli.command("skipped")
@calls_service
def skipped(
    client: Client,
    *,
    mailbox: MailboxOption = None,
    kind: KindOption = "",
    query: QueryOption = "",
    reason: Annotated[
        str, typer.Option(metavar="REASON,…", help=f"Only for these: {', '.join(REASONS).replace('_', '-')}.")
    ] = "",
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the addresses that were left out, and why."""
    in_mailbox, of_kinds, for_reasons = mailbox_id(client, mailbox), kinds(kind), reasons(reason)

    def pages(size: int, token: str) -> tuple[Sequence[Contact], str, int]:
        page = client.skipped_page(
            size, token, mailbox_id=in_mailbox, kinds=of_kinds, query=query, reasons=for_reasons
        )
        return page.skipped, page.next_page_token, page.total_size

    _print(pages, limit, None if as_json else _skipped_row, spare={"name", "last"})


@cli.command("show")
@calls_service
def show_(client: Client, contact: ContactArgument, *, as_json: Json = False) -> None:
    """Show all that is known of a contact."""
    found = client.get_contact(contact_id(client, contact))
    if as_json:
        typer.echo(_json(found))
        return
    for name, value in _details(found):
        typer.echo(f"{name:<14}{plain(value)}")


@cli.command("set")
@calls_service
def set_(
    client: Client,
    contact: ContactArgument,
    *,
    name: Typed = None,
    organization: Typed = None,
    phone: Typed = None,
    note: Typed = None,
) -> None:
    """Enter what you know of a contact; no harvest changes it."""
    if name is organization is phone is note is None:
        raise typer.BadParameter("give at least one of --name, --organization, --phone, --note.")
    stored = client.update_contact(
        contact_id(client, contact), display_name=name, organization=organization, phone=phone, note=note
    )
    typer.echo(f"Saved: {plain(title(stored))}")


@cli.command("delete")
@calls_service
def delete(client: Client, contact: ContactArgument) -> None:
    """Delete a contact for good: no harvest brings it back."""
    client.delete_contact(contact_id(client, contact))
    typer.echo("Deleted. No harvest brings it back.")


def _print(
    pages: Pages, limit: int | None, row: Callable[[Contact], Row] | None, *, spare: Collection[str]
) -> None:
    """Print the contacts of all pages, up to the limit, as rows of a table; without a row as JSON.

    The `spare` columns are shown where there is room.
    """
    if row is None:
        for contact in _read(pages, limit):
            typer.echo(_json(contact))
        return
    rows = [row(contact) for contact in _read(pages, limit or _ROWS)]
    if not rows:
        errors.print("There is none.")
        return
    show(_table(rows, () if _has_room() else spare))
    total = pages(1, "")[2]
    if total > len(rows):
        errors.print(text(f"{len(rows):,} of {total:,}; --limit shows more."))


def _table(rows: Sequence[Row], without: Collection[str]) -> Table:
    columns = [name for name in rows[0] if name not in without]
    table = Table(*map(_column, columns))
    for row in rows:
        table.add_row(*(text(row[name]) for name in columns))
    return table


def _column(name: str) -> Column:
    # An address is folded where it must be, for without its end it is none; names and phrases are cut.
    width = _WIDEST.get(name) if out.is_terminal else None
    return Column(
        name, no_wrap=name != "address", overflow="fold" if name == "address" else "ellipsis", max_width=width
    )


def _has_room() -> bool:
    return not out.is_terminal or out.width >= _ROOMY


def _read(pages: Pages, limit: int | None) -> Iterator[Contact]:
    left, token = limit, ""
    while left is None or left > 0:
        contacts, token, _ = pages(_PAGE if left is None else min(left, _PAGE), token)
        yield from contacts
        if not token:
            return
        left = None if left is None else left - len(contacts)


def _contact_row(contact: Contact) -> Row:
    return {
        "rank": str(contact.rank),
        "name": contact.display_name,
        "address": contact.address,
        "kind": word(ContactKind, contact.kind, "CONTACT_KIND_"),
        "reason": contact.reason.text,
        "sent/received": f"{contact.wrote_to}/{contact.received}",
        "last": _day(contact.last_at),
    }


def _skipped_row(contact: Contact) -> Row:
    return {
        "left out": word(SkipReason, contact.skipped_because, "SKIP_REASON_"),
        "name": contact.display_name,
        "address": contact.address,
        "reason": contact.reason.text,
        "last": _day(contact.last_at),
    }


def _details(contact: Contact) -> Iterator[tuple[str, str]]:
    yield "id", contact.id
    yield "name", contact.display_name
    for number, one in enumerate(contact.addresses):
        yield "also" if number else "address", one.address
    yield "kind", word(ContactKind, contact.kind, "CONTACT_KIND_")
    yield "reason", contact.reason.text
    if contact.skipped_because:
        yield "left out", word(SkipReason, contact.skipped_because, "SKIP_REASON_")
    yield "rank", str(contact.rank)
    yield "mail", f"{contact.wrote_to} to, {contact.received} from, {contact.seen_together} seen together"
    yield "first, last", f"{_day(contact.first_at)}, {_day(contact.last_at)}"
    if contact.alternate_names:
        yield "other names", "; ".join(contact.alternate_names)
    typed = contact.typed
    for name, value in (("organization", typed.organization), ("phone", typed.phone), ("note", typed.note)):
        if value:
            yield name, value


def _day(moment: Timestamp) -> str:
    return f"{moment.ToDatetime(UTC):%Y-%m-%d}" if moment.ByteSize() else ""


def _json(contact: Contact) -> str:
    """Return the contact as in the contract's JSON, in ASCII: nothing in it can control a terminal."""
    return json.dumps(MessageToDict(contact, always_print_fields_with_no_presence=True))
