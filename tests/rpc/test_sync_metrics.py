"""What operators see of background sync."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import Failure, FailureCode
from mailbox_svc.model.schedule import SyncOutcome, SyncSurvey
from mailbox_svc.rpc.sync_metrics import SyncMetrics
from mailbox_svc.sync.run import Ended

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> SyncMetrics:
    return SyncMetrics(registry)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_every_outcome_and_code_is_there_before_it_happens(
    registry: CollectorRegistry, metrics: SyncMetrics
) -> None:
    del metrics
    for outcome in SyncOutcome:
        assert value(registry, "mailbox_syncs_total", outcome=outcome.value) == 0
    for code in (*Code, *FailureCode):
        assert value(registry, "mailbox_sync_failures_total", code=code.name) == 0


def test_runs_are_counted_by_outcome_and_failures_by_what_the_connection_showed(
    registry: CollectorRegistry, metrics: SyncMetrics
) -> None:
    refused = Failure(FailureCode.CONNECTION, "No.", connection_code=Code.AUTH_INVALID_CREDENTIALS)
    metrics.ended(Ended(SyncOutcome.QUIET), 0.2)
    metrics.ended(Ended(SyncOutcome.STOPPED, refused), 0.3)
    metrics.ended(Ended(SyncOutcome.FAILED, Failure(FailureCode.STORAGE_UNAVAILABLE, "No.")), 0.5)

    assert value(registry, "mailbox_syncs_total", outcome="QUIET") == 1
    assert value(registry, "mailbox_syncs_total", outcome="STOPPED") == 1
    assert value(registry, "mailbox_sync_failures_total", code="AUTH_INVALID_CREDENTIALS") == 1
    assert value(registry, "mailbox_sync_failures_total", code="STORAGE_UNAVAILABLE") == 1
    assert value(registry, "mailbox_sync_failures_total", code="CONNECTION") == 0
    assert value(registry, "mailbox_sync_seconds_sum") == pytest.approx(1.0)


def test_a_run_that_somebody_else_brings_to_its_end_is_not_counted(
    registry: CollectorRegistry, metrics: SyncMetrics
) -> None:
    metrics.ended(Ended(None), 9)
    assert value(registry, "mailbox_sync_seconds_count") == 0


def test_the_survey_shows_what_waits_and_for_how_long(
    registry: CollectorRegistry, metrics: SyncMetrics
) -> None:
    metrics.surveyed(SyncSurvey(5, 4, 3, 2, NOW - timedelta(seconds=90)), NOW)
    shown = {
        name: value(registry, f"mailbox_{name}")
        for name in (
            "syncs_due",
            "syncs_in_flight",
            "syncs_stopped",
            "syncs_quarantined",
            "sync_lag_seconds",
        )
    }
    assert list(shown.values()) == [5, 4, 3, 2, 90]

    metrics.surveyed(SyncSurvey(0, 0, 0, 0, None), NOW)
    assert value(registry, "mailbox_sync_lag_seconds") == 0


def test_who_finds_no_room_is_counted(registry: CollectorRegistry, metrics: SyncMetrics) -> None:
    metrics.sent_away(2)
    metrics.sent_away(3)
    assert value(registry, "mailbox_syncs_sent_away_total") == 5


def test_no_label_tells_a_user_or_a_host(registry: CollectorRegistry, metrics: SyncMetrics) -> None:
    metrics.ended(Ended(SyncOutcome.QUIET), 0.2)
    labels = {
        line.partition("{")[2].partition("=")[0] for line in generate_latest(registry).decode().split("\n")
    }
    assert labels <= {"", "outcome", "code", "le"}
