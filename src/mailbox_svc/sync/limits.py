"""How much background sync may take. Times are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailbox_svc.model.providers import PROVIDERS

#: A provider bears more than a company's server: it has more of them, and more users.
_PROVIDER_FACTOR = 20
_PROVIDER_IDS = frozenset(provider.id for provider in PROVIDERS)


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """The limits of this process, and those that all processes share."""

    #: Runs at once in this process: each is one connection.
    runs: int = 64
    #: Runs at once on the servers of one host, over all processes; twenty times as many of a known provider.
    per_host: int = 20
    #: Other limits for hosts, or providers by their ids.
    of_hosts: Mapping[str, int] = field(default_factory=dict)
    #: Mailboxes claimed in one transaction.
    batch: int = 500
    #: Between two looks for what is due.
    tick: float = 1.0
    #: A run that was claimed and has not been heard of is looked for after so long.
    lost_after: float = 120.0
    #: One without room comes back after at least and at most so long.
    again_after: tuple[float, float] = (5.0, 20.0)
    #: For finding out whether there is new mail, login not counted.
    look_seconds: float = 120.0
    #: Between two clean-ups of the queue's log.
    prune_every: float = 60.0
    #: Between two looks at how all schedules stand, for the metrics.
    survey_every: float = 15.0
    #: How long the end of a run is tried to be stored.
    store_seconds: float = 30.0

    def of_host(self, host: str) -> int:
        """Return how many runs the host, or the provider of this id, may have at once."""
        own = self.of_hosts.get(host)
        if own is not None:
            return own
        return self.per_host * (_PROVIDER_FACTOR if host in _PROVIDER_IDS else 1)
