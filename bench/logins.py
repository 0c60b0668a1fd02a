"""One login after the other to an IMAP server over TLS, measuring the CPU time of this side alone.

Reads {"how", "host", "port", "ca_file", "user", "password", "seconds"} from standard input and prints
{"cpu_per_login", "logins"}. How: `bare` is the physical limit, a blocking socket that does TLS, LOGIN and
LOGOUT and understands nothing; `tester` is the service's own connection test, all seven stages of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvloop

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import Password
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret


def _bare(question: dict[str, Any]) -> Callable[[], Awaitable[None]]:
    context = ssl.create_default_context(cafile=question["ca_file"])
    address = (question["host"], question["port"])
    login = f'a LOGIN "{question["user"]}" "{question["password"]}"\r\n'.encode()

    async def log_in() -> None:
        with (
            socket.create_connection(address) as raw,
            context.wrap_socket(raw, server_hostname=question["host"]) as connection,
        ):
            _read_until(connection, b"* OK")
            connection.sendall(login)
            _read_until(connection, b"a OK")
            connection.sendall(b"b LOGOUT\r\n")
            _read_until(connection, b"b OK")

    return log_in


def _read_until(connection: ssl.SSLSocket, start: bytes) -> None:
    """Read until a line begins like this and is complete."""
    seen = b""
    while not (b"\n" + seen).rpartition(b"\n" + start)[1] or not seen.endswith(b"\n"):
        received = connection.recv(4096)
        assert received, f"the server closed the connection; it had said {seen!r}"
        seen += received


def _tester(question: dict[str, Any]) -> Callable[[], Awaitable[None]]:
    policy = EgressPolicy(opened=(ip_network("127.0.0.0/8"),), ports=frozenset({question["port"]}))
    tester = ImapConnectionTester(
        Access(policy, ca_file=Path(question["ca_file"]), resolver=HostResolver([]))
    )
    destination = Destination(question["host"], question["port"], tls=True, user=question["user"])
    credential = Password(Secret(question["password"]))

    async def log_in() -> None:
        report = await tester.test(destination, credential, timeout=30)
        assert report.ok, report.error

    return log_in


async def _measure(question: dict[str, Any]) -> dict[str, float]:
    log_in = {"bare": _bare, "tester": _tester}[question["how"]](question)
    for _ in range(5):
        await log_in()
    logins, cpu = 0, time.process_time()
    end = time.perf_counter() + question["seconds"]
    while time.perf_counter() < end:
        await log_in()
        logins += 1
    return {"cpu_per_login": (time.process_time() - cpu) / logins, "logins": logins}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(_measure(json.load(sys.stdin)))))
