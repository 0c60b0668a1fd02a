"""What the metrics tell about access tokens: providers and outcomes, of which there are only so many."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from mailbox_svc.errors import OAuthGrantRefused, StorageUnavailable
from mailbox_svc.rpc.errors import CODES
from mailbox_svc.rpc.metrics import OAuthMetrics


def counted(registry: CollectorRegistry, provider: str, outcome: str) -> float | None:
    labels = {"provider": provider, "outcome": outcome}
    return registry.get_sample_value("mailbox_oauth_refreshes_total", labels)


def test_refreshes_are_counted_by_provider_and_outcome() -> None:
    registry = CollectorRegistry()
    metrics = OAuthMetrics(registry)
    for provider, outcome in (
        ("google", "ok"),
        ("google", "ok"),
        ("google", OAuthGrantRefused.reason.lower()),
        ("microsoft", StorageUnavailable.reason.lower()),
    ):
        metrics.refreshed(provider, outcome)
    assert counted(registry, "google", "ok") == 2
    assert counted(registry, "google", "oauth_grant_refused") == 1
    assert counted(registry, "microsoft", "storage_unavailable") == 1
    assert counted(registry, "microsoft", "ok") is None


def test_what_is_no_outcome_of_ours_makes_no_label_of_its_own() -> None:
    registry = CollectorRegistry()
    metrics = OAuthMetrics(registry)
    for outcome in ("ok", "ann@example.org", "", "OK", *(error.reason.lower() for error in CODES)):  # type: ignore[attr-defined]
        metrics.refreshed("google", outcome)
    assert counted(registry, "google", "internal") == 3
    labels = {
        sample.labels["outcome"]
        for family in registry.collect()
        for sample in family.samples
        if sample.labels
    }
    assert labels == {"ok", "internal", *(error.reason.lower() for error in CODES)}  # type: ignore[attr-defined]
