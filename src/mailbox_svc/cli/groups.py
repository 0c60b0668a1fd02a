"""`mailbox-svc groups`: named sets of contacts, and the import into them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from mailbox_svc.cli.choices import (
    GroupArgument,
    KindOption,
    MailboxOption,
    PolicyWord,
    QueryOption,
    contact_ids,
    find_group,
    kinds,
    mailbox_id,
    policy_of,
    word,
)
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import plain, show, text
from mailboxes import Client, SkipReason

cli = typer.Typer(no_args_is_help=True, help="List, make and fill groups of contacts.")


@cli.command("list")
@calls_service
def list_(client: Client) -> None:
    """List the groups."""
    table = Table("name", "members", "id")
    for group in client.list_groups():
        table.add_row(text(group.name), f"{group.members:,}", group.id)
    show(table)


@cli.command("create")
@calls_service
def create(client: Client, name: Annotated[str, typer.Argument()]) -> None:
    """Make an empty group."""
    typer.echo(f"Made: {plain(client.save_group(name=name).name)}")


@cli.command("rename")
@calls_service
def rename(client: Client, group: GroupArgument, name: Annotated[str, typer.Argument()]) -> None:
    """Give a group another name."""
    stored = client.save_group(id=find_group(client, group).id, name=name)
    typer.echo(f"Renamed: {plain(stored.name)}")


@cli.command("delete")
@calls_service
def delete(client: Client, group: GroupArgument) -> None:
    """Delete a group; its members stay contacts."""
    client.delete_group(find_group(client, group).id)
    typer.echo("Deleted. Its members are still contacts.")


@cli.command("import")
@calls_service
def import_(
    client: Client,
    group: Annotated[str, typer.Argument(metavar="NAME", help="The group; it is made when there is none.")],
    *,
    contact: Annotated[
        list[str] | None,
        typer.Option(metavar="CONTACT", help="Only this one, by address or id; may be repeated."),
    ] = None,
    kind: KindOption = "person",
    min_rank: Annotated[int, typer.Option(min=0, max=100, help="Only of this rank or above.")] = 0,
    policy: Annotated[
        PolicyWord | None, typer.Option(help="Only those you wrote to, or corresponded with.")
    ] = None,
    mailbox: MailboxOption = None,
    query: QueryOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Put contacts into a group. Safe to repeat: nobody is added twice."""
    result = client.import_contacts(
        group=group,
        ids=contact_ids(client, contact or ()),
        kinds=kinds(kind),
        min_rank=min_rank,
        policy=policy_of(policy),
        mailbox_id=mailbox_id(client, mailbox),
        query=query,
        dry_run=dry_run,
    )
    would = "Would be: " if dry_run else ""
    typer.echo(f"{would}{result.added:,} added, {result.updated:,} updated, {result.unchanged:,} unchanged.")
    if result.skipped:
        left_out = (f"{one.count:,} {word(SkipReason, one.reason, 'SKIP_REASON_')}" for one in result.skipped)
        typer.echo(f"Left out: {', '.join(left_out)}.")


@cli.command("remove")
@calls_service
def remove(
    client: Client,
    group: GroupArgument,
    contact: Annotated[list[str], typer.Argument(metavar="CONTACT…", help="Addresses or ids.")],
) -> None:
    """Take contacts out of a group; they stay contacts."""
    before = find_group(client, group)
    after = client.remove_members(before.id, contact_ids(client, contact))
    typer.echo(f"{before.members - after.members:,} removed; {after.members:,} are left.")
