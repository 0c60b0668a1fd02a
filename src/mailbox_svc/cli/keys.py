"""`mailbox-svc keys`: the keys that stored secrets are encrypted under."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from mailbox_svc.cli.console import errors, out
from mailbox_svc.cli.deferred import app, rotation, vault
from mailbox_svc.config import Settings, load
from mailbox_svc.errors import ConfigError

cli = typer.Typer(no_args_is_help=True, help="Add, rotate, inspect and drop encryption keys.")


@cli.command("add")
def add() -> None:
    """Add a key to MAILBOX_KEYRING_FILE (made if missing); new secrets are encrypted under it."""
    key_id = vault.add_key(app.keyring_file(load()))
    typer.echo(f"Key {key_id} is now the active one. Back the file up, apart from the database.")


@cli.command("rotate")
def rotate_() -> None:
    """Put every stored secret under the active key. Online; if stopped, run it again."""
    result = asyncio.run(_rotate(load()))
    typer.echo(f"{result.rewrapped} secrets are now under the active key.")
    if result.unreadable:
        raise ConfigError(f"{result.unreadable} secrets cannot be read with the keys in the keyring.")


@cli.command("status")
def status() -> None:
    """Show the keys and how many secrets each protects."""
    table = Table("key", "active", "in keyring", "secrets")
    for key in asyncio.run(_status(load())):
        yes_no = ["yes" if flag else "no" for flag in (key.active, key.present)]
        table.add_row(key.key_id, *yes_no, str(key.secrets))
    out.print(table)


@cli.command("drop")
def drop(key_id: Annotated[str, typer.Argument(help="The id that 'keys status' shows.")]) -> None:
    """Remove a key that protects nothing any more."""
    settings = load()
    asyncio.run(_refuse_in_use(settings, key_id))
    vault.change_keyring(app.keyring_file(settings), lambda keyring: keyring.retire(key_id))
    typer.echo(f"Key {key_id} is dropped.")


async def _rotate(settings: Settings) -> rotation.RotationResult:
    columns = (TextColumn("{task.completed} secrets"), TimeElapsedColumn())
    async with app.store_from(settings) as store:
        with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
            task = progress.add_task("secrets", total=None)
            return await rotation.rotate(
                store,
                app.vault_from(settings),
                on_progress=lambda n: progress.update(task, completed=n),
            )


async def _status(settings: Settings) -> list[rotation.KeyStatus]:
    async with app.store_from(settings) as store:
        return await rotation.key_status(store, app.vault_from(settings))


async def _refuse_in_use(settings: Settings, key_id: str) -> None:
    async with app.store_from(settings) as store:
        await rotation.refuse_key_in_use(store, app.vault_from(settings), key_id)
