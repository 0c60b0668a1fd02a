"""Settles, before anything is read, which folders have something new and which must be read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailbox_svc.model.harvest import FolderPosition
from mailbox_svc.ports import Transaction
from mailbox_svc.ports.mail import FolderStatus, MailFolder


@dataclass(frozen=True, slots=True)
class FolderTask:
    """A folder, how it was found, and how far it was read."""

    folder: MailFolder
    status: FolderStatus
    position: FolderPosition

    @property
    def unread(self) -> int:
        """How many messages there are to read, at most; exact where no UIDs are missing."""
        uids = self.status.uidnext - 1 - self.position.last_uid
        return max(0, min(uids, self.status.exists))


def task_of_known(folder: MailFolder, positions: Mapping[bytes, FolderPosition]) -> FolderTask | None:
    """Return the task of a folder that goes on where it was left; None when it must be opened to tell.

    What a server says of a folder that is not open is believed where it agrees with what it said before:
    such a folder cannot have to be read again.
    """
    status, position = folder.status, positions.get(folder.raw_name)
    if status is None or position is None:
        return None
    if status.uidvalidity != position.uidvalidity or status.uidnext <= position.last_uid:
        return None
    return FolderTask(folder, status, position)


async def settle_folders(
    tx: Transaction, mailbox_id: str, found: Sequence[tuple[MailFolder, FolderStatus]]
) -> list[FolderTask]:
    """Return a task for each folder, in the same order.

    Where UIDVALIDITY has changed, what the folder contributed is taken back, to be read again. So is what
    any folder with duplicates did: they may have been counted by the one that was taken back, and then
    nobody would count them any more.
    """
    positions = {position.raw_name: position for position in await tx.folders.all(mailbox_id)}
    validity = {folder.raw_name: status.uidvalidity for folder, status in found}
    changed = [p for p in positions.values() if validity.get(p.raw_name, p.uidvalidity) != p.uidvalidity]
    if changed:
        leaning = [p for p in positions.values() if p.duplicates and p not in changed]
        for position in changed + leaning:
            await tx.folders.take_back(position.id)
            del positions[position.raw_name]
    return [
        FolderTask(
            folder,
            status,
            positions.get(folder.raw_name)
            or await tx.folders.add(mailbox_id, folder.raw_name, status.uidvalidity),
        )
        for folder, status in found
    ]
