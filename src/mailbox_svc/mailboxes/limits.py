"""How often tests may run: token buckets in this process's memory, bounded in number."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from mailbox_svc.errors import RateLimited

#: More keys than this and the one used longest ago is forgotten; it would be full again anyway.
_MAX_KEYS = 50_000
#: Tokens are floats; who waited exactly as long as told must get through.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, refilled evenly over so many seconds."""

    count: int
    seconds: float


class RateLimiter:
    """One token bucket per key."""

    def __init__(self, rate: Rate, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, *, message: str, weight: float = 1.0) -> None:
        """Take `weight` tokens. Raises RateLimited, taking nothing, when there are not as many."""
        now = self._monotonic()
        per_second = self._rate.count / self._rate.seconds
        tokens, then = self._buckets.get(key, (float(self._rate.count), now))
        tokens = min(self._rate.count, tokens + (now - then) * per_second)
        if tokens + _ROUNDING < weight:
            raise RateLimited(message, retry_after=(weight - tokens) / per_second)
        self._buckets[key] = (tokens - weight, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MAX_KEYS:
            self._buckets.popitem(last=False)
