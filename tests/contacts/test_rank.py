from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailbox_svc.contacts.rank import HALF_LIFE, rank_at, score_at, score_of
from mailbox_svc.model.tally import Tally

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = int(NOW.timestamp())
YEAR = timedelta(seconds=HALF_LIFE)


def sent(count: int, *, at: int = TODAY, **more: int) -> Tally:
    return Tally(sent_to=count, last_sent_at=at, last_at=at, **more)


def received(count: int, *, at: int = TODAY, **more: int) -> Tally:
    return Tally(received=count, last_received_at=at, last_at=at, **more)


def rank(tally: Tally, now: datetime = NOW) -> int:
    return rank_at(score_of(tally), now)


@pytest.mark.parametrize(
    ("closer", "further"),
    [
        (sent(1), received(1)),
        (sent(1), received(100)),
        (sent(2), sent(1)),
        (sent(60), sent(20)),
        (sent(1), Tally(sent_cc=1, last_sent_at=TODAY, last_at=TODAY)),
        (sent(3, received=3, last_received_at=TODAY), sent(3)),
        (received(1), Tally(received_indirectly=1, last_received_at=TODAY, last_at=TODAY)),
        (Tally(received_indirectly=1, last_received_at=TODAY), Tally(together=1, last_at=TODAY)),
        (received(2), received(1)),
        (Tally(together=2, last_at=TODAY), Tally(together=1, last_at=TODAY)),
        (sent(1), sent(1, at=TODAY - 86_400)),
        (sent(1), sent(1, at=0)),
    ],
)
def test_the_closer_one_has_the_higher_score(closer: Tally, further: Tally) -> None:
    assert score_of(closer) > score_of(further)


def test_a_dozen_letters_years_ago_and_one_of_today_are_of_like_rank() -> None:
    assert abs(rank(sent(12, at=TODAY - int(3.5 * HALF_LIFE))) - rank(sent(1))) <= 3


def test_an_answer_of_long_ago_adds_next_to_nothing() -> None:
    lately, long_ago = (sent(9, received=9, last_received_at=TODAY - age) for age in (0, int(9 * HALF_LIFE)))
    assert score_of(lately) - score_of(sent(9)) > 0.5
    assert 0 < score_of(long_ago) - score_of(sent(9)) < 0.01


def test_somebody_who_only_writes_never_comes_near_those_the_user_writes_to_often() -> None:
    assert rank(received(100_000)) < rank(sent(2))


def test_whoever_was_seen_once_has_a_rank_near_zero_and_whoever_writes_daily_one_near_a_hundred() -> None:
    assert rank(Tally(together=1, last_at=TODAY)) <= 2
    assert rank(sent(200, received=200, last_received_at=TODAY)) == 100
    assert 30 <= rank(sent(1)) <= 50


def test_rank_falls_with_time_and_ends_at_zero() -> None:
    score = score_of(sent(10, received=10, last_received_at=TODAY))
    ranks = [rank_at(score, NOW + year * YEAR) for year in range(0, 40, 2)]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[1] > ranks[2]
    assert ranks[-1] == 0


def test_the_order_of_scores_is_the_order_of_ranks_at_any_time() -> None:
    scores = sorted(
        [score_of(sent(n, at=TODAY - n * 10_000_000)) for n in range(1, 40)]
        + [score_of(received(n, at=TODAY - n * 3_000_000)) for n in range(1, 40)]
    )
    for year in (-3, 0, 7, 30):
        ranks = [rank_at(score, NOW + year * YEAR) for score in scores]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize("now", [NOW, NOW + 31 * YEAR, datetime(1999, 1, 1, 3, 7, 11, 123456, tzinfo=UTC)])
def test_the_least_score_of_a_rank_has_that_rank_and_anything_less_has_not(now: datetime) -> None:
    for wanted in range(1, 101):
        least = score_at(wanted, now)
        assert rank_at(least, now) == wanted
        assert rank_at(least - 1e-9, now) == wanted - 1


def test_every_score_has_at_least_rank_zero() -> None:
    assert score_at(0, NOW) < score_of(Tally()) == 0.0
    assert rank_at(score_of(Tally()), NOW) == 0
    assert rank_at(score_at(0, NOW), NOW) == 0


def test_dates_far_in_the_future_overflow_nothing() -> None:
    assert rank(sent(1, at=2**33)) == 100
    assert score_of(sent(1, at=253_402_300_799)) > score_of(sent(1))
