"""Owns the Prometheus metrics. Labels are methods, codes, states and providers, never users or hosts."""

from __future__ import annotations

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mailbox_svc.errors import MailboxSvcError
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import FailureCode, Harvest, HarvestState
from mailbox_svc.rpc.errors import CODES, INTERNAL

# From a cached read to the longest test.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class RpcMetrics:
    """What the gRPC face counts, in a registry of the caller's choice."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "mailbox_rpc_calls", "Calls that ended, by outcome.", ("method", "code"), registry=registry
        )
        self._seconds = Histogram(
            "mailbox_rpc_seconds", "How long calls took.", ("method",), buckets=_SECONDS, registry=registry
        )
        self._in_flight = Gauge("mailbox_rpc_in_flight", "Calls now served.", ("method",), registry=registry)
        self._tests = Counter(
            "mailbox_connection_tests", "Tests that ended, by TestCode.", ("code",), registry=registry
        )

    def of_method(self, method: str) -> MethodMetrics:
        """Return the part of one method."""
        return MethodMetrics(method, self._calls, self._seconds, self._in_flight)

    def tested(self, code: Code) -> None:
        """Count the outcome of a connection test."""
        self._tests.labels(code.name).inc()


class MethodMetrics:
    """The metrics of one method, looked up by label once and not at each call."""

    def __init__(self, method: str, calls: Counter, seconds: Histogram, in_flight: Gauge) -> None:
        # All codes, so that a rate exists before the first failure does.
        self._calls = {code: calls.labels(method, code.name) for code in StatusCode}
        self._seconds = seconds.labels(method)
        self._running = 0
        in_flight.labels(method).set_function(lambda: self._running)

    def began(self) -> None:
        """Count a call that is now being served."""
        self._running += 1

    def ended(self, code: StatusCode, seconds: float) -> None:
        """Count a call that has ended."""
        self._running -= 1
        self._calls[code].inc()
        self._seconds.observe(seconds)


class HarvestMetrics:
    """What harvests count, in a registry of the caller's choice."""

    def __init__(self, registry: CollectorRegistry) -> None:
        harvests = Counter(
            "mailbox_harvests",
            "Harvests that ended, by state and cause.",
            ("state", "code"),
            registry=registry,
        )
        # All of them, so that a rate exists before the first failure does.
        self._ended = {
            (state, code): harvests.labels(state.name, code.name if code else "")
            for state in HarvestState
            if state.final
            for code in (FailureCode if state is HarvestState.FAILED else (None,))
        }
        self._scanned = Counter(
            "mailbox_harvest_messages",
            "Messages that harvests have read, duplicates included.",
            registry=registry,
        )

    def ended(self, harvest: Harvest) -> None:
        """Count a harvest that has reached its last state; one that is given back is not counted yet."""
        if harvest.state.final:
            self._ended[harvest.state, harvest.failure.code if harvest.failure else None].inc()
            self._scanned.inc(harvest.progress.scanned)


class OAuthMetrics:
    """What connected accounts count, in a registry of the caller's choice."""

    #: How a refresh may end: well, or with the reason of one of our errors.
    _OUTCOMES = frozenset(
        {"ok", *(error.reason.lower() for error in CODES if issubclass(error, MailboxSvcError))}
    )

    def __init__(self, registry: CollectorRegistry) -> None:
        self._refreshes = Counter(
            "mailbox_oauth_refreshes",
            "Refreshes of access tokens that ended, by provider and outcome.",
            ("provider", "outcome"),
            registry=registry,
        )

    def refreshed(self, provider_id: str, outcome: str) -> None:
        """Count a refresh at a provider of the operator's; the outcome is "ok" or a reason in lower case."""
        known = outcome if outcome in self._OUTCOMES else INTERNAL.reason.lower()
        self._refreshes.labels(provider_id, known).inc()
