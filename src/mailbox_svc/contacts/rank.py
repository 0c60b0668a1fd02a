"""How close a contact is, as a number. Knows no clock: who asks says what time it is.

Every kind of exchange earns points that halve with each half-life since the latest of it. A sum of such
points keeps its order among all contacts as time goes by, so its logarithm can be stored and sorted; only
the 0 to 100 that people see depends on the time of looking.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import datetime

from mailbox_svc.model.tally import Tally

#: Seconds after which an exchange counts half. A year lies between the 180 to 270 days of some
#: address books and the two years of others; friends who write at Christmas stay above strangers.
HALF_LIFE = 365.25 * 24 * 3600

#: Points of one message. That the user wrote outweighs what anybody else did.
_TO, _CC, _ANSWERED, _RECEIVED, _INDIRECTLY, _TOGETHER = 16.0, 6.0, 8.0, 1.0, 0.25, 0.1
#: Messages at which half of the most is reached: the hundredth letter says less than the first.
_MANY_SENT, _MANY_RECEIVED = 100.0, 12.0
#: Points that are rank 100: about sixty letters answered lately.
_FULL = 1024.0


def score_of(tally: Tally) -> float:
    """Return the score: log2 of the points, in half-lives since 1970.

    That an address answered is told by mail in both directions.
    """
    both = min(tally.wrote_to, tally.wrote_to_user)
    seen = tally.together + tally.reply_to + tally.sender
    received = _RECEIVED * _saturated(tally.received, _MANY_RECEIVED)
    received += _INDIRECTLY * _saturated(tally.received_indirectly, _MANY_RECEIVED)
    parts = (
        (_saturated(_TO * tally.sent_to + _CC * tally.sent_cc, _TO * _MANY_SENT), tally.last_sent_at),
        (_ANSWERED * _saturated(both, _MANY_SENT), min(tally.last_sent_at, tally.last_received_at)),
        (received, tally.last_received_at),
        (_TOGETHER * _saturated(seen, _MANY_RECEIVED), tally.last_at),
    )
    # Seen from the latest of all: powers of what lies millennia ahead (dates are forged) would overflow.
    latest = max(at for _, at in parts)
    total = sum(points * 2.0 ** ((at - latest) / HALF_LIFE) for points, at in parts)
    return math.log2(total) + latest / HALF_LIFE if total else 0.0


def rank_at(score: float, now: datetime) -> int:
    """Return 0 (nothing, or long ago) to 100 for a score, as seen at `now`."""
    age = now.timestamp() / HALF_LIFE
    return bisect_right(_LEAST, score, key=lambda least: least + age)


def score_at(rank: int, now: datetime) -> float:
    """Return the least score that has this rank at `now`; minus infinity for 0."""
    if rank <= 0:
        return -math.inf
    return _LEAST[min(rank, 100) - 1] + now.timestamp() / HALF_LIFE


def _saturated(count: float, half: float) -> float:
    """Return `count` for small ones; large ones approach `half`."""
    return count * half / (count + half)


#: By rank from 1: the least log2 of points. Ranks are even steps of log2(1 + points).
_LEAST = tuple(math.log2(2.0 ** (math.log2(1 + _FULL) * rank / 100) - 1) for rank in range(1, 101))
