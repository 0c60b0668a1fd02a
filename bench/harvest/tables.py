"""Prints what was measured, and whether the goals were met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from harvest.clients import RAW
from harvest.rounds import Rounds, cpu_per_message, rate

_WIDTH = 140


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, and how far it was met."""

    what: str
    goal: str
    measured: str
    met: bool


def show_readers(rounds: Rounds) -> None:
    """Print a line for each client."""
    table = Table(
        "Client", "Over", "Messages", "Messages/s", "CPU µs each", "Peak MB above idle",
        "Of the raw read", "Counts equal", title="Reading a mailbox and counting every name with its address",
    )  # fmt: skip
    for job in rounds.jobs:
        raw = rounds.job(RAW, tls=job.tls, mailbox=job.mailbox)
        table.add_row(
            job.client,
            "TLS" if job.tls else "plain text",
            f"{job.mailbox.size:,}",
            f"{job.median(rate):,.0f}",
            f"{job.median(cpu_per_message) * 1e6:.1f}",
            f"{job.median(lambda answer: answer.memory) / 1e6:.1f}",
            f"{job.compared(raw, rate):.2f}",
            {None: "", True: "yes", False: "NO"}[job.counts_equal],
        )
    _print(table)


def show_goals(goals: Sequence[Goal]) -> None:
    """Print a line for each goal."""
    table = Table("What", "Goal", "Measured", "Met", title="Goals")
    for goal in goals:
        table.add_row(goal.what, goal.goal, goal.measured, "yes" if goal.met else "NO")
    _print(table)


def _print(table: Table) -> None:
    console = Console()
    Console(width=max(console.width, _WIDTH)).print(table)
