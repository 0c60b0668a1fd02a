"""Judges anew what has changed. Reads no mail, and asks nothing but the store and the clock."""

from __future__ import annotations

import asyncio

from mailbox_svc.contacts.judge import judge
from mailbox_svc.model.contact import ContactEvidence, Judgement
from mailbox_svc.ports import Clock, Store

#: Contacts of one transaction.
_PAGE = 1000
#: Contacts judged before others may run: about two milliseconds.
_AT_ONCE = 50


async def refresh(store: Store, user_id: str, *, clock: Clock) -> int:
    """Judge all of the user's contacts whose evidence has changed; return how many that were.

    Each page is one transaction, so a run that is cut short has done a part of the work, and the next does
    the rest. Several at a time do no harm: what one has judged, the next does not find.
    """
    count = 0
    while True:
        async with store.begin(user_id) as tx:
            page = await tx.contacts.unjudged(_PAGE)
            if not page:  # a short one is no sign that it was the last
                return count
            await tx.contacts.judge(await _judged(page), now=clock())
        count += len(page)


async def _judged(page: list[ContactEvidence]) -> list[tuple[ContactEvidence, Judgement | None]]:
    judged = []
    for number, evidence in enumerate(page, 1):
        judged.append((evidence, judge(evidence)))
        if not number % _AT_ONCE:
            await asyncio.sleep(0)
    return judged
