"""`mailbox-svc contacts`: who was found in mail, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Annotated, Literal

import typer
from google.protobuf.timestamp_pb2 import Timestamp

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
from mailbox_svc.cli.console import plain
from mailbox_svc.cli.listing import Json, Limit, Row, print_all, print_json
from mailboxes import Client, Contact, ContactKind, SkipReason

cli = typer.Typer(no_args_is_help=True, help="List, look at, correct, merge and delete contacts.")

Order = Literal["rank", "recent", "name"]
Typed = Annotated[str | None, typer.Option(metavar="TEXT", help="An empty text clears it.")]


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

    print_all(pages, limit, None if as_json else _contact_row, spare={"kind", "sent/received", "last"})


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

    print_all(pages, limit, None if as_json else _skipped_row, spare={"name", "last"})


@cli.command("show")
@calls_service
def show_(client: Client, contact: ContactArgument, *, as_json: Json = False) -> None:
    """Show all that is known of a contact."""
    found = client.get_contact(contact_id(client, contact))
    if as_json:
        print_json(found)
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
