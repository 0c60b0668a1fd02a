"""When the next run is due: spread, and later with each failure."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from mailbox_svc.sync.times import MAX_BACKOFF, MAX_HINT, MIN_BACKOFF, after_failure, after_success, soon

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _same_chances() -> None:
    random.seed(1)


def test_runs_are_spread_by_a_tenth_of_the_interval() -> None:
    pauses = [after_success(NOW, QUARTER) - NOW for _ in range(2000)]
    assert 0.9 * QUARTER <= min(pauses) < 0.91 * QUARTER
    assert 1.09 * QUARTER < max(pauses) <= 1.1 * QUARTER
    assert sum(pauses, timedelta()) / 2000 == pytest.approx(QUARTER, rel=0.01)


def test_a_schedule_that_is_switched_on_begins_within_seconds_and_not_with_all_others() -> None:
    pauses = [soon(NOW) - NOW for _ in range(100)]
    assert max(pauses) < timedelta(seconds=3)
    assert max(pauses) - min(pauses) > timedelta(seconds=2)


@pytest.mark.parametrize(("failures", "most"), [(1, 2), (2, 4), (5, 32), (9, 360), (1000, 360)])
def test_pauses_after_failures_double_up_to_six_hours_with_full_jitter(failures: int, most: int) -> None:
    pauses = [after_failure(NOW, failures, None) - NOW for _ in range(1000)]
    assert min(pauses) == MIN_BACKOFF if most < 30 else min(pauses) < MAX_BACKOFF / 20
    assert 0.95 * timedelta(minutes=most) < max(pauses) <= timedelta(minutes=most)


def test_what_a_server_asks_for_is_honoured_and_its_mailboxes_do_not_return_together() -> None:
    pauses = [after_failure(NOW, 1, 1800.0) - NOW for _ in range(200)]
    assert min(pauses) >= timedelta(minutes=30)
    assert max(pauses) - min(pauses) > timedelta(minutes=2)


def test_no_server_stops_a_mailbox_for_longer_than_a_day() -> None:
    pauses = [after_failure(NOW, 1, 1e9) - NOW for _ in range(100)]
    assert min(pauses) >= MAX_HINT
    assert max(pauses) <= 1.1 * MAX_HINT
