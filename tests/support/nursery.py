"""Processes of `mailbox-svc` that need not import it first, which takes a program a second each time.

They are forked from one that has imported it and done nothing else. What is forked gets streams, an
environment and arguments of its own, as a program does; tests of the start itself start the program.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
# The command line comes last: it puts off what is not there yet.
_CONTEXT.set_forkserver_preload(
    [
        *(
            f"mailbox_svc.{name}"
            for name in ("app", "identity", "vault", "mailboxes.importing", "mailboxes.rotation")
        ),
        "mailbox_svc.cli",
        "support.sync_worker",
    ]
)
#: Consoles look at these once, when they are imported.
_SEEN_AT_IMPORT = {"COLUMNS": "200"}


def born(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process that calls this, and only this."""
    process = _CONTEXT.Process(target=target, args=arguments)
    with _found():
        process.start()
    return process


@dataclass(frozen=True, slots=True)
class Command:
    """A process that runs `mailbox-svc`, as `subprocess.Popen` has it."""

    _process: BaseProcess

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its exit code. Raises TimeoutError."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError("it goes on")
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def command_born(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    streams: Sequence[int],
    *,
    folder: Path | None = None,
) -> Command:
    """Start `mailbox-svc` with these arguments, and standard input, output and error."""
    given = [DupFd(one) for one in streams]
    return Command(born(_command, list(arguments), dict(environment), str(folder or Path.cwd()), given))


def _command(arguments: list[str], environment: dict[str, str], folder: str, streams: list[Any]) -> None:
    from mailbox_svc import cli  # noqa: PLC0415  (not in the process of the tests)

    _take(streams)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [str(Path(sys.executable).parent / "mailbox-svc"), *arguments]
    cli.main()


class Program:
    """A process that calls a coroutine function with words, as `subprocess.Popen` has it, with text streams.

    What ends it is the last that it writes: the name of an exception.
    """

    def __init__(self, main: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
        """Start it. The function is of a module, which is imported there."""
        given, ours = os.pipe()
        theirs, written = os.pipe()
        words, streams = [str(one) for one in arguments], [DupFd(given), DupFd(written)]
        self._process = born(_program, main, words, streams)
        os.close(given)
        os.close(written)
        self.stdin = os.fdopen(ours, "w")
        self.stdout = os.fdopen(theirs)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> None:
        """Wait for its end, so many seconds at most."""
        self._process.join(timeout)

    def send_signal(self, number: int) -> None:
        if self.poll() is None and self._process.pid:
            os.kill(self._process.pid, number)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """End its input, wait for its end, and return what else it has written."""
        self.stdin.close()
        said = "" if self.stdout.closed else self.stdout.read()
        self.stdout.close()
        self._process.join(timeout)
        return said, None

    def kill(self) -> None:
        """End it at once, and forget what it has to say."""
        self._process.kill()
        self.communicate()


def _program(
    main: Callable[..., Coroutine[Any, Any, None]], arguments: list[str], streams: list[Any]
) -> None:
    _take(streams)
    os.environ.clear()
    try:
        asyncio.run(main(*arguments))
    except Exception as error:
        os.write(1, f"\n{type(error).__name__}".encode())
        raise


def _take(streams: list[Any]) -> None:
    """Have these as standard input, output and so on."""
    for number, stream in enumerate(streams):
        given = stream.detach()
        os.dup2(given, number)
        os.close(given)


@contextmanager
def _found() -> Iterator[None]:
    """Let the process that all are forked from, made with the first of them, find what it imports."""
    wanted = {"PYTHONPATH": str(Path(__file__).parents[1]), **_SEEN_AT_IMPORT}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
