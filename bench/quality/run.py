"""`make quality`: how well contacts are extracted and judged, on labelled mail of real people."""

from __future__ import annotations

import argparse
import sys
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.table import Table

from quality import duplicates, extraction, senders
from quality.corpus import DEFAULT, HOW_TO_GET_MESSAGES, Row


def main() -> None:
    arguments = argparse.ArgumentParser(prog="make quality", description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=DEFAULT, help="folder of the labels")
    arguments.add_argument("--messages", type=Path, help="folder of the messages that the labels name")
    given = arguments.parse_args()
    if not (given.corpus / "dev_headers.jsonl").is_file():
        sys.exit(
            f"There are no labels in {given.corpus}. They are handed out apart from this repository; "
            'name their folder: make quality ARGS="--corpus FOLDER".'
        )
    if given.messages and not given.messages.is_dir():
        sys.exit(f"There are no messages in {given.messages}.\n{HOW_TO_GET_MESSAGES}")
    if not given.messages:
        print(f"Measuring labelled headers only.\n{HOW_TO_GET_MESSAGES}\n", file=sys.stderr)
    measured = extraction.measure(given.corpus, given.messages), senders.measure(given.corpus, given.messages)
    show([*chain.from_iterable(measured), *duplicates.measure(given.corpus, given.messages)])


def show(rows: list[Row]) -> None:
    """Print the rows to standard output, at least wide enough to read when it is no terminal."""
    table = Table("Measure", "Value", "Goal", "", "Peers", title="mailbox-svc on labelled mail")
    for row in rows:
        places = 0 if row.at_most else 4
        sign = "≤" if row.at_most else "≥"
        table.add_row(
            row.measure,
            f"{row.value:.{places}f}",
            f"{sign} {row.goal:g}",
            "reached" if row.reached else "missed",
            row.peer,
        )
    Console(width=max(Console().width, 140)).print(table)


if __name__ == "__main__":
    main()
