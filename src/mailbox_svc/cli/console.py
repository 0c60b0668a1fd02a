"""Where the commands print: results to standard output, everything else to standard error.

What comes from mail is printed as text: it is never read as markup, and never controls the terminal.
"""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

out = Console()
errors = Console(stderr=True, soft_wrap=True)

#: Wide enough that nothing is cut where no screen sets a limit.
_NO_LIMIT = 32_000


def fail(sentence: str, *more: str) -> NoReturn:
    """Say what went wrong and end with 1."""
    errors.print(Text(f"mailbox-svc: {plain(sentence)}"))
    for line in more:
        errors.print(Text(plain(line)))
    raise typer.Exit(EXIT_FAILED)


def plain(text: str) -> str:
    """Return the text with blanks for white space, and marks for what cannot be seen.

    A name may hold escape sequences, and characters that turn the direction of a line (UAX #9).
    """
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)


def text(value: str) -> Text:
    """Return what came from outside, ready to print."""
    return Text(plain(value))


def show(table: Table) -> None:
    """Print a table; whoever reads it from a pipe gets whole cells."""
    table.box, table.pad_edge = None, False
    (out if out.is_terminal else Console(width=_NO_LIMIT)).print(table)
