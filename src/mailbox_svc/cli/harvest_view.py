"""Shows a harvest while it runs: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from mailbox_svc.cli.console import plain, text
from mailboxes import Harvest, HarvestState

#: Seconds between two lines where there is no terminal.
_EVERY = 5.0


class HarvestView:
    """Shows one harvest. Use it in a `with` block; the bar stays as it was at the end."""

    def __init__(self, console: Console, *, lines: bool = True) -> None:
        """Show it on this console; without `lines` nowhere but on a terminal."""
        self._console = console
        self._lines = lines and not console.is_terminal
        self._next_line = 0.0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=_column(18)),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[done]}", markup=False, table_column=_column()),
            TextColumn("{task.fields[pace]}", markup=False, table_column=_column()),
            console=console,
            expand=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("waiting", total=None, done="", pace="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, harvest: Harvest) -> None:
        """Show the harvest as it is now."""
        where, progress, ended = _where(harvest), harvest.progress, harvest.HasField("ended_at")
        self._progress.update(
            self._task,
            description=plain(where),
            # Without a total the bar says that something goes on; where nothing is new it ends full.
            total=progress.total or (1 if ended else None),
            completed=progress.scanned if progress.total else ended,
            done=_done(harvest),
            pace=_pace(harvest),
        )
        if self._lines and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _EVERY
            self._console.print(text(", ".join(filter(None, (where, _done(harvest), _pace(harvest))))))


def _column(width: int | None = None) -> Column:
    return Column(max_width=width, no_wrap=True, overflow="ellipsis")


def _where(harvest: Harvest) -> str:
    match harvest.state:
        case HarvestState.HARVEST_STATE_QUEUED:
            return "waiting"
        case HarvestState.HARVEST_STATE_RUNNING:
            return harvest.progress.folder or ("judging" if harvest.progress.scanned else "connecting")
        case _:
            return HarvestState.Name(harvest.state).removeprefix("HARVEST_STATE_").lower()


def _done(harvest: Harvest) -> str:
    progress = harvest.progress
    if not progress.total:
        return ""
    return f"{progress.scanned:,}/{progress.total:,} messages, {progress.contacts:,} found"


def _pace(harvest: Harvest) -> str:
    """Return how fast it goes, and how long it will still take."""
    progress = harvest.progress
    if progress.rate < 1:
        return ""
    pace = f"{progress.rate:,.0f}/s"
    left = (progress.total - progress.scanned) / progress.rate
    return f"{pace}, {duration(left)} left" if left >= 1 else pace


def duration(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
