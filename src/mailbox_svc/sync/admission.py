"""Which of the mailboxes that are due go into the queue now. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from mailbox_svc.model.schedule import Claim, DueSync
from mailbox_svc.sync.limits import SyncLimits

#: Seconds. Nobody is sent away for longer.
_LONGEST_PAUSE = 300.0


def admit(
    due: Sequence[DueSync], in_flight: Mapping[str, int], limits: SyncLimits, now: datetime
) -> list[Claim]:
    """Decide on each, oldest first: one of an account at a time, and of each host as many as it may have.

    Who finds no room comes back within seconds, at a time of its own; later the more were sent away before
    it, as it would find no room sooner. So a host that is full never stands in the way of others.
    """
    of_host = Counter(in_flight)
    sent_away: Counter[str] = Counter()
    accounts: set[str] = set()
    claims = []
    for one in due:
        free = one.account not in accounts and not one.account_busy
        # One that was in flight is counted already.
        room = one.in_flight or of_host[one.host] < limits.of_host(one.host)
        admitted = free and room
        if admitted:
            accounts.add(one.account)
            of_host[one.host] += not one.in_flight
        crowd = sent_away[one.host] / limits.of_host(one.host)
        sent_away[one.host] += not room
        pause = min(random.uniform(*limits.again_after) * max(1, crowd), _LONGEST_PAUSE)
        again = now + timedelta(seconds=pause)
        lost = now + timedelta(seconds=limits.lost_after)
        claims.append(Claim(one, admitted=admitted, lost_at=lost, again_at=again))
    return claims
