"""Starts and stops the demo's IMAP server. It runs in a process of its own and ends with this one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailbox_svc.demo.people import ALICE
from mailbox_svc.errors import ConfigError

#: Seconds. Most of it is importing; building the messages takes a fraction of a second.
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class DemoServer:
    """Where the sample mailbox is, and how to get in. Implicit TLS."""

    host: str
    port: int
    #: The certificate authority of this run, as PEM; `MAILBOX_TLS_CA_FILE` of the service.
    ca_file: Path
    user: str
    password: str = field(repr=False)
    #: How many messages it holds, in all folders.
    messages: int


@asynccontextmanager
async def demo_imap_server(folder: Path) -> AsyncIterator[DemoServer]:
    """Serve the sample mailbox on a free loopback port for as long as the block runs.

    `folder` receives the certificate of the CA. Raises ConfigError when the server does not start.
    """
    password = f"CANARY-{secrets.token_urlsafe(9)}"
    log = folder / "imap.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mailbox_svc.demo.imap_process",
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            # Ctrl-C in the terminal is ours to handle; this one ends when its standard input does.
            start_new_session=True,
        )
    try:
        ready = await _started(process, password, log)
        yield DemoServer(
            host="127.0.0.1",
            port=ready["port"],
            ca_file=folder / "ca.pem",
            user=ALICE.address,
            password=password,
            messages=ready["messages"],
        )
    finally:
        await _stop(process)


async def _started(process: asyncio.subprocess.Process, password: str, log: Path) -> dict[str, int]:
    assert process.stdin is not None  # noqa: S101  (PIPE was asked for)
    assert process.stdout is not None  # noqa: S101
    # Through the pipe and not as an argument: every user of a machine can read arguments.
    process.stdin.write(f"{password}\n".encode())
    try:
        async with asyncio.timeout(_START_TIMEOUT):
            line = await process.stdout.readline()
    except TimeoutError:
        raise ConfigError("The demo's IMAP server did not start in time.") from None
    if not line:
        raise ConfigError(_why(log))
    ready: dict[str, int] = json.loads(line)
    return ready


def _why(log: Path) -> str:
    text = log.read_text(errors="replace").strip()
    if "ModuleNotFoundError" in text:
        return "The demo needs its extra packages: pip install 'mailbox-svc[demo]'."
    return "The demo's IMAP server did not start: " + text.rpartition("\n")[2]


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
