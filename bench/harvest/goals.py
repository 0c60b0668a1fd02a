"""Holds what was measured against the goals."""

from __future__ import annotations

from collections.abc import Iterator

from harvest.clients import IMAPFLOW, OURS, RAW
from harvest.rounds import Rounds, cpu_per_message, rate
from harvest.tables import Goal

#: The least share of a raw read, in clear text and over TLS.
_OF_PLAIN, _OF_TLS = 0.35, 0.5
_OF_IMAPFLOW = 10.0
#: Seconds of CPU a message.
_CPU = 20e-6
#: Bytes above idle, and how far they may be apart for a small and a big mailbox.
_MEMORY, _APART = 60e6, 10e6
#: A round trip of 80 ms: how many times as long as without, and so many seconds more.
_TIMES, _SECONDS = 1.3, 2.0


def of_reading(rounds: Rounds) -> Iterator[Goal]:
    """Yield the goals that the rounds decide."""
    ours = rounds.job(OURS, tls=True, mailbox=rounds.big)
    for tls, least in ((False, _OF_PLAIN), (True, _OF_TLS)):
        over = "TLS" if tls else "plain text"
        raw = rounds.job(RAW, tls=tls, mailbox=rounds.big)
        share = rounds.job(OURS, tls=tls, mailbox=rounds.big).compared(raw, rate)
        yield Goal(
            f"whole path against the raw read, {over}", f"at least {least}", f"{share:.2f}", share >= least
        )
    times = ours.compared(rounds.job(IMAPFLOW, tls=True, mailbox=rounds.big), rate)
    yield Goal(
        "against imapflow at the same job",
        f"at least {_OF_IMAPFLOW:.0f} times",
        f"{times:.1f} times",
        times >= _OF_IMAPFLOW,
    )
    for tls in (False, True):
        cpu = rounds.job(OURS, tls=tls, mailbox=rounds.big).median(cpu_per_message)
        yield Goal(
            f"CPU a message, {'TLS' if tls else 'plain text'}",
            f"at most {_CPU * 1e6:.0f} µs",
            f"{cpu * 1e6:.1f} µs",
            cpu <= _CPU,
        )
    yield _memory(rounds)
    counted = [job for job in rounds.jobs if job.counts_equal is not None]
    wrong = ", ".join(dict.fromkeys(job.client for job in counted if not job.counts_equal))
    yield Goal("counts", "all equal", wrong or f"{len(counted)} of {len(counted)}", not wrong)


def of_delay(without: float, with_delay: float) -> Goal:
    """Return the goal of a long way to the server; seconds."""
    most = _TIMES * without + _SECONDS
    return Goal(
        "80 ms round trip",
        f"at most {_TIMES} times {without:.1f} s + {_SECONDS:.0f} s = {most:.1f} s",
        f"{with_delay:.1f} s",
        with_delay <= most,
    )


def _memory(rounds: Rounds) -> Goal:
    small, big = (
        rounds.job(OURS, tls=True, mailbox=mailbox).median(lambda answer: answer.memory)
        for mailbox in (rounds.small, rounds.big)
    )
    return Goal(
        f"peak memory above idle, {rounds.small.size:,} and {rounds.big.size:,} messages",
        f"at most {_MEMORY / 1e6:.0f} MB, {_APART / 1e6:.0f} apart",
        f"{small / 1e6:.1f} and {big / 1e6:.1f} MB",
        max(small, big) <= _MEMORY and abs(big - small) <= _APART,
    )
