"""`mailbox-svc worker` and `mailbox-svc queue`: background sync as its operator sees it."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from mailbox_svc.cli.deferred import app
from mailbox_svc.config import Settings, load

cli = typer.Typer(no_args_is_help=True, help="Look at background sync; reads the database.")


def worker() -> None:
    """Harvest and sync until SIGTERM or Ctrl-C; beside any number of others on PostgreSQL."""
    app.run_worker(load())


@cli.command("status")
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, times in seconds.")] = False
) -> None:
    """Say how many mailboxes are due, in flight, stopped or quarantined, and how late the latest is."""
    facts = asyncio.run(_status(load()))
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        typer.echo(f"{name.replace('_', ' '):<14}{value:,}")


async def _status(settings: Settings) -> dict[str, int]:
    async with app.store_from(settings) as store:
        now = await store.now()
        survey = await store.sync_survey(now)
    lag = (now - survey.oldest_due_at).total_seconds() if survey.oldest_due_at else 0
    return {
        "due": survey.due,
        "in_flight": survey.in_flight,
        "lag_seconds": round(lag),
        "stopped": survey.refused,
        "quarantined": survey.quarantined,
    }
