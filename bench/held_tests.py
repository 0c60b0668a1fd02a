"""A thousand `Test` calls at once to a server that makes all of them wait: are they held, at what memory?

The server greets nobody before all are connected, so a service that dropped or queued one would not pass.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import trustme

from mailboxes.v1 import mailbox_service_pb2 as pb
from parts import Row, allow_many_sockets, ask_script, running_script, running_service
from report import show
from support import certs
from support.processes import new_folder

#: The service takes 100 calls a connection; a client with more in flight opens more of them.
CALLS_PER_CHANNEL = 50


def measure(clients: int) -> list[Row]:
    """Hold so many tests at once."""
    allow_many_sockets()
    folder = new_folder("bench-slow-imap")
    files = certs.issue(trustme.CA(), folder)
    with running_script("slow_imap.py", str(folder), str(clients)) as server:
        port = server.ready["port"]
        settings = {
            "MAILBOX_EGRESS_ALLOW": "127.0.0.0/8",
            "MAILBOX_EGRESS_PORTS": str(port),
            "MAILBOX_TLS_CA_FILE": str(files.ca),
            # All of them are of one account here.
            "MAILBOX_CONNECTIONS_PER_ACCOUNT": str(clients),
        }
        with running_service(**settings) as service:
            _warm_up(service.address, service.pid, service.token("warm"))
            question = {
                "address": service.address,
                "pid": service.pid,
                "calls": [_call(service.token(f"user-{number}"), port) for number in range(clients)],
                "callers": clients,
                "channels": -(-clients // CALLS_PER_CHANNEL),
                "once": True,
            }
            before = psutil.Process(service.pid).memory_info().rss
            with _watched(service.pid) as memory:
                began = time.perf_counter()
                answer = ask_script("load.py", question)
                took = time.perf_counter() - began
        at_once = json.loads(server.read_line())["at_once"]
    assert answer["errors"] == 0, f"{answer['errors']} tests failed"
    grown = (memory.peak - before) / clients
    return [
        Row(
            f"{clients:,} tests at once, slow server",
            f"{at_once:,} held",
            f"{clients:,} asked for",
            at_once / clients,
            f"{took:.1f} s; peak {memory.peak / 2**20:.0f} MiB, {grown / 2**10:.0f} KiB a test",
        )
    ]


@dataclass
class _Memory:
    peak: int = 0


@contextmanager
def _watched(pid: int) -> Iterator[_Memory]:
    """Note the most memory that the process holds, looking every 10 ms."""
    process, memory, stop = psutil.Process(pid), _Memory(), threading.Event()

    def watch() -> None:
        while not stop.wait(0.01):
            memory.peak = max(memory.peak, process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def _warm_up(address: str, pid: int, token: str) -> None:
    """Let the service load what it loads at the first calls, so that it is not counted."""
    call = ["List", "", [["authorization", f"Bearer {token}"]]]
    ask_script("load.py", {"address": address, "pid": pid, "calls": [call] * 100, "callers": 8, "once": True})


def _call(token: str, port: int) -> list[Any]:
    draft = pb.SaveRequest(
        label="Slow", host="127.0.0.1", port=port, tls=True, user="slow@example.test", password="CANARY-slow"
    )
    metadata = [["authorization", f"Bearer {token}"]]
    return ["Test", pb.TestRequest(draft=draft).SerializeToString().hex(), metadata]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=1000)
    arguments.add_argument("--quick", action="store_true", help="twenty clients: does it run at all?")
    given = arguments.parse_args()
    show(measure(20 if given.quick else given.clients))
