"""Groups of contacts, in a transaction of the caller's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from mailbox_svc.contacts.drafts import GroupDraft
from mailbox_svc.contacts.rules import MAX_GROUPS
from mailbox_svc.errors import GroupNotFound, StaleGroup, TooManyGroups
from mailbox_svc.model.contact import Group
from mailbox_svc.ports import Transaction


async def save(
    tx: Transaction, user_id: str, wanted: GroupDraft, *, now: datetime, new_id: Callable[[], str]
) -> Group:
    """Create or rename a group as a checked draft wants it.

    Raises GroupNotFound, GroupNameTaken, StaleGroup or TooManyGroups.
    """
    stored = None if wanted.id is None else await tx.groups.find(wanted.id)
    if stored is None:
        if wanted.etag is not None:
            # It was meant to rename something that is gone, or was never the caller's.
            raise GroupNotFound
        return await create(tx, user_id, wanted.id or new_id(), wanted.name, now=now)
    if wanted.etag not in {None, stored.etag}:
        raise StaleGroup
    if wanted.name == stored.name:
        return stored
    renamed = replace(stored, name=wanted.name, etag=_new_etag(), updated_at=now)
    await tx.groups.update(renamed)
    return renamed


async def create(tx: Transaction, user_id: str, group_id: str, name: str, *, now: datetime) -> Group:
    """Add an empty group.

    Raises GroupNotFound when the id is another user's, GroupNameTaken or TooManyGroups.
    """
    if await tx.groups.count() >= MAX_GROUPS:
        raise TooManyGroups
    group = Group(
        id=group_id, user_id=user_id, name=name, members=0, etag=_new_etag(), created_at=now, updated_at=now
    )
    await tx.groups.insert(group)
    return group


async def remove_members(
    tx: Transaction, group_id: str, contact_ids: Sequence[str], *, now: datetime
) -> Group:
    """Take contacts out of a group and return it. Raises GroupNotFound."""
    group = await existing(tx, group_id)
    removed = await tx.groups.remove_members(group_id, contact_ids)
    return await members_changed(tx, group, now=now) if removed else group


async def members_changed(tx: Transaction, group: Group, *, now: datetime) -> Group:
    """Note that members came or went, and return the group as it is now. The etag is the name's alone."""
    await tx.groups.update(replace(group, updated_at=now))
    return await existing(tx, group.id)


async def existing(tx: Transaction, group_id: str) -> Group:
    """Return the group. Raises GroupNotFound."""
    group = await tx.groups.find(group_id)
    if group is None:
        raise GroupNotFound
    return group


def _new_etag() -> str:
    return secrets.token_hex(8)
