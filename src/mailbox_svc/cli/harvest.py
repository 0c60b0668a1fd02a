"""`mailbox-svc harvest`: reads the contacts out of a mailbox, and shows how far it has come."""

from __future__ import annotations

from typing import Annotated

import typer

from mailbox_svc.cli.choices import REASONS, MailboxArgument, PolicyWord, find_mailbox, policy_of
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import EXIT_INTERRUPTED, errors, fail, plain
from mailbox_svc.cli.harvest_view import HarvestView, duration
from mailboxes import Client, Harvest, HarvestState, Mailbox

_RUNNING = {HarvestState.HARVEST_STATE_QUEUED, HarvestState.HARVEST_STATE_RUNNING}


@calls_service
def harvest(
    client: Client,
    mailbox: MailboxArgument,
    *,
    policy: Annotated[
        PolicyWord | None,
        typer.Option(
            help="Who becomes a contact: those you wrote to, also the people who wrote to you (the default),"
            " or everyone. Kept for this mailbox."
        ),
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop the harvest that is under way.")] = False,
) -> None:
    """Read the contacts out of a mailbox's mail; only what is new since the time before."""
    saved = find_mailbox(client, mailbox)
    if cancel:
        _cancel(client, saved)
        return
    last = Harvest()
    try:
        with HarvestView(errors) as view:
            for last in client.harvest(saved.id, policy_of(policy)):
                view.show(last)
    except KeyboardInterrupt:
        errors.print("\nThe harvest goes on. The same command shows it again; with --cancel it stops.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    _conclude(client, saved, last)


def _cancel(client: Client, mailbox: Mailbox) -> None:
    latest = client.latest_harvest(mailbox.id)
    if latest.state not in _RUNNING:
        fail("No harvest of this mailbox is under way.")
    client.cancel_harvest(latest.id)
    typer.echo("Cancelled. What was read so far is kept, and the next harvest goes on from there.")


def _conclude(client: Client, mailbox: Mailbox, harvest: Harvest) -> None:
    match harvest.state:
        case HarvestState.HARVEST_STATE_DONE:
            _summarise(client, mailbox, harvest)
        case HarvestState.HARVEST_STATE_CANCELLED:
            fail("The harvest was cancelled. What was read so far is kept.")
        case _:
            failure = harvest.failure
            fail(failure.error, *_remedies(harvest))


def _remedies(harvest: Harvest) -> list[str]:
    failure = harvest.failure
    lines = [f"{failure.remedy.text} {failure.remedy.url}".strip()]
    if failure.retryable:
        seconds = failure.retry_after.ToTimedelta().total_seconds()
        lines.append(f"Try again in {duration(seconds)}." if seconds else "Try again later.")
    lines.append("What was read so far is kept, and the next harvest goes on from there.")
    return [line for line in lines if line]


def _summarise(client: Client, mailbox: Mailbox, harvest: Harvest) -> None:
    progress = harvest.progress
    took = (harvest.ended_at.ToDatetime() - harvest.started_at.ToDatetime()).total_seconds()
    messages = f"{progress.scanned:,} read in {duration(took)}"
    if progress.duplicates:
        messages += f", {progress.duplicates:,} of them had been counted before"
    kept = client.contacts_page(1, mailbox_id=mailbox.id).total_size
    rows = [("messages", messages if progress.scanned else "none that is new"), ("contacts", f"{kept:,}")]
    if left_out := _skipped_by_reason(client, mailbox.id):
        rows.append(("left out", ", ".join(f"{count:,} {reason}" for reason, count in left_out)))
    rows += [("not read", f"{folder.name}: {folder.reason}") for folder in harvest.skipped_folders]
    for name, words in rows:
        typer.echo(f"{name:<10}{plain(words)}")


def _skipped_by_reason(client: Client, mailbox_id: str) -> list[tuple[str, int]]:
    """Return how many addresses of a mailbox are no contacts, by reason."""
    counts = []
    for reason in REASONS:
        page = client.skipped_page(1, mailbox_id=mailbox_id, reasons=[reason])
        if page.total_size:
            counts.append((reason.replace("_", " "), page.total_size))
    return counts
