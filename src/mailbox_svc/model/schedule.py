"""A schedule: when new mail of a mailbox is looked for by itself, and what came of it."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailbox_svc.model.harvest import Failure, Policy
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of

MIN_INTERVAL: Final = timedelta(minutes=5)
MAX_INTERVAL: Final = timedelta(days=7)
DEFAULT_INTERVAL: Final = timedelta(minutes=15)
#: Processes that a mailbox may end before it is left alone.
MAX_CRASHES: Final = 5
#: Processes in a row that end under a mailbox before it runs apart from others like it: else those that only
#: happened to run beside it would end with it each time, and be left alone too.
CRASHES_TOGETHER: Final = 2
#: Runs of a mailbox, and harvests, that are remembered.
MAX_HISTORY: Final = 100


class Stop(enum.StrEnum):
    """Why an enabled schedule does not run."""

    #: The login was refused; another try could lock the account.
    REFUSED = "refused"
    #: Reading the mailbox has ended process after process.
    QUARANTINED = "quarantined"


class ScheduleState(enum.StrEnum):
    """What a schedule does. Names are those of `ScheduleState` in the contract."""

    OFF = "OFF"
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    BACKING_OFF = "BACKING_OFF"
    STOPPED = "STOPPED"
    QUARANTINED = "QUARANTINED"


class SyncOutcome(enum.StrEnum):
    """How a run ended. Names are those of `SyncOutcome` in the contract, but for QUIET, which is not told."""

    QUIET = "QUIET"
    NEWS = "NEWS"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    QUARANTINED = "QUARANTINED"
    CANCELLED = "CANCELLED"
    RECOVERED = "RECOVERED"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of one mailbox. Times are aware and in UTC."""

    user_id: str
    mailbox_id: str
    enabled: bool
    interval: timedelta
    policy: Policy
    #: When the next run is due; while one is in flight, when it is looked whether it got lost.
    next_run_at: datetime | None
    #: A run is queued or under way.
    in_flight: bool
    #: Grows by one with every run; who holds an older number may not write any more.
    run_no: int
    #: Runs that were begun since one came to an end.
    starts: int
    #: Runs in a row that have failed.
    failures: int
    stopped: Stop | None
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_failure: Failure | None

    @property
    def state(self) -> ScheduleState:
        if not self.enabled:
            return ScheduleState.OFF
        if self.stopped is not None:
            return ScheduleState.STOPPED if self.stopped is Stop.REFUSED else ScheduleState.QUARANTINED
        if self.in_flight:
            return ScheduleState.RUNNING
        return ScheduleState.BACKING_OFF if self.failures else ScheduleState.WAITING

    @property
    def shows_next_run(self) -> bool:
        """Whether `next_run_at` is the time of a run."""
        return self.state in {ScheduleState.WAITING, ScheduleState.BACKING_OFF}


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What the end of a run changes in its schedule."""

    ended_at: datetime
    #: Ignored when the schedule was switched off or stopped meanwhile, or is `stopped` now.
    next_run_at: datetime
    failure: Failure | None = None
    stopped: Stop | None = None
    #: All mail there was had been read.
    success: bool = False


@dataclass(frozen=True, slots=True)
class SyncRun:
    """One run that is told of: it found new mail, or failed, or was the first that did not."""

    mailbox_id: str
    number: int
    started_at: datetime
    ended_at: datetime
    outcome: SyncOutcome
    messages: int = 0
    contacts: int = 0
    failure: Failure | None = None
    #: Empty when it did not come to a harvest.
    harvest_id: str = ""


@dataclass(frozen=True, slots=True)
class DueSync:
    """A mailbox that is due."""

    user_id: str
    mailbox_id: str
    #: `host_group` of its server, and `account_key`.
    host: str
    account: str
    #: Its run of before did not end; perhaps it got lost.
    in_flight: bool
    #: Another mailbox with the same account is in flight.
    account_busy: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What the dispatcher has decided of a due mailbox."""

    due: DueSync
    #: It goes into the queue, and counts as lost at `lost_at`; else it is due again at `again_at`.
    admitted: bool
    lost_at: datetime
    again_at: datetime

    def next_at(self, *, queued: bool) -> datetime:
        """Return when it is due next; `queued` says that the queue has taken it."""
        return self.lost_at if self.admitted and (queued or self.due.in_flight) else self.again_at


@dataclass(frozen=True, slots=True)
class SyncSurvey:
    """How the schedules of all users stand."""

    due: int
    in_flight: int
    refused: int
    quarantined: int
    #: The oldest time that has passed without a run.
    oldest_due_at: datetime | None


def host_group(destination: Destination) -> str:
    """Return what shares one limit: the servers of a known provider, else those of one name."""
    provider = provider_of(destination.host)
    return provider.id if provider else destination.host.lower()


def account_key(destination: Destination) -> str:
    """Return a digest that is equal for mailboxes with the same account."""
    account = f"{host_group(destination)}\n{destination.user}"
    return hashlib.sha256(account.encode()).hexdigest()[:32]
