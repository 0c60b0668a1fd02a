"""Has contacts compared without holding up the service: a few in a thread, many in a process of their own.

A thread shares the interpreter with the event loop, and a garbage collection among the objects of 100,000
contacts stops both for most of a second. A process can also be ended, and gives back its memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.contacts.duplicates.process import lines_of_candidates, suggestions_from
from mailbox_svc.model.duplicate import Candidate, Suggestion

#: More contacts are worth the start of a process, a quarter of a second.
_IN_A_THREAD = 2000
_FOR_THE_INTERPRETER = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME")


class Comparison:
    """Compares the contacts of one user after the other; small users do not wait for large ones."""

    def __init__(self, *, in_a_thread: int = _IN_A_THREAD) -> None:
        self._in_a_thread = in_a_thread
        self._small = asyncio.Lock()
        self._large = asyncio.Lock()

    async def suggestions(
        self, candidates: Sequence[Candidate], *, dismissed: AbstractSet[tuple[str, str]]
    ) -> list[Suggestion]:
        """Return what `duplicates.suggestions` does. Who is cancelled leaves no process behind."""
        if len(candidates) <= self._in_a_thread:
            async with self._small:
                return await asyncio.to_thread(suggestions, candidates, dismissed=dismissed)
        async with self._large:
            return await _in_a_process(candidates, dismissed)


async def _in_a_process(
    candidates: Sequence[Candidate], dismissed: AbstractSet[tuple[str, str]]
) -> list[Suggestion]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mailbox_svc.contacts.duplicates.process",
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        # Ctrl-C in the terminal is ours to handle.
        start_new_session=True,
        env=_environment(),
    )
    try:
        return await _asked(process, candidates, dismissed)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with the copy that does half of its work
        await process.wait()


def _environment() -> dict[str, str]:
    """Return what an interpreter needs to start; what else there is, secrets perhaps, is not its business."""
    kept = {name: text for name in _FOR_THE_INTERPRETER if (text := os.environ.get(name))}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


async def _asked(
    process: Process, candidates: Sequence[Candidate], dismissed: AbstractSet[tuple[str, str]]
) -> list[Suggestion]:
    assert process.stdin is not None  # noqa: S101  (PIPE was asked for)
    assert process.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has ended: its status says so
        for line in lines_of_candidates(candidates, iter(dismissed)):
            process.stdin.write(line)
            await process.stdin.drain()
            await asyncio.sleep(0)  # drain gives nobody a turn while the pipe takes more
        process.stdin.close()
    answer = await process.stdout.read()
    if status := await process.wait():
        msg = f"the comparison of {len(candidates)} contacts ended with status {status}"
        raise RuntimeError(msg)
    found: list[Suggestion] = []
    for line in answer.splitlines():
        found += suggestions_from(line)
        await asyncio.sleep(0)
    return found
