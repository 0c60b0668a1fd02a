"""Starts and stops the real servers of the tests, each in a folder of its own; leaves none behind."""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

#: Folders of this name hold what a server must know in clear; the canary scan leaves out these only.
SECRETS = "secrets"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
#: Below those that the system hands out by itself, so that no client and no port 0 takes one meanwhile.
_PORTS = range(20_000, 32_000)
_claims: list[socket.socket] = []
_shared: list[Path] = []


@cache
def session_folder() -> Path:
    """The folder of all servers of this test run, removed when the run ends.

    Not below pytest's own: servers started by root drop to other users, who may not enter that one.
    """
    if threading.current_thread() is threading.main_thread():
        # a run that is told to stop stops its servers, as it does after Ctrl-C
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if _shared:
        return _shared[0]
    folder = Path(tempfile.mkdtemp(prefix="mailbox-svc-tests-"))
    folder.chmod(0o755)
    if not os.environ.get("KEEP_TEST_SERVERS"):
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def share_session_folder(folder: Path) -> None:
    """Use the folder of the process that started this one, which also removes it."""
    _shared.append(folder)


def new_folder(name: str) -> Path:
    """Make a folder that every user may enter, with a `secrets` folder in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=session_folder()))
    folder.chmod(0o755)
    (folder / SECRETS).mkdir(mode=0o755)
    return folder


def free_port() -> int:
    """A loopback port that nobody listens on, and that no other test process on this machine gets."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        if _claimed(port):
            return port
    raise RuntimeError("none of 200 ports is free")


def _claimed(port: int) -> bool:
    # An abstract name holds for all processes, and is gone with the one that took it, however that ends.
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0mailbox-svc-tests-port-{port}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True


def listening(port: int) -> Callable[[], bool]:
    """Says whether somebody accepts connections on this loopback port."""

    def check() -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return check


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    log: Path,
    ready: Callable[[], bool],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server that stays in the foreground; yield its process id once `ready` says so.

    Its output goes to `log`. It is stopped with SIGTERM, and killed when it does not care.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server in order
        )
    try:
        _wait(process, ready, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            words = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{process.args!r} did not start (exit {process.poll()}):\n{words}")
        time.sleep(0.02)


def needs(program: Path) -> Path:
    """Return the program, or say how to get it."""
    if not program.exists():
        raise RuntimeError(f"{program} is missing: run scripts/install-system.sh")
    return program
