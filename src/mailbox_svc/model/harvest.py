"""A harvest: one run through a mailbox, and what it remembers of each folder."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import datetime

from mailbox_svc.model.check import Code, ConnectionReport
from mailbox_svc.model.remedy import Remedy


class Policy(enum.StrEnum):
    """Which addresses become contacts."""

    WROTE_TO = "wrote_to"
    CORRESPONDED = "corresponded"
    EVERYONE = "everyone"


class HarvestState(enum.StrEnum):
    """Where a harvest is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self not in {HarvestState.QUEUED, HarvestState.RUNNING}


class FailureCode(enum.StrEnum):
    """Why a harvest stopped. Names are those of `HarvestFailureCode` in the contract."""

    CONNECTION = "CONNECTION"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    SECRET_UNREADABLE = "SECRET_UNREADABLE"  # noqa: S105  (a code)
    DEADLINE_PASSED = "DEADLINE_PASSED"
    INTERNAL = "INTERNAL"
    QUARANTINED = "QUARANTINED"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a harvest stopped, and how to mend it."""

    code: FailureCode
    #: One sentence for a person; never raw server text.
    error: str
    #: Says more when `code` is CONNECTION.
    connection_code: Code | None = None
    remedy: Remedy | None = None
    retryable: bool = False
    #: Seconds; None when unknown.
    retry_after: float | None = None


def connection_failure(report: ConnectionReport) -> Failure:
    """Return the failure that a connection's report is."""
    return Failure(
        FailureCode.CONNECTION,
        report.error,
        connection_code=report.code,
        remedy=report.remedy,
        retryable=report.retryable,
        retry_after=report.retry_after,
    )


@dataclass(frozen=True, slots=True)
class SkippedFolder:
    """A folder that could not be read, and a sentence why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What a harvest has done so far."""

    #: For people; empty between folders.
    folder: str = ""
    folders_done: int = 0
    folders_total: int = 0
    #: Messages read, duplicates included.
    scanned: int = 0
    #: Messages there are to read.
    total: int = 0
    duplicates: int = 0
    #: Addresses found or seen again.
    contacts: int = 0
    #: Messages a second.
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Harvest:
    """One run through one mailbox. Times are aware and in UTC."""

    id: str
    user_id: str
    mailbox_id: str
    state: HarvestState
    policy: Policy
    progress: Progress
    failure: Failure | None
    skipped_folders: tuple[SkippedFolder, ...]
    #: Grows by one whenever a process takes the run up; who holds an older one may not write any more.
    attempt: int
    #: Until when the process that runs it has the right to; None unless RUNNING.
    lease_until: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: Attempts that ended without a word: their process was killed, or paused for too long.
    crashes: int = 0


def new_harvest(user_id: str, mailbox_id: str, policy: Policy, *, now: datetime) -> Harvest:
    """Return a harvest that waits for a process to take it up."""
    return Harvest(
        id=str(uuid.uuid4()),
        user_id=user_id,
        mailbox_id=mailbox_id,
        state=HarvestState.QUEUED,
        policy=policy,
        progress=Progress(),
        failure=None,
        skipped_folders=(),
        attempt=0,
        lease_until=None,
        created_at=now,
        started_at=None,
        ended_at=None,
    )


@dataclass(frozen=True, slots=True)
class FolderPosition:
    """How far a folder was read. All messages up to `last_uid` are in the tallies, and none above."""

    id: int
    #: As the server wrote it.
    raw_name: bytes
    #: RFC 9051 §2.3.1.1: when it changes, all UIDs have lost their meaning.
    uidvalidity: int
    last_uid: int
    #: RFC 7162; None where the server does not say.
    highestmodseq: int | None
    #: Messages of this folder that count.
    counted: int
    #: Messages of this folder that had been counted before, here or in another folder.
    duplicates: int
