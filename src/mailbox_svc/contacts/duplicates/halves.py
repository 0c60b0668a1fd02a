"""Half of a long list of work for each of two processors.

For a process that does nothing else: with threads or an event loop, a fork copies locks that nobody opens.
"""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: What is less is done before a second process has begun.
_WORTH_IT = 5_000
#: The share of this process: the other one also has to write down what it found.
_OURS = 0.64


class Sharing(Protocol):
    """How a list of work is done."""

    def __call__(self, work: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R]:
        """Return what `work` makes of all items, in their order."""


def in_turn(work: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R]:
    """Do all of it here."""
    return work(items)


def at_once(work: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> list[R]:
    """Return what `work` makes of all items, in their order; a copy of this process does nearly half of them.

    Raises RuntimeError when the copy fails. A copy of which this process was ended ends when it has worked.
    """
    if len(items) < _WORTH_IT or len(os.sched_getaffinity(0)) < 2:
        return work(items)
    ours = int(len(items) * _OURS)
    reading, writing = os.pipe()
    copy = os.fork()
    if copy == 0:
        _do_the_rest(lambda: work(items[ours:]), reading, writing)
    os.close(writing)
    try:
        with open(reading, "rb") as answer:  # noqa: PTH123  (it has no path)
            done = work(items[:ours])
            written = answer.read()
    finally:
        _, status = os.waitpid(copy, 0)
    if status:
        msg = f"half of {len(items)} ended with status {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(msg)
    done += pickle.loads(written)  # noqa: S301  (our own copy wrote it)
    return done


def _do_the_rest(work: Callable[[], list[R]], reading: int, writing: int) -> NoReturn:
    """Work, write down what came of it, and end."""
    status = 1
    try:
        gc.disable()
        os.close(reading)
        with open(writing, "wb") as answer:
            answer.write(pickle.dumps(work(), protocol=5))
        status = 0
    finally:
        os._exit(status)
