"""When the next run of a mailbox is due."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

#: The first run after a schedule was switched on comes within this time.
SOON: Final = timedelta(seconds=3)
#: Backing off: nothing is tried again sooner, or later.
MIN_BACKOFF: Final = timedelta(minutes=1)
MAX_BACKOFF: Final = timedelta(hours=6)
#: A server that asks for a longer pause than this gets this one.
MAX_HINT: Final = timedelta(hours=24)
#: What an interval is moved by, so that what began together does not stay together.
_JITTER: Final = 0.1


def soon(now: datetime) -> datetime:
    """Return when a schedule that was switched on begins."""
    return now + SOON * random.random()


def after_success(now: datetime, interval: timedelta) -> datetime:
    """Return when the run after one that worked is due."""
    return now + interval * random.uniform(1 - _JITTER, 1 + _JITTER)


def after_failure(now: datetime, failures: int, hint: float | None) -> datetime:
    """Return when the run after the given number of failures in a row is due.

    Exponential with full jitter: anywhere up to 2, 4, 8, … minutes, but never at once. `hint` is how many
    seconds the server asked to be left alone; each of its mailboxes comes back at another time.
    """
    most = min(MAX_BACKOFF, MIN_BACKOFF * 2.0 ** min(failures, 20))
    pause = max(MIN_BACKOFF, most * random.random())
    if hint is not None:
        pause = max(pause, min(timedelta(seconds=hint), MAX_HINT) * random.uniform(1, 1 + _JITTER))
    return now + pause
