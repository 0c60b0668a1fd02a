"""A throw-away pymap (the asyncio server from PyPI) on loopback. It knows STARTTLS and no implicit TLS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from support import certs
from support.processes import free_port, listening, new_folder, running
from support.real_server import RealServer


@contextmanager
def running_pymap(user: str, password: str, ca: trustme.CA) -> Iterator[RealServer]:
    """Run a pymap that knows this one user, with empty folders, in memory."""
    folder = new_folder("pymap")
    files = certs.issue(ca, folder)
    port = free_port()
    command: list[str | Path] = [
        Path(sys.executable).parent / "pymap",
        "--host", "127.0.0.1", "--port", str(port), "--cert", files.chain, "--key", files.key,
        "dict", "--demo-user", user, "--demo-password", password,
    ]  # fmt: skip
    with running(command, log=folder / "log", ready=listening(port)):
        yield RealServer("127.0.0.1", None, port, files.ca, folder)
