"""Putting selected contacts into a group, in a transaction of the caller's. Safe to repeat.

A dry run goes the same way and leaves out the writing, so that it cannot count otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from mailbox_svc.contacts import groups
from mailbox_svc.contacts.drafts import ImportOrder, Selection
from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.paging import cursor_of
from mailbox_svc.contacts.rank import score_at
from mailbox_svc.contacts.rules import MAX_GROUPS
from mailbox_svc.contacts.search import words
from mailbox_svc.errors import TooManyGroups
from mailbox_svc.model.contact import Contact, Filter, Group, ImportResult, Kind, Order, SkipReason
from mailbox_svc.model.harvest import Policy
from mailbox_svc.ports import Transaction

#: Contacts of one step: what is in memory at a time.
_STEP = 1000
#: What choosing a contact does not overcome.
_NEVER = frozenset({SkipReason.DELETED, SkipReason.OWN_ADDRESS, SkipReason.MERGED})


async def import_contacts(
    tx: Transaction, user_id: str, order: ImportOrder, *, now: datetime, new_id: Callable[[], str]
) -> ImportResult:
    """Import as a checked order says. Raises GroupNotFound or TooManyGroups."""
    group = await _target(tx, user_id, order, now=now, new_id=new_id)
    run = _Run(tx, group, dry=order.dry_run, now=now)
    if order.selection.ids:
        await run.take_these(order.selection.ids)
    else:
        await run.take_all(order.selection)
    if group is not None and run.changed:
        group = await groups.members_changed(tx, group, now=now)
    return ImportResult(group, run.added, run.updated, run.unchanged, dict(run.skipped))


async def _target(
    tx: Transaction, user_id: str, order: ImportOrder, *, now: datetime, new_id: Callable[[], str]
) -> Group | None:
    """Return the group; None on a dry run when it would be made."""
    if order.group_name is None:
        return await groups.existing(tx, order.group_id or "")
    if group := await _locked(tx, order.group_name):
        return group
    full = await tx.groups.count() >= MAX_GROUPS
    # Counting has waited for whoever was making a group: it may be this one.
    if group := await _locked(tx, order.group_name):
        return group
    if full:
        raise TooManyGroups
    if order.dry_run:
        return None
    return await groups.create(tx, user_id, new_id(), order.group_name, now=now)


async def _locked(tx: Transaction, name: str) -> Group | None:
    """Return the group of this name, which nobody can delete before the transaction ends."""
    group = await tx.groups.named(name)
    return group and await tx.groups.find(group.id)


class _Run:
    """One import: what it has counted so far."""

    def __init__(self, tx: Transaction, group: Group | None, *, dry: bool, now: datetime) -> None:
        self._tx = tx
        self._group = group
        self._dry = dry
        self._now = now
        self.added = self.updated = self.unchanged = 0
        self.skipped: Counter[SkipReason] = Counter()

    @property
    def changed(self) -> bool:
        """Whether members were put into the group."""
        return not self._dry and bool(self.added or self.updated)

    async def take_these(self, ids: Sequence[str]) -> None:
        """Take contacts that were named one by one, whatever they were judged to be."""
        found = await self._named(ids)
        self._skip(SkipReason.NOT_FOUND, len(ids) - len(found))
        chosen = []
        for contact in found:
            if contact.skipped in _NEVER:
                self._skip(contact.skipped, 1)
            else:
                chosen.append(contact)
        left_out = [contact.id for contact in chosen if contact.skipped]
        if left_out and not self._dry:
            await self._keep(left_out)
            chosen = await self._named([contact.id for contact in chosen])
        await self._take(chosen)

    async def take_all(self, selection: Selection) -> None:
        """Take all kept contacts that meet every condition, and count what else matches the query."""
        matching = Filter(mailbox_id=selection.mailbox_id, words=words(selection.query))
        await self._count_skipped(matching)
        others = frozenset(Kind) - selection.kinds
        if others:
            self._skip(SkipReason.OTHER_KIND, await self._tx.contacts.count(replace(matching, kinds=others)))
        least = score_at(selection.min_rank, self._now)
        async for contacts in _pages(self._tx, replace(matching, kinds=selection.kinds)):
            chosen = []
            for contact in contacts:
                reason = _left_out(contact, selection.policy, least)
                if reason is None:
                    chosen.append(contact)
                else:
                    self._skip(reason, 1)
            await self._take(chosen)

    async def _named(self, ids: Sequence[str]) -> list[Contact]:
        which = Filter(ids=frozenset(ids), kept=None)
        return await self._tx.contacts.page(which, Order.RANK, after=None, limit=len(ids))

    async def _keep(self, ids: Sequence[str]) -> None:
        """Make contacts of those that were left out, before their revision is remembered."""
        found = await self._tx.contacts.evidence(ids)
        evidence = [replace(one, grouped=True) for one in found]
        await self._tx.contacts.judge([(one, judge(one)) for one in evidence], now=self._now)

    async def _count_skipped(self, matching: Filter) -> None:
        left_out = replace(matching, kept=False)
        if await self._tx.contacts.count(left_out):
            for reason in SkipReason:
                count = await self._tx.contacts.count(replace(left_out, skipped=frozenset({reason})))
                self._skip(reason, count)

    async def _take(self, contacts: Sequence[Contact]) -> None:
        known = await self._revisions(contacts)
        changed = [contact for contact in contacts if known.get(contact.id) != contact.revision]
        added = sum(contact.id not in known for contact in changed)
        self.added += added
        self.updated += len(changed) - added
        self.unchanged += len(contacts) - len(changed)
        if not self._dry:
            await self._remember(changed)

    async def _revisions(self, contacts: Sequence[Contact]) -> dict[str, int]:
        if self._group is None or not contacts:
            return {}
        return await self._tx.groups.revisions(self._group.id, [contact.id for contact in contacts])

    async def _remember(self, contacts: Sequence[Contact]) -> None:
        if self._group is not None and contacts:
            members = [(contact.id, contact.revision) for contact in contacts]
            await self._tx.groups.put_members(self._group.id, members)

    def _skip(self, reason: SkipReason, count: int) -> None:
        if count:
            self.skipped[reason] += count


def _left_out(contact: Contact, policy: Policy | None, least: float) -> SkipReason | None:
    if policy is Policy.WROTE_TO and not contact.wrote_to:
        return SkipReason.NEVER_WROTE_TO
    if policy is Policy.CORRESPONDED and not (contact.wrote_to or contact.received):
        return SkipReason.NEVER_EXCHANGED
    return SkipReason.BELOW_RANK if contact.score < least else None


async def _pages(tx: Transaction, which: Filter) -> AsyncIterator[list[Contact]]:
    after = None
    while page := await tx.contacts.page(which, Order.RANK, after=after, limit=_STEP):
        yield page
        if len(page) < _STEP:
            return
        after = cursor_of(page[-1], Order.RANK)
