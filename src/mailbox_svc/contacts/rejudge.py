"""Judges some contacts at once, in the transaction that has changed what they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbox_svc.contacts.judge import judge
from mailbox_svc.ports import Transaction


async def rejudge(tx: Transaction, contact_ids: Sequence[str], *, now: datetime) -> None:
    """Make these contacts what their evidence says by now. A harvest's changes wait for `refresh`."""
    evidence = await tx.contacts.evidence(contact_ids)
    await tx.contacts.judge([(one, judge(one)) for one in evidence], now=now)
