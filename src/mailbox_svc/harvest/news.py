"""Tells, without writing and in one round trip where the server allows, whether there is new mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailbox_svc.harvest.folder_choice import of_sent_mail, to_harvest
from mailbox_svc.harvest.folders import task_of_known
from mailbox_svc.model.harvest import FolderPosition
from mailbox_svc.ports.mail import FolderGone, MailFolder, MailReader


async def has_news(
    reader: MailReader, folders: Sequence[MailFolder], known: Sequence[FolderPosition]
) -> bool:
    """Say whether a harvest would find something to do. Raises ReadingFailed.

    `known` is how far the folders were read; where it is behind, what a harvest finds is less than was told.
    """
    positions = {position.raw_name: position for position in known}
    chosen = to_harvest(folders)
    for folder in [*chosen, *(folder for folder in of_sent_mail(folders) if folder not in chosen)]:
        told = folder
        if folder.status is None:
            try:
                told = replace(folder, status=await reader.examine(folder.raw_name))
            except FolderGone:
                continue  # a harvest could not read it either
        task = task_of_known(told, positions)
        if task is None or task.unread:
            return True
    return False
