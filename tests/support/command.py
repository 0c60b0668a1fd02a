"""Runs `mailbox-svc` as its users do: as a process, with settings from the environment."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from support.nursery import Command, command_born

BIN = Path(sys.executable).parent
#: Seconds; no command takes so long.
_PATIENCE = 100

#: What the names of settings begin with.
PREFIXES = ("MAILBOX_", "GOOGLE_", "MICROSOFT_")
#: Names and values of environment variables.
Settings = Mapping[str, object]
NONE: Settings = {}


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment without any setting of the service, and then these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIXES)}
    # No gateway unless it is asked for: the port is the same for all, and tests run side by side.
    ours = {"COLUMNS": "200", "MAILBOX_REST_ADDR": ""}
    return {**clean, **ours, **{name: str(value) for name, value in settings.items()}}


def program(
    *arguments: str, settings: Settings = NONE, stdout: IO[bytes] | int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end by the program that is installed: its start and its last words matter."""
    return subprocess.run(
        [str(BIN / "mailbox-svc"), *arguments],
        env=environment(settings),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )


def mailbox_svc(
    *arguments: str, settings: Settings = NONE, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process that has imported it."""
    with TemporaryFile() as given, TemporaryFile() as kept, TemporaryFile() as errors:
        given.write(stdin.encode())
        given.seek(0)
        streams = [one.fileno() for one in (given, kept, errors)]
        process = command_born(arguments, environment(settings), streams)
        try:
            code = process.wait(_PATIENCE)
        finally:
            process.kill()
        texts = []
        for stream in (kept, errors):
            stream.seek(0)
            texts.append(stream.read().decode())
        return subprocess.CompletedProcess(arguments, code, *texts)


def on_a_terminal(*arguments: str, settings: Settings = NONE, typed: str = "") -> tuple[str, int]:
    """Run it on a terminal of 80 columns without colours; return all that came out, and how it ended.

    What is `typed` comes once the command edits a line, which is when it asks for one.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [BIN / "mailbox-svc", *arguments],
        env=environment(settings) | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    typist = threading.Thread(target=_type, args=(ours, typed, process))
    typist.start()
    seen = b""
    with suppress(OSError):  # Linux says so when the other side is closed
        while piece := os.read(ours, 65536):
            seen += piece
    typist.join()
    os.close(ours)
    return seen.decode().replace("\r\n", "\n"), process.wait(20)


def _type(terminal: int, text: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    with suppress(OSError):  # the command has ended
        while termios.tcgetattr(terminal)[3] & termios.ICANON and process.poll() is None:
            if not text or time.monotonic() > end:
                break
            time.sleep(0.02)
        os.write(terminal, text.encode())


@dataclass(slots=True)
class Serving:
    """A running `serve`, and what it has printed so far."""

    process: Command | subprocess.Popen[bytes]
    lines: list[str]

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def find(self, pattern: str, timeout: float = 60) -> str:
        """Wait until the output matches; return the first group."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if match := re.search(pattern, self.output):
                return match.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no {pattern!r} in: {self.output}")

    def stop(self, number: int = signal.SIGTERM, timeout: float = 60) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout)


@contextmanager
def serving(
    *arguments: str, cwd: Path, settings: Settings = NONE, command: str = "serve", installed: bool = False
) -> Iterator[Serving]:
    """Run `mailbox-svc serve`, or another command that serves; it is killed at the end if it still runs.

    `installed` is the program that is, started as its users do.
    """
    ours, theirs = os.pipe()
    process: Command | subprocess.Popen[bytes]
    with Path(os.devnull).open() as nothing:
        if installed:
            process = subprocess.Popen(
                [str(BIN / "mailbox-svc"), command, *arguments],
                env=environment({"PYTHONUNBUFFERED": 1, **settings}),
                cwd=cwd,
                stdin=nothing,
                stdout=theirs,
                stderr=theirs,
            )
        else:
            streams = [nothing.fileno(), theirs, theirs]
            process = command_born([command, *arguments], environment(settings), streams, folder=cwd)
    os.close(theirs)
    output = os.fdopen(ours)
    running = Serving(process, [])
    reader = threading.Thread(target=lambda: running.lines.extend(iter(output.readline, "")))
    reader.start()
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        reader.join()
        output.close()
