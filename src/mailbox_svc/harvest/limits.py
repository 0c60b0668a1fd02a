"""How much a harvest may take. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HarvestLimits:
    """The limits of this process and of each run."""

    #: Runs at once in this process, and of one user among them; more wait in the queue.
    runs: int = 8
    runs_per_user: int = 2
    #: For connecting and logging in.
    connect_timeout: float = 30.0
    #: One attempt; then what was read is kept and the next one goes on.
    seconds: float = 4 * 3600.0
    #: A run belongs to its process this long after its last sign of life, which it gives thrice as often.
    lease: float = 30.0
    #: Messages, or time, after which a chunk is committed.
    chunk_messages: int = 25_000
    chunk_seconds: float = 2.0
    #: Contacts are judged this often during a run, and at its end.
    judge_every: float = 20.0
    #: Connections in a row that may fail after some mail was read, and the first pause, which doubles.
    retries: int = 4
    retry_pause: float = 0.5
    #: Between two looks for harvests that wait, or whose process has died.
    look_every: float = 5.0
