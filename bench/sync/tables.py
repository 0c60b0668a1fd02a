"""Prints what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from sync.dispatcher import CLAIM, Claims, Whole
from sync.rounds import NEWS, ONE, PLAIN, TWO, Held, Rounds
from sync.workers import Round

_WIDTH = 150
#: A million mailboxes, each every fifteen minutes.
NEED = 1_000_000 / 900


def show_near(rounds: Rounds) -> None:
    """Print a line for each kind of round: medians."""
    table = Table(
        "Each mailbox once", "Mailboxes/s", "/s and core of a worker", "ms CPU: worker", "database", "server",
        "Logins", "Statements", "Commits", "Rows written", "WAL bytes", title="A sync of a server beside us",
    )  # fmt: skip
    for what in (ONE, NEWS, PLAIN, TWO):
        measured = rounds.of[what]
        table.add_row(
            what,
            f"{median(one.rate for one in measured):.1f}",
            f"{median(one.per_core for one in measured):.1f}",
            *(_each(measured, name, 1e3, 2) for name in ("workers", "database", "mail_server")),
            *(_each(measured, name, 1, 2) for name in ("logins", "statements", "commits", "rows_written")),
            _each(measured, "wal_bytes", 1, 0),
        )
    show(table)
    with_tls, without = (median(_of(rounds.of[what], "workers")) for what in (ONE, PLAIN))
    facts(
        "More",
        ("share of the worker's CPU that TLS takes", f"{1 - without / with_tls:.0%}"),
        ("two workers against one", f"{_ratio(rounds.of[TWO], rounds.of[ONE]):.2f} times (goal 1.7)"),
    )


def show_far(far: dict[int, Round], held: Held) -> None:
    """Print what slow servers do."""
    one, two = far[1], far[2]
    facts(
        "Slow servers",
        ("one worker", f"{one.rate:.1f} mailboxes/s, {one.costs.workers / one.seconds:.0%} of a core"),
        ("two workers", f"{two.rate:.1f} mailboxes/s, {two.rate / one.rate:.2f} times (goal 1.7)"),
        (f"held at once by one worker, of {held.wanted:,}", f"{held.at_once:,}"),
        ("memory of the worker for each", f"{held.memory / 1024:.0f} KiB"),
    )


def show_dispatcher(rows: int, claims: Claims, whole: Whole) -> None:
    """Print what a full table of schedules does."""
    seconds = claims.seconds
    rate = whole.syncs / whole.seconds
    facts(
        f"{rows:,} schedules, all of them due",
        (f"claim {CLAIM:,}: p50, p99", f"{median(seconds):.3f} s, {seconds[int(len(seconds) * 0.99)]:.3f} s"),
        ("claims a second, one dispatcher", f"{CLAIM / median(seconds):,.0f} (need {NEED:,.0f})"),
        ("reads of the whole table", f"{claims.seq_scans} by claims, {whole.seq_scans} by workers"),
        (f"syncs a second but for the mail, {whole.workers} workers", f"{rate:,.0f} (need {NEED:,.0f})"),
        ("CPU of a worker, each", f"{whole.worker_cpu / whole.syncs * 1e3:.2f} ms"),
        ("CPU of the database, each", f"{whole.database_cpu / whole.syncs * 1e3:.2f} ms"),
        ("cores of the database that the need takes", f"{NEED * whole.database_cpu / whole.syncs:.1f}"),
        ("write-ahead log, each", f"{whole.wal_bytes / whole.syncs:,.0f} bytes"),
        ("updates of schedules that wrote no index", f"{whole.hot:.0%}"),
        ("jobs in the queue, at the end", f"{whole.depth:,}"),
        *(
            (f"{name} with indexes, {whole.seconds:.0f} s before and after", f"{_mb(old)}, {_mb(new)}")
            for name, (old, new) in whole.sizes.items()
        ),
    )


def facts(title: str, *rows: tuple[str, str]) -> None:
    table = Table("What", "Measured", title=title)
    for row in rows:
        table.add_row(*row)
    show(table)


def show(table: Table) -> None:
    console = Console()
    Console(width=max(console.width, _WIDTH)).print(table)


def _of(rounds: Sequence[Round], name: str) -> list[float]:
    return [getattr(one.costs, name) / one.mailboxes for one in rounds]


def _each(rounds: Sequence[Round], name: str, times: float, digits: int) -> str:
    return f"{median(_of(rounds, name)) * times:,.{digits}f}"


def _ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    return median(one.rate for one in ours) / median(one.rate for one in theirs)


def _mb(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
