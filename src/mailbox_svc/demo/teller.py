"""Prints the demo's steps and what came of them, all with one shape."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


class Teller:
    """Tells a story on a console. What a server or a user wrote is shown as text, never as markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, text: str) -> None:
        self._console.rule(f"[bold]{text}")

    def fact(self, text: str) -> None:
        self._line(text)

    def step(self, call: str, text: str) -> None:
        self._console.print()
        self._console.print(Text.assemble((f"{call:<9}", "bold cyan"), text))

    def good(self, text: str) -> None:
        self._line(f"✓ {text}", "green")

    def bad(self, text: str) -> None:
        self._line(f"✗ {text}", "red")

    def note(self, text: str) -> None:
        self._line(text, "dim", indent=4)

    def show(self, table: Table) -> None:
        table.box, table.pad_edge = None, False
        self._console.print(Padding(table, (0, 0, 0, 4)))

    def end(self, text: str) -> None:
        self._console.print()
        self.title("Try next")
        self._console.print(text, highlight=False)

    def _line(self, text: str, style: str = "", indent: int = 2) -> None:
        self._console.print(Padding(Text(text, style), (0, 0, 0, indent)))
