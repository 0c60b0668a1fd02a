"""Token buckets."""

from __future__ import annotations

import pytest

from mailbox_svc.errors import RateLimited
from mailbox_svc.mailboxes.limits import Rate, RateLimiter


class Ticks:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_count_is_given_at_once_and_then_refused_with_the_time_to_wait() -> None:
    limiter = RateLimiter(Rate(3, 60), monotonic=Ticks())
    for _ in range(3):
        limiter.take("alice", message="no")
    with pytest.raises(RateLimited) as caught:
        limiter.take("alice", message="too many")
    assert caught.value.message == "too many"
    assert caught.value.retry_after == pytest.approx(20)


def test_waiting_as_told_is_enough() -> None:
    ticks = Ticks()
    limiter = RateLimiter(Rate(1, 60), monotonic=ticks)
    limiter.take("alice", message="no")
    with pytest.raises(RateLimited) as caught:
        limiter.take("alice", message="no")
    ticks.now += caught.value.retry_after
    limiter.take("alice", message="no")


def test_keys_do_not_share() -> None:
    limiter = RateLimiter(Rate(1, 60), monotonic=Ticks())
    limiter.take("alice", message="no")
    limiter.take("bob", message="no")


def test_a_refused_call_costs_nothing() -> None:
    ticks = Ticks()
    limiter = RateLimiter(Rate(1, 60), monotonic=ticks)
    limiter.take("alice", message="no")
    for _ in range(100):
        with pytest.raises(RateLimited):
            limiter.take("alice", message="no")
    ticks.now += 60
    limiter.take("alice", message="no")


def test_a_small_weight_lets_more_through() -> None:
    limiter = RateLimiter(Rate(1, 60), monotonic=Ticks())
    for _ in range(50):
        limiter.take("gmail", message="no", weight=0.02)
    with pytest.raises(RateLimited):
        limiter.take("gmail", message="no", weight=0.02)


def test_memory_is_bounded_by_forgetting_the_key_used_longest_ago() -> None:
    limiter = RateLimiter(Rate(1, 60), monotonic=Ticks())
    for n in range(60_000):
        limiter.take(n, message="no")
    assert len(limiter._buckets) == 50_000
    with pytest.raises(RateLimited):
        limiter.take(59_999, message="no")
