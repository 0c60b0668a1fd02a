"""Prints what the service gives a page at a time: as a table for people, or as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Annotated, TypeVar

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.table import Column, Table

from mailbox_svc.cli.console import errors, out, show, text

#: Rows of a table, unless another number is asked for.
_ROWS = 50
#: The most that all lists of the service give at once.
_PAGE = 500
#: Characters of a terminal that has room for all columns.
_ROOMY = 140
#: Characters of a column on a terminal.
_WIDEST = {"name": 18, "reason": 36, "why": 24}
#: Columns with addresses, or sentences. They are folded where they must be, for without its end an address
#: is none; names and phrases are cut.
_FOLDED = {"address", "first", "second", "why"}

Limit = Annotated[
    int | None, typer.Option(min=1, help=f"At most so many. Default: {_ROWS}, and all with --json.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, as in the contract.")]
#: Cells by the names of their columns.
Row = dict[str, str]
One = TypeVar("One", bound=Message)
#: Gives a page of a size behind a token: what is on it, the next page's token, how many there are over all.
Pages = Callable[[int, str], tuple[Sequence[One], str, int]]


def print_all(
    pages: Pages[One], limit: int | None, row: Callable[[One], Row] | None, *, spare: Collection[str] = ()
) -> None:
    """Print what is on all pages, up to the limit, as rows of a table; without a row as JSON.

    The `spare` columns are shown where there is room.
    """
    if row is None:
        for found, _ in _read(pages, limit):
            for one in found:
                print_json(one)
        return
    rows: list[Row] = []
    total = 0
    for found, total in _read(pages, limit or _ROWS):  # noqa: B007  (the last one counts)
        rows += map(row, found)
    if not rows:
        errors.print("There is none.")
        return
    show(_table(rows, () if _has_room() else spare))
    if total > len(rows):
        errors.print(text(f"{len(rows):,} of {total:,}; --limit shows more."))


def print_json(message: Message) -> None:
    """Print a message in the contract's JSON, in ASCII: nothing in it can control a terminal."""
    typer.echo(json.dumps(MessageToDict(message, always_print_fields_with_no_presence=True)))


def _read(pages: Pages[One], limit: int | None) -> Iterator[tuple[Sequence[One], int]]:
    left, token = limit, ""
    while left is None or left > 0:
        found, token, total = pages(_PAGE if left is None else min(left, _PAGE), token)
        yield found, total
        if not token:
            return
        left = None if left is None else left - len(found)


def _table(rows: Sequence[Row], without: Collection[str]) -> Table:
    columns = [name for name in rows[0] if name not in without]
    table = Table(*map(_column, columns))
    for row in rows:
        table.add_row(*(text(row[name]) for name in columns))
    return table


def _column(name: str) -> Column:
    width = _WIDEST.get(name) if out.is_terminal else None
    folded = name in _FOLDED
    return Column(name, no_wrap=not folded, overflow="fold" if folded else "ellipsis", max_width=width)


def _has_room() -> bool:
    return not out.is_terminal or out.width >= _ROOMY
