"""A harvest over a way of 80 ms there and back, held against the same way without the delay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

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
        _proxy(mailbox.tls.port, round_trip / 2) as port,
        harvesting_service(server.dovecot.ca_file, [port]) as service,
    ):
        return harvest(service, replace(mailbox.tls, port=port)).seconds


@contextmanager
def _proxy(port: int, delay: float) -> Iterator[int]:
    """Run a proxy to a loopback port that takes so many seconds each way; yield its own port."""
    command = [sys.executable, "-m", "support.delay_proxy", str(port), str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
