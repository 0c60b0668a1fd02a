"""Storing harvests: their state, how far each folder was read, and what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mailbox_svc.model.harvest import FolderPosition, Harvest, Policy, Progress
from mailbox_svc.model.tally import Chunk


class HarvestRepository(Protocol):
    """The harvests of the transaction's user. Never commits."""

    async def find(self, harvest_id: str) -> Harvest | None:
        """Return the harvest."""

    async def latest(self, mailbox_id: str) -> Harvest | None:
        """Return the mailbox's harvest that was created last."""

    async def unfinished(self, mailbox_id: str) -> Harvest | None:
        """Return the one that is QUEUED or RUNNING; there is at most one."""

    async def insert(self, harvest: Harvest) -> None:
        """Add it. Raises MailboxNotFound when the mailbox is not the user's."""

    async def claim(
        self, harvest_id: str, *, now: datetime, lease_until: datetime, apart: bool = True
    ) -> Harvest | None:
        """Take the run up: RUNNING, one attempt more, `started_at` set if it was not.

        None when it has ended, or is RUNNING under a lease that is good after `now`; and unless it is to run
        `apart` from others like it, when `CRASHES_TOGETHER` processes have ended under it.
        """

    async def beat(self, harvest_id: str, attempt: int, *, progress: Progress, lease_until: datetime) -> bool:
        """Store progress and lease. False, and nothing stored, when it is not RUNNING in this attempt."""

    async def forget_crashes(self, harvest_id: str) -> None:
        """Count anew how many processes in a row end under it."""

    async def finish(self, harvest: Harvest) -> bool:
        """Store state, progress, failure, skipped folders and `ended_at` of a harvest that has ended.

        False, and nothing stored, when it is not RUNNING in `harvest.attempt`.
        """

    async def cancel(self, harvest_id: str, *, now: datetime) -> None:
        """Make it CANCELLED unless it has ended."""

    async def policy(self, mailbox_id: str) -> Policy:
        """Return the mailbox's policy; CORRESPONDED until one was set."""

    async def set_policy(self, mailbox_id: str, policy: Policy) -> None:
        """Set it, and mark what this mailbox has seen for judging anew if it has changed."""


class FolderRepository(Protocol):
    """How far the folders of the user's mailboxes were read, and what they have contributed."""

    async def all(self, mailbox_id: str) -> list[FolderPosition]:
        """Return the folders of a mailbox, oldest first."""

    async def add(self, mailbox_id: str, raw_name: bytes, uidvalidity: int) -> FolderPosition:
        """Add a folder of which nothing was read. Raises MailboxNotFound."""

    async def take_back(self, folder_id: int) -> None:
        """Forget the folder with all it has contributed, and mark what it has seen for judging anew."""

    async def commit(self, folder_id: int, chunk: Chunk) -> None:
        """Add a chunk to the tallies and move the folder's position to `chunk.last_uid`."""

    async def set_highestmodseq(self, folder_id: int, value: int | None) -> None:
        """Remember it for the next run."""

    async def message_keys(self, mailbox_id: str) -> Sequence[bytes]:
        """Return the keys of all messages of the mailbox that count, eight bytes each, in any pieces."""

    async def own_addresses(self) -> dict[str, set[str]]:
        """Return the user's own addresses, canonical, by the id of the mailbox that taught them."""

    async def add_own_addresses(self, mailbox_id: str, addresses: Sequence[str]) -> None:
        """Remember these (canonical) as the user's own and mark them for judging anew."""
