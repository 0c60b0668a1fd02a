"""Storing contacts and groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mailbox_svc.model.contact import (
    Contact,
    ContactEvidence,
    Cursor,
    Filter,
    Group,
    Judgement,
    Order,
)
from mailbox_svc.model.duplicate import Candidate, Merge


class ContactRepository(Protocol):
    """The contacts of the transaction's user. Never commits."""

    async def unjudged(self, limit: int) -> list[ContactEvidence]:
        """Return up to `limit` contacts whose evidence has changed since they were judged.

        One that has no evidence left comes without tallies.
        """

    async def evidence(self, contact_ids: Sequence[str]) -> list[ContactEvidence]:
        """Return what these contacts are judged by, whether it has changed or not. Order means nothing.

        Until this transaction ends, no other one changes, judges or deletes contacts of the user.
        """

    async def judge(
        self, judged: Sequence[tuple[ContactEvidence, Judgement | None]], *, now: datetime
    ) -> None:
        """Store what `unjudged` or `evidence` gave in this transaction with its judgement; mark it judged.

        None removes the contact. New ones get an id. `revision` grows where name, addresses or kind differ.
        """

    async def find(self, contact_id: str) -> Contact | None:
        """Return the contact, kept or skipped."""

    async def page(self, which: Filter, order: Order, *, after: Cursor | None, limit: int) -> list[Contact]:
        """Return up to `limit` contacts that come after the cursor. Ties are in the order of ids."""

    async def count(self, which: Filter) -> int:
        """Return how many match."""

    async def update(self, contact: Contact) -> None:
        """Store what the user typed, with etag and `updated_at`; `find` gave it in this transaction."""

    async def delete(self, contact_id: str, *, now: datetime) -> None:
        """Erase what is known and keep only that its addresses are not wanted; leave all groups."""


class DuplicateRepository(Protocol):
    """Merges of the transaction's user, and what they are suggested from. Never commits."""

    async def state(self) -> str:
        """Return a short text that is another one whenever `candidates` or `dismissed` would be."""

    async def candidates(self) -> list[Candidate]:
        """Return every contact that is kept (not skipped), in the order of ids."""

    async def dismissed(self) -> set[tuple[str, str]]:
        """Return the pairs that are not one person, the smaller id first."""

    async def dismiss(self, first: str, second: str, *, now: datetime) -> None:
        """Remember that these two are not one person; both exist. Twice is once."""

    async def merge(self, merge: Merge) -> None:
        """Give the kept contact the others' addresses and groups, and `typed_after`; hide the others.

        What they were judged by is the kept one's evidence from now on, also what comes in later. The
        hidden ones are SkipReason.MERGED, keep what the user typed and their groups, and leave all lists but
        that of what was skipped. Judges nothing.
        """

    async def find_merge(self, merge_id: str) -> Merge | None:
        """Return the merge unless it was taken back, or one of its contacts is gone or deleted."""

    async def later_merge(self, merge: Merge) -> bool:
        """Say whether any of its contacts took part in a merge after it that was not taken back."""

    async def undo(self, merge: Merge) -> None:
        """Take it back: addresses by their match keys, groups that the merge added, what each was.

        What the user typed becomes as before, field by field, where it still is as in `typed_after`. Judges
        nothing.
        """


class GroupRepository(Protocol):
    """The groups of the transaction's user. Never commits."""

    async def all(self) -> list[Group]:
        """Return all groups by name, then id."""

    async def count(self) -> int:
        """Return how many there are; no other transaction can add one until this ends."""

    async def find(self, group_id: str) -> Group | None:
        """Return the group, locked against other writers until the transaction ends."""

    async def named(self, name: str) -> Group | None:
        """Return the group whose name is equal but for case."""

    async def insert(self, group: Group) -> None:
        """Add it. Raises GroupNotFound when the id is another user's, GroupNameTaken."""

    async def update(self, group: Group) -> None:
        """Store name, etag and `updated_at`. Raises GroupNameTaken."""

    async def delete(self, group_id: str) -> bool:
        """Remove it with its memberships; False when there is none."""

    async def revisions(self, group_id: str, contact_ids: Sequence[str]) -> dict[str, int]:
        """Return, for those that are members, the contact's revision at its latest import."""

    async def put_members(self, group_id: str, members: Sequence[tuple[str, int]]) -> None:
        """Add contacts, or set the revision (id, revision) of those that are members already.

        From then on `ContactEvidence.grouped` is true of them, even when they leave the group.
        """

    async def remove_members(self, group_id: str, contact_ids: Sequence[str]) -> int:
        """Take these out; return how many were members."""
