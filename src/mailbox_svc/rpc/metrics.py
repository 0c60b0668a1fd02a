"""Owns the Prometheus metrics of the gRPC face. Labels are methods and codes, never users or hosts."""

from __future__ import annotations

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mailbox_svc.model.check import Code

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
        self._in_flight = Gauge("mailbox_rpc_in_flight", "Calls being served.", registry=registry)
        self._tests = Counter(
            "mailbox_connection_tests", "Tests that ended, by TestCode.", ("code",), registry=registry
        )

    def began(self) -> None:
        """Count a call that is now being served."""
        self._in_flight.inc()

    def ended(self, method: str, code: StatusCode, seconds: float) -> None:
        """Count a call that has ended. Only methods that exist get here, so labels stay few."""
        self._in_flight.dec()
        self._calls.labels(method, code.name).inc()
        self._seconds.labels(method).observe(seconds)

    def tested(self, code: Code) -> None:
        """Count the outcome of a connection test."""
        self._tests.labels(code.name).inc()
