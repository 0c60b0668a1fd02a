"""How often the service may log in for a user: token buckets in this process's memory, bounded in number."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from mailbox_svc.errors import RateLimited
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of

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


@dataclass(frozen=True, slots=True)
class TestRates:
    """How often tests and harvests may begin, counted in each process."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    per_user_per_minute: int = 20
    #: By host and port, over all users: a service must not be a tool against one server.
    per_destination_per_minute: int = 60
    #: Well-known providers are the destination of most users; they bear this many times more.
    known_provider_factor: int = 50


class LoginLimits:
    """Keeps whoever has a token from trying passwords, and the service from being a tool against a server."""

    def __init__(self, rates: TestRates | None = None) -> None:
        rates = rates or TestRates()
        self._of_user = RateLimiter(Rate(rates.per_user_per_minute, 60))
        self._of_destination = RateLimiter(Rate(rates.per_destination_per_minute, 60))
        self._known_weight = 1 / rates.known_provider_factor

    def take(self, user_id: str, destination: Destination) -> None:
        """Count one login at this destination for this user. Raises RateLimited."""
        self._of_user.take(
            user_id, message="Too many tests and harvests by this user; try again a little later."
        )
        self._of_destination.take(
            (destination.host, destination.port),
            message="Too many tests and harvests of this server; try again a little later.",
            weight=self._known_weight if provider_of(destination.host) else 1.0,
        )
