"""Prints what was measured, as one table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from parts import Row


def show(rows: Sequence[Row]) -> None:
    """Print the rows to standard output, at least wide enough to read when it is no terminal."""
    table = Table("What", "Measured", "Held against", "Ratio", "Note", title="mailbox-svc on this machine")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.value, row.against, ratio, row.note)
    console = Console()
    Console(width=max(console.width, 150)).print(table)
