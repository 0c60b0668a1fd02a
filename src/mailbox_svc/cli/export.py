"""`mailbox-svc export`: contacts as a file for other address books."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

import typer

from mailbox_svc.cli.choices import (
    GroupOption,
    KindOption,
    MailboxOption,
    QueryOption,
    group_id,
    kinds,
    mailbox_id,
)
from mailbox_svc.cli.connection import calls_service
from mailbox_svc.cli.console import fail, plain
from mailbox_svc.errors import os_reason
from mailboxes import Client

FormatWord = Literal["vcard3", "vcard4", "csv"]
Format = Literal["vcard_3", "vcard_4", "csv"]
_FORMATS: dict[FormatWord, Format] = {"vcard3": "vcard_3", "vcard4": "vcard_4", "csv": "csv"}


@calls_service
def export(
    client: Client,
    *,
    form: Annotated[FormatWord, typer.Option("--format", help="vcard3 is what every address book reads.")],
    group: GroupOption = None,
    mailbox: MailboxOption = None,
    kind: KindOption = "",
    query: QueryOption = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Replaced in one step. Default: standard output."
        ),
    ] = None,
) -> None:
    """Write the contacts as vCard 3.0, vCard 4.0 or CSV."""
    pieces = client.export_contacts(
        _FORMATS[form],
        group_id=group_id(client, group),
        mailbox_id=mailbox_id(client, mailbox),
        kinds=kinds(kind),
        query=query,
    )
    try:
        if output is None:
            _print(pieces)
        else:
            with _replacing(output) as file:
                file.writelines(pieces)
    except BrokenPipeError:
        raise  # whoever reads has had enough
    except OSError as exc:
        fail(f"Cannot write {output or 'to standard output'}: {os_reason(exc)}.")


def _print(pieces: Iterable[bytes]) -> None:
    if not sys.stdout.isatty():
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    # Names may hold what a terminal takes for commands; a file or a pipe gets every byte.
    for piece in pieces:
        for line in piece.decode().splitlines():
            typer.echo(plain(line))


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that takes the place of `path` when all is written; until then that stays as it was."""
    if path.exists() and not path.is_file():
        # A device or a pipe is written to, not replaced.
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # of a link, what it leads to
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise
