"""How long List takes while the same process harvests, and how long when it has nothing else to do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harvest.server import Mailbox, MailServer
from harvest.service import harvest, harvesting_service, metadata
from parts import Service

_IDLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that a call took."""

    calls: int
    median: float
    p99: float
    slowest: float

    def __str__(self) -> str:
        times = [f"{seconds * 1e3:.1f} ms" for seconds in (self.median, self.p99, self.slowest)]
        return f"median {times[0]}, p99 {times[1]}, slowest {times[2]} ({self.calls:,} calls)"


def measure(server: MailServer, mailbox: Mailbox, idle_seconds: float = _IDLE_SECONDS) -> None:
    """Print how long List takes without and with a harvest of the mailbox."""
    with harvesting_service(server.dovecot.ca_file, [server.dovecot.tls_port]) as service:
        with _listing(service) as idle:
            time.sleep(idle_seconds)
        with _listing(service) as busy:
            harvest(service, mailbox.tls)
    print(f"\nList, while the service is idle:     {idle[0]}")
    print(f"List, while it harvests {mailbox.size:,}: {busy[0]}\n")


@contextmanager
def _listing(service: Service) -> Iterator[list[Latency]]:
    """Call List for as long as the block runs; the list holds the outcome after it."""
    outcome: list[Latency] = []
    with subprocess.Popen(
        [sys.executable, "-m", "harvest.list_latency"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            question = {"address": service.address, "metadata": metadata(service)}
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            process.stdout.readline()  # it is ready
            yield outcome
            process.stdin.write("stop\n")
            process.stdin.flush()
            outcome.append(Latency(**json.loads(process.stdout.readline())))
        finally:
            process.terminate()
