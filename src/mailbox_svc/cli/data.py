"""`migrate`, `import` and `check-config`: what operators run beside the service."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from mailbox_svc.cli.console import errors
from mailbox_svc.cli.deferred import app, importing
from mailbox_svc.config import load
from mailbox_svc.errors import ConfigError, os_reason

EXIT_SOME_SKIPPED = 3
#: More bad rows than this are only counted: a wrong file should not fill the screen.
_MOST_REPORTED = 50


def migrate() -> None:
    """Bring the database's tables up to this version (PostgreSQL: MAILBOX_MIGRATION_DATABASE_URL)."""
    before = asyncio.run(app.migrate_database(load()))
    typer.echo(
        f"The tables are now at {before.head}, before they were at {before.current or 'nothing'}."
        if before.behind
        else f"The tables are at {before.head}; there was nothing to do."
    )


def check_config() -> None:
    """Read the settings, the keys and the database as 'serve' would, and say what is wrong."""
    asyncio.run(app.check(load()))
    typer.echo("The settings are good.")


def import_(
    source: Annotated[str, typer.Argument(help="A JSON or JSON-lines file, or - for standard input.")],
) -> None:
    """Import mailboxes: user id → array of {id,label,host,port,tls,user,password,…}. Safe to repeat."""
    result = asyncio.run(_import(_text_of(source)))
    for bad in result.bad[:_MOST_REPORTED]:
        errors.print(f"line {bad.line}: {bad.reason}", markup=False)
    if len(result.bad) > _MOST_REPORTED:
        errors.print(f"… and {len(result.bad) - _MOST_REPORTED} more bad rows.")
    typer.echo(f"{result.added} added, {result.already_there} already there, {len(result.bad)} skipped.")
    if result.bad:
        raise typer.Exit(EXIT_SOME_SKIPPED)


async def _import(text: str) -> importing.ImportResult:
    settings = load()
    vault = app.vault_from(settings)
    columns = (TextColumn("{task.completed} rows"), TimeElapsedColumn())
    async with app.store_from(settings) as store:
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            task = progress.add_task("rows", total=None)
            return await importing.import_mailboxes(
                text, store, vault, clock=app.now, on_row=lambda: progress.advance(task)
            )


def _text_of(source: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return raw.decode("utf-8")
    except OSError as exc:
        raise ConfigError(f"Cannot read {source}: {os_reason(exc)}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"Cannot read {source}: it is not UTF-8 text.") from None
