"""Owns the Prometheus metrics of background sync. Labels are outcomes and codes, never users or hosts."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import FailureCode
from mailbox_svc.model.schedule import SyncOutcome, SyncSurvey
from mailbox_svc.sync.run import Ended

# From a look at a near server to a first harvest.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)


class SyncMetrics:
    """What background sync counts, in a registry of the caller's choice."""

    def __init__(self, registry: CollectorRegistry) -> None:
        syncs = Counter("mailbox_syncs", "Syncs that ended, by outcome.", ("outcome",), registry=registry)
        # All of them, so that a rate exists before the first failure does.
        self._ended = {outcome: syncs.labels(outcome.value) for outcome in SyncOutcome}
        failures = Counter(
            "mailbox_sync_failures",
            "Syncs that failed here, by TestCode of the connection, else by HarvestFailureCode.",
            ("code",),
            registry=registry,
        )
        self._failed = {code.name: failures.labels(code.name) for code in (*Code, *FailureCode)}
        self._seconds = Histogram(
            "mailbox_sync_seconds", "How long syncs took here.", buckets=_SECONDS, registry=registry
        )
        self._sent_away = Counter(
            "mailbox_syncs_sent_away",
            "Times that a due mailbox found no room at its host, or with its account.",
            registry=registry,
        )
        self._due = Gauge(
            "mailbox_syncs_due", "Mailboxes that are due and wait, up to 100,000.", registry=registry
        )
        self._running = Gauge("mailbox_syncs_in_flight", "Mailboxes queued or running.", registry=registry)
        self._lag = Gauge(
            "mailbox_sync_lag_seconds", "How long the oldest due mailbox has waited.", registry=registry
        )
        self._stopped = Gauge("mailbox_syncs_stopped", "Mailboxes with a refused login.", registry=registry)
        self._quarantined = Gauge("mailbox_syncs_quarantined", "Mailboxes left alone.", registry=registry)

    def ended(self, ended: Ended, seconds: float) -> None:
        """Count a run; one that somebody else brings to its end is not counted here."""
        if ended.outcome is None:
            return
        self._ended[ended.outcome].inc()
        self._seconds.observe(seconds)
        if ended.failure is not None:
            self._failed[(ended.failure.connection_code or ended.failure.code).name].inc()

    def sent_away(self, mailboxes: int) -> None:
        """Count those that found no room."""
        self._sent_away.inc(mailboxes)

    def surveyed(self, survey: SyncSurvey, now: datetime) -> None:
        """Show how the schedules of all users stand; every process shows the same."""
        self._due.set(survey.due)
        self._running.set(survey.in_flight)
        self._stopped.set(survey.refused)
        self._quarantined.set(survey.quarantined)
        oldest = survey.oldest_due_at
        self._lag.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
