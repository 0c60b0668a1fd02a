"""`mailbox-svc sync`: whether, how often and how well new mail is looked for by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.table import Table

from mailbox_svc.cli.choices import MailboxArgument, PolicyWord, find_mailbox, policy_of, word
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import errors, fail, plain, show, text
from mailbox_svc.cli.harvest_view import duration
from mailbox_svc.cli.listing import Json, print_json
from mailboxes import Client, Schedule, ScheduleState, SyncOutcome, SyncRun

cli = typer.Typer(no_args_is_help=True, help="Have new mail looked for by itself.")

_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"(\d{1,6})([mhd])")


@cli.command("on")
@calls_service
def on(
    client: Client,
    mailbox: MailboxArgument,
    *,
    every: Annotated[
        str,
        typer.Option(metavar="TIME", help="Between two runs: 5m to 7d. Default: as before, at first 15m."),
    ] = "",
    policy: Annotated[
        PolicyWord | None, typer.Option(help="Who becomes a contact. Kept for this mailbox.")
    ] = None,
) -> None:
    """Look for new mail of a mailbox by itself; also again, after it was stopped."""
    interval = _interval(every) if every else None
    saved = find_mailbox(client, mailbox)
    schedule = client.set_schedule(saved.id, interval=interval, policy=policy_of(policy))
    seconds = schedule.interval.ToTimedelta().total_seconds()
    typer.echo(f"{plain(saved.label)} is synced every {duration(seconds)}.")


@cli.command("off")
@calls_service
def off(client: Client, mailbox: MailboxArgument) -> None:
    """Look no more. What was read is kept."""
    saved = find_mailbox(client, mailbox)
    client.set_schedule(saved.id, enabled=False)
    typer.echo(f"{plain(saved.label)} is not synced any more.")


@cli.command("list")
@calls_service
def list_(client: Client, *, as_json: Json = False) -> None:
    """Show the schedules of all mailboxes."""
    schedules = client.list_schedules()
    if as_json:
        for schedule in schedules:
            print_json(schedule)
        return
    labels = {mailbox.id: mailbox.label for mailbox in client.list()}
    table = Table("mailbox", "state", "every", "last run", "next run", "trouble")
    for schedule in schedules:
        table.add_row(text(labels.get(schedule.mailbox_id, "")), *map(text, _cells(schedule)))
    show(table)


@cli.command("history")
@calls_service
def history(client: Client, mailbox: MailboxArgument, *, as_json: Json = False) -> None:
    """Show the latest runs that found new mail, or failed."""
    runs = client.list_sync_runs(find_mailbox(client, mailbox).id)
    if as_json:
        for run in runs:
            print_json(run)
        return
    if not runs:
        errors.print("There is none.")
        return
    table = Table("run", "ended", "took", "outcome", "messages", "addresses", "trouble")
    for run in runs:
        table.add_row(*map(text, _row(run)))
    show(table)


def _interval(words: str) -> timedelta:
    found = _LENGTH.fullmatch(words.strip())
    if found is None:
        fail("Say how often as 5m, 2h or 1d.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _cells(schedule: Schedule) -> list[str]:
    state = word(ScheduleState, schedule.state, "SCHEDULE_STATE_")
    return [
        state,
        duration(schedule.interval.ToTimedelta().total_seconds()),
        _time(schedule.last_run_at, known=schedule.HasField("last_run_at")),
        _time(schedule.next_run_at, known=schedule.HasField("next_run_at")),
        schedule.last_failure.error,
    ]


def _row(run: SyncRun) -> list[str]:
    took = (run.ended_at.ToDatetime() - run.started_at.ToDatetime()).total_seconds()
    return [
        str(run.number),
        _time(run.ended_at),
        duration(took),
        word(SyncOutcome, run.outcome, "SYNC_OUTCOME_"),
        f"{run.messages:,}",
        f"{run.contacts:,}",
        run.failure.error,
    ]


def _time(moment: Timestamp, *, known: bool = True) -> str:
    return moment.ToDatetime().strftime("%Y-%m-%d %H:%M:%SZ") if known else ""
