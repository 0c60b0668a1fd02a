"""A harvest over a way of 80 ms there and back, held against the same way without the delay."""

from __future__ import annotations

from dataclasses import replace

from harvest.delay import running_proxy
from rich.console import Console

from harvest.server import Mailbox, MailServer
from harvest.service import harvest, harvesting_service

_ROUND_TRIP = 0.08


def measure(server: MailServer, mailbox: Mailbox) -> tuple[float, float]:
    """Return the seconds of a harvest through a proxy that does not delay, and through one that does."""
    return _through_proxy(server, mailbox, 0), _through_proxy(server, mailbox, _ROUND_TRIP)


def _through_proxy(server: MailServer, mailbox: Mailbox, round_trip: float) -> float:
    Console(stderr=True).print(f"a harvest with a round trip of {round_trip * 1e3:.0f} ms …")
    with (
        running_proxy(mailbox.tls.port, round_trip) as port,
        harvesting_service(server.dovecot.ca_file, [port]) as service,
    ):
        return harvest(service, replace(mailbox.tls, port=port)).seconds
