"""One connection's share of a harvest: from the folder list to the last chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

from mailbox_svc.harvest.chunks import ChunkSink
from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.folder_choice import of_sent_mail, to_harvest
from mailbox_svc.harvest.folders import FolderTask, settle_folders, task_of_known
from mailbox_svc.harvest.intake import Intake
from mailbox_svc.harvest.key_set import KeySet
from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.harvest.meter import Meter
from mailbox_svc.harvest.own_addresses import has_new_writer, learn_own_addresses
from mailbox_svc.model.address import match_key
from mailbox_svc.model.harvest import Harvest, SkippedFolder
from mailbox_svc.model.tally import Chunk
from mailbox_svc.ports import Clock, Store, Transaction
from mailbox_svc.ports.mail import FolderGone, FolderStatus, MailFolder, MailReader

_GONE = "The server does not open this folder: it was removed or renamed, or may not be read."
_CHANGED = "The folder was made anew while it was read; the next harvest reads it."
#: Seconds. A Date later than this from now is a mistake or a trick to be first in every list.
_TOLERANCE = 86_400
_NO_MAIL = Chunk(last_uid=0, counted=0, duplicates=0, keys=b"", addresses=(), names=())
_64_BITS = 2**64 - 1


class RunLost(Exception):
    """The run is no longer ours: it was cancelled, taken over, or its mailbox deleted."""


class _Misled(Exception):
    """What the server said of a folder before it was opened has turned out wrong."""


class HarvestSession:
    """Reads what is new in all folders of a mailbox."""

    def __init__(
        self, store: Store, harvest: Harvest, meter: Meter, limits: HarvestLimits, *, clock: Clock
    ) -> None:
        self._store = store
        self._harvest = harvest
        self._meter = meter
        self._limits = limits
        self._clock = clock
        self._seen = KeySet()
        #: Whether anything was committed.
        self.committed = False
        self.skipped: list[SkippedFolder] = []

    async def read(self, reader: MailReader, login: str, folders: Sequence[MailFolder] | None = None) -> None:
        """Read it all; `folders` are those of the reader, if it was asked for them just now.

        Raises ReadingFailed, StorageUnavailable, MailboxNotFound or RunLost.
        """
        if folders is None:
            folders = await reader.folders()
        try:
            await self._read(reader, login, folders)
        except _Misled:
            await self._read(reader, login, [replace(folder, status=None) for folder in folders])

    async def _read(self, reader: MailReader, login: str, folders: Sequence[MailFolder]) -> None:
        self._meter.scanned = self._meter.committed  # what was read in vain before is read again
        self.skipped.clear()
        chosen = to_harvest(folders)
        # Read for its writers alone where another folder holds all mail.
        aside = [folder for folder in of_sent_mail(folders) if folder not in chosen]
        tasks = await self._tasks(reader, [*aside, *chosen])
        news = [task for task in tasks if task.unread]
        to_read = [task for task in news if task.folder in chosen]
        self._meter.folders_total = len(chosen)
        self._meter.folders_done = len(chosen) - len(to_read)
        self._meter.remaining = sum(task.unread for task in to_read)
        if not news:
            return
        own = await self._own(reader, login, of_sent_mail(folders), news)
        await self._pass_over([task for task in news if task.folder in aside])
        intake: Intake | None = None
        for task in to_read:
            if intake is None:
                intake = await self._intake(own)
            if not await self._read_folder(reader, task, intake):
                # It holds what was read and not committed, which another folder may hold too.
                intake = None
        self._meter.folder = ""
        self._meter.remaining = 0

    async def _tasks(self, reader: MailReader, folders: Sequence[MailFolder]) -> list[FolderTask]:
        """Return what there is to do for each folder, having opened those that do not tell without."""
        mailbox_id = self._harvest.mailbox_id
        async with self._store.read(self._harvest.user_id) as tx:
            positions = {position.raw_name: position for position in await tx.folders.all(mailbox_id)}
        known = [task_of_known(folder, positions) for folder in folders]
        found: list[tuple[MailFolder, FolderStatus]] = []
        for folder, task in zip(folders, known, strict=True):
            try:
                status = task.status if task else await reader.examine(folder.raw_name)
            except FolderGone:
                self.skipped.append(SkippedFolder(folder.name, _GONE))
            else:
                found.append((folder, status))
        if all(known):
            return [task for task in known if task]  # nothing to write, so nobody to wait for
        async with self._begin() as tx:
            await self._still_ours(tx)
            return await settle_folders(tx, mailbox_id, found)

    async def _own(
        self,
        reader: MailReader,
        login: str,
        sent: Sequence[MailFolder],
        news: Sequence[FolderTask],
    ) -> frozenset[str]:
        """Return the match keys of the user's own addresses; newly sent mail may teach more."""
        mailbox_id = self._harvest.mailbox_id
        async with self._begin() as tx:
            known = await tx.folders.own_addresses()
        newly_sent = [(task.folder, task.position.last_uid) for task in news if task.folder in sent]
        if mailbox_id not in known or await has_new_writer(reader, newly_sent, known[mailbox_id]):
            learnt = await learn_own_addresses(reader, login, sent)
            new = learnt - known.setdefault(mailbox_id, set())
            known[mailbox_id] |= learnt
            if new:
                async with self._begin() as tx:
                    await self._still_ours(tx)
                    await tx.folders.add_own_addresses(mailbox_id, sorted(new))
        return frozenset(match_key(address) for addresses in known.values() for address in addresses)

    async def _pass_over(self, tasks: Sequence[FolderTask]) -> None:
        """Note that these need not be looked at again until something new is in them."""
        for task in tasks:
            await self._commit(task, replace(_NO_MAIL, last_uid=task.status.uidnext - 1))

    async def _intake(self, own: frozenset[str]) -> Intake:
        async with self._begin() as tx:
            pieces = await tx.folders.message_keys(self._harvest.mailbox_id)
        counted = KeySet()
        for piece in pieces:
            counted.update(piece)
            await asyncio.sleep(0)  # a million of them take a second
        latest = int(self._clock().timestamp()) + _TOLERANCE
        return Intake(own=own, counted=counted, dates=Dates(latest=latest))

    def _begin(self) -> AbstractAsyncContextManager[Transaction]:
        return self._store.begin(self._harvest.user_id)

    async def _read_folder(self, reader: MailReader, task: FolderTask, intake: Intake) -> bool:
        """Read a folder to its end; return whether all that was read is committed."""
        self._meter.folder = task.folder.name
        sink = ChunkSink(
            intake,
            self._meter,
            self._limits,
            last_uid=task.position.last_uid,
            commit=lambda chunk: self._commit(task, chunk),
        )
        others = self._meter.remaining - task.unread
        whole = True
        try:
            opened = await reader.examine(task.folder.raw_name)
            if opened.uidvalidity != task.position.uidvalidity:
                if task.folder.status is not None:
                    raise _Misled
                self.skipped.append(SkippedFolder(task.folder.name, _CHANGED))
            else:
                await reader.read(task.position.last_uid, sink)
                await sink.finish()
                async with self._begin() as tx:
                    await tx.folders.set_highestmodseq(task.position.id, opened.highestmodseq)
        except FolderGone:
            await sink.checkpoint()
            self.skipped.append(SkippedFolder(task.folder.name, _GONE))
            whole = False
        self._meter.remaining = max(0, others)
        self._meter.folders_done += 1
        return whole

    async def _commit(self, task: FolderTask, chunk: Chunk) -> None:
        """Store a chunk with the new position, if the run is still ours."""
        meter = self._meter
        meter.duplicates += chunk.duplicates
        meter.committed += chunk.counted + chunk.duplicates
        for delta in chunk.addresses:
            meter.contacts += self._seen.add_number(hash(delta.address) & _64_BITS)
        async with self._begin() as tx:
            await self._still_ours(tx)
            await tx.folders.commit(task.position.id, chunk)
            if not self.committed:  # it brings the mailbox forward, so processes did not end by it
                await tx.harvests.forget_crashes(self._harvest.id)
                await tx.schedules.forget_crashes(self._harvest.mailbox_id)
        self.committed = True

    async def _still_ours(self, tx: Transaction) -> None:
        until = self._clock() + timedelta(seconds=self._limits.lease)
        harvest = self._harvest
        if not await tx.harvests.beat(
            harvest.id, harvest.attempt, progress=self._meter.progress(), lease_until=until
        ):
            raise RunLost
