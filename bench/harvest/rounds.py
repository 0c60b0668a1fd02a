"""Runs the clients in turn, round after round, so that what disturbs the machine disturbs them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console

from harvest.clients import CLIENTS, IMAPFLOW, OURS, RAW, Run
from harvest.measured import Answer
from harvest.server import Mailbox, MailServer


@dataclass(slots=True)
class Job:
    """A client that reads a mailbox once a round."""

    client: str
    tls: bool
    mailbox: Mailbox
    runs: list[Run] = field(default_factory=list)

    def median(self, value: Callable[[Answer], float]) -> float:
        """Return the median of a value over the rounds."""
        return statistics.median(value(run.answer) for run in self.runs)

    def compared(self, other: Job, value: Callable[[Answer], float]) -> float:
        """Return the median of the rounds' ratios of a value to another job's."""
        both = zip(self.runs, other.runs, strict=True)
        return statistics.median(value(mine.answer) / value(theirs.answer) for mine, theirs in both)

    @property
    def counts_equal(self) -> bool | None:
        """Say whether all counts were as expected; None where nothing was counted."""
        said = [run.counts_equal for run in self.runs if run.counts_equal is not None]
        return all(said) if said else None


def rate(answer: Answer) -> float:
    """Messages a second."""
    return answer.messages / answer.seconds


def cpu_per_message(answer: Answer) -> float:
    """Seconds of CPU."""
    return answer.cpu / answer.messages


class Rounds:
    """All that was measured of reading."""

    def __init__(self, server: MailServer, *, full: bool) -> None:
        """`full`: have the slow clients read the biggest mailbox too, in the place of the smallest."""
        self._server = server
        self.small, self.big = server.mailboxes[0], server.mailboxes[-1]
        slow = self.big if full else self.small
        self.jobs = [
            Job(RAW, True, self.big),
            Job(OURS, True, self.big),
            Job(RAW, False, self.big),
            Job(OURS, False, self.big),
            Job(RAW, True, self.small),
            Job(OURS, True, self.small),
            Job(IMAPFLOW, True, self.big),
            *(Job(name, True, slow) for name in CLIENTS if name not in {RAW, OURS, IMAPFLOW}),
        ]

    def run(self, rounds: int) -> None:
        """Run every job so many times."""
        console = Console(stderr=True)
        for number in range(1, rounds + 1):
            for job in self.jobs:
                transport = "TLS" if job.tls else "plain text"
                console.print(f"round {number}: {job.client}, {transport}, {job.mailbox.size} messages …")
                job.runs.append(CLIENTS[job.client](self._server, job.mailbox, job.tls))

    def job(self, client: str, *, tls: bool, mailbox: Mailbox) -> Job:
        """Return the job of a client."""
        found: Sequence[Job] = [
            job for job in self.jobs if (job.client, job.tls, job.mailbox) == (client, tls, mailbox)
        ]
        return found[0]
