"""Settles, before anything is read, which folders have something new and which must be read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailbox_svc.model.harvest import FolderPosition
from mailbox_svc.ports import Transaction
from mailbox_svc.ports.mail import MailFolder, OpenFolder


@dataclass(frozen=True, slots=True)
class FolderTask:
    """A folder, how it was found, and how far it was read."""

    folder: MailFolder
    opened: OpenFolder
    position: FolderPosition

    @property
    def unread(self) -> int:
        """How many messages there are to read, at most; exact where no UIDs are missing."""
        uids = self.opened.uidnext - 1 - self.position.last_uid
        return max(0, min(uids, self.opened.exists))


async def settle_folders(
    tx: Transaction, mailbox_id: str, opened: Sequence[tuple[MailFolder, OpenFolder]]
) -> list[FolderTask]:
    """Return a task for each folder, in the same order.

    Where UIDVALIDITY has changed, what the folder contributed is taken back, to be read again. So is what
    any folder with duplicates did: they may have been counted by the one that was taken back, and then
    nobody would count them any more.
    """
    positions = {position.raw_name: position for position in await tx.folders.all(mailbox_id)}
    validity = {folder.raw_name: found.uidvalidity for folder, found in opened}
    changed = [p for p in positions.values() if validity.get(p.raw_name, p.uidvalidity) != p.uidvalidity]
    if changed:
        leaning = [p for p in positions.values() if p.duplicates and p not in changed]
        for position in changed + leaning:
            await tx.folders.take_back(position.id)
            del positions[position.raw_name]
    return [
        FolderTask(
            folder,
            found,
            positions.get(folder.raw_name)
            or await tx.folders.add(mailbox_id, folder.raw_name, found.uidvalidity),
        )
        for folder, found in opened
    ]
