"""Harvests, and the schedules by which they run by themselves."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from mailbox_svc.rest.models.base import Answer, Body, Count, Id, Seconds, Time
from mailbox_svc.rest.models.mailbox import Remedy, TestCodeWord
from mailbox_svc.rest.models.values import Words, seconds, seconds_of, time, time_of
from mailboxes import ContactPolicy, HarvestFailureCode, HarvestState, ScheduleState, SyncOutcome, TestCode
from mailboxes import Harvest as HarvestMessage
from mailboxes import Schedule as ScheduleMessage
from mailboxes import SyncRun as SyncRunMessage
from mailboxes.v1 import harvest_pb2

_POLICY: Final = Words(ContactPolicy, "CONTACT_POLICY_")
_STATE: Final = Words(HarvestState, "HARVEST_STATE_")
_FAILURE: Final = Words(HarvestFailureCode, "HARVEST_FAILURE_CODE_")
_CONNECTION: Final = Words(TestCode, "TEST_CODE_")
_SCHEDULE: Final = Words(ScheduleState, "SCHEDULE_STATE_")
_OUTCOME: Final = Words(SyncOutcome, "SYNC_OUTCOME_")

#: After these a harvest changes no more.
FINAL: Final = frozenset({"done", "failed", "cancelled"})

Policy = Literal["wrote_to", "corresponded", "everyone"]
PolicyWish = Annotated[
    Policy | None,
    Field(
        description="Which addresses become contacts; kept for this mailbox. Null leaves what is in force."
    ),
]
PolicyWord = Annotated[str, _POLICY.schema, Field(description="Which addresses become contacts.")]


class Progress(Answer):
    """How far a harvest has come; after its end, what it did."""

    folder: str | None = Field(description="Being read; null before the first and after the last.")
    folders_done: Count
    folders_total: Count
    scanned: Count = Field(description="Messages that were read, duplicates included.")
    total: Count = Field(description="Messages there are to read; exact once each folder was opened.")
    duplicates: Count = Field(description="Scanned messages that were counted before.")
    contacts: Count = Field(description="Addresses that were found or seen again.")
    rate: float = Field(ge=0, description="Messages a second.")


class Failure(Answer):
    """Why a harvest, or a run of a schedule, failed."""

    code: Annotated[str, _FAILURE.schema]
    error: str = Field(description="One sentence for a person.")
    connection_code: TestCodeWord | None = Field(description="Says more when the code is `connection`.")
    remedy: Remedy | None
    retryable: bool = Field(description="A new run may succeed without a change.")
    retry_after: Seconds | None = Field(description="Seconds to wait first; null when that is unknown.")

    @classmethod
    def of(cls, message: harvest_pb2.HarvestFailure) -> Failure:
        return cls(
            code=_FAILURE.of(message.code),
            error=message.error,
            connection_code=_CONNECTION.maybe(message.connection_code),
            remedy=Remedy.of(message.remedy) if message.HasField("remedy") else None,
            retryable=message.retryable,
            retry_after=seconds_of(message, "retry_after"),
        )


class SkippedFolder(Answer):
    """A folder that could not be read; all others were."""

    name: str
    reason: str = Field(description="One sentence for a person.")


class Harvest(Answer):
    """One run through a mailbox: it reads the headers of all mail that is new since the run before."""

    id: Id
    mailbox_id: Id
    state: Annotated[str, _STATE.schema] = Field(description="`done`, `failed` and `cancelled` are final.")
    policy: PolicyWord
    progress: Progress
    failure: Failure | None = Field(
        description="Set when it failed. What was read so far is kept in any case."
    )
    skipped_folders: list[SkippedFolder]
    created_at: Time
    started_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, message: HarvestMessage) -> Harvest:
        progress = message.progress
        return cls(
            id=message.id,
            mailbox_id=message.mailbox_id,
            state=_STATE.of(message.state),
            policy=_POLICY.of(message.policy),
            progress=Progress(
                folder=progress.folder or None,
                folders_done=progress.folders_done,
                folders_total=progress.folders_total,
                scanned=progress.scanned,
                total=progress.total,
                duplicates=progress.duplicates,
                contacts=progress.contacts,
                rate=progress.rate,
            ),
            failure=Failure.of(message.failure) if message.HasField("failure") else None,
            skipped_folders=[
                SkippedFolder(name=one.name, reason=one.reason) for one in message.skipped_folders
            ],
            created_at=time(message.created_at),
            started_at=time_of(message, "started_at"),
            ended_at=time_of(message, "ended_at"),
        )


class HarvestBody(Body):
    """How to harvest."""

    policy: PolicyWish = None


class ScheduleBody(Body):
    """The schedule that a mailbox is to have."""

    enabled: bool = Field(
        description="Starts the schedule, also one that was stopped or quarantined, or ends it."
    )
    interval_seconds: float | None = Field(
        default=None,
        ge=300,
        le=604_800,
        description="From one run to the next, 5 minutes to 7 days; null keeps it, at first 15 minutes.",
    )
    policy: PolicyWish = None


class Schedule(Answer):
    """When new mail of a mailbox is looked for by itself."""

    mailbox_id: Id
    enabled: bool
    interval_seconds: Seconds
    policy: PolicyWord
    state: Annotated[str, _SCHEDULE.schema] = Field(
        description="`stopped`: the login was refused, and nothing is tried until that is mended."
    )
    next_run_at: Time | None
    last_run_at: Time | None
    last_success_at: Time | None = Field(description="When all mail there was had been read.")
    failures: Count = Field(description="Runs in a row that have failed.")
    last_failure: Failure | None

    @classmethod
    def of(cls, message: ScheduleMessage) -> Schedule:
        return cls(
            mailbox_id=message.mailbox_id,
            enabled=message.enabled,
            interval_seconds=seconds(message.interval),
            policy=_POLICY.of(message.policy),
            state=_SCHEDULE.of(message.state),
            next_run_at=time_of(message, "next_run_at"),
            last_run_at=time_of(message, "last_run_at"),
            last_success_at=time_of(message, "last_success_at"),
            failures=message.failures,
            last_failure=Failure.of(message.last_failure) if message.HasField("last_failure") else None,
        )


class SyncRun(Answer):
    """One run of a schedule that found new mail or failed."""

    number: Count = Field(description="Grows by one with every run, those that are not told of included.")
    started_at: Time
    ended_at: Time
    outcome: Annotated[str, _OUTCOME.schema]
    messages: Count
    contacts: Count
    failure: Failure | None
    harvest_id: Id | None

    @classmethod
    def of(cls, message: SyncRunMessage) -> SyncRun:
        return cls(
            number=message.number,
            started_at=time(message.started_at),
            ended_at=time(message.ended_at),
            outcome=_OUTCOME.of(message.outcome),
            messages=message.messages,
            contacts=message.contacts,
            failure=Failure.of(message.failure) if message.HasField("failure") else None,
            harvest_id=message.harvest_id or None,
        )
