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
from parts import Service

_ROUND_TRIP = 0.08


def measure(server: MailServer, mailbox: Mailbox, *, quick: bool = False) -> tuple[float, float]:
    """Return the seconds of a harvest through a proxy that does not delay, and through one that does.

    Each is the first one of its service, unless it shall be `quick`.
    """
    ca_file, port = server.dovecot.ca_file, mailbox.tls.port
    with _proxy(port, 0) as near, _proxy(port, _ROUND_TRIP / 2) as far:
        if quick:
            with harvesting_service(ca_file, [near, far]) as service:
                return _through(service, mailbox, near), _through(service, mailbox, far)
        with harvesting_service(ca_file, [near]) as service:
            without = _through(service, mailbox, near)
        with harvesting_service(ca_file, [far]) as service:
            return without, _through(service, mailbox, far)


def _through(service: Service, mailbox: Mailbox, port: int) -> float:
    Console(stderr=True).print("a harvest through a proxy …")
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
