"""What the metrics tell about harvests: states, causes and messages, and nothing personal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from mailbox_svc.model.harvest import Failure, FailureCode, Harvest, HarvestState, Policy, Progress
from mailbox_svc.rpc.metrics import HarvestMetrics

HARVEST = Harvest(
    id="h",
    user_id="ann",
    mailbox_id="m",
    state=HarvestState.DONE,
    policy=Policy.CORRESPONDED,
    progress=Progress(scanned=7),
    failure=None,
    skipped_folders=(),
    attempt=1,
    lease_until=None,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    ended_at=None,
)
FAILED = replace(HARVEST, state=HarvestState.FAILED, failure=Failure(FailureCode.CONNECTION, "Refused."))


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> HarvestMetrics:
    return HarvestMetrics(registry)


def ended(registry: CollectorRegistry, state: str, code: str = "") -> float | None:
    return registry.get_sample_value("mailbox_harvests_total", {"state": state, "code": code})


def test_harvests_are_counted_by_their_end(registry: CollectorRegistry, metrics: HarvestMetrics) -> None:
    assert ended(registry, "DONE") == ended(registry, "FAILED", "INTERNAL") == 0  # from the start
    for harvest in (HARVEST, HARVEST, FAILED, replace(HARVEST, state=HarvestState.CANCELLED)):
        metrics.ended(harvest)
    assert ended(registry, "DONE") == 2
    assert ended(registry, "FAILED", "CONNECTION") == 1
    assert ended(registry, "CANCELLED") == 1
    assert registry.get_sample_value("mailbox_harvest_messages_total") == 28


@pytest.mark.parametrize("state", [HarvestState.QUEUED, HarvestState.RUNNING])
def test_a_harvest_that_goes_on_elsewhere_is_not_counted(
    registry: CollectorRegistry, metrics: HarvestMetrics, state: HarvestState
) -> None:
    metrics.ended(replace(HARVEST, state=state))
    assert ended(registry, state.name) is None
    assert registry.get_sample_value("mailbox_harvest_messages_total") == 0


def test_every_cause_can_be_counted_and_no_label_is_personal(
    registry: CollectorRegistry, metrics: HarvestMetrics
) -> None:
    for code in FailureCode:
        metrics.ended(replace(FAILED, failure=Failure(code, "")))
    labels = [sample.labels for family in registry.collect() for sample in family.samples]
    assert {name for one in labels for name in one} == {"state", "code"}
    # A total and the time it was made, for each of seven ends; and the same for messages.
    assert len(labels) == 2 * (2 + len(FailureCode)) + 2
