"""Half of the work is done by a copy of the process: the same comes of it, and nothing is lost in silence."""

from __future__ import annotations

import os
from collections.abc import Sequence

import psutil
import pytest

from mailbox_svc.contacts.duplicates.halves import at_once, in_turn

MANY = list(range(12_000))


def doubled(numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def by_whom(numbers: Sequence[int]) -> list[int]:
    return [os.getpid()] * len(numbers)


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def test_the_order_is_that_of_the_items() -> None:
    assert at_once(doubled, MANY) == in_turn(doubled, MANY) == doubled(MANY)


def test_two_processes_do_it_and_one_is_left() -> None:
    workers = set(at_once(by_whom, MANY))

    assert len(workers) == 2
    assert os.getpid() in workers
    assert [child.pid for child in psutil.Process().children() if child.pid in workers] == []


def test_little_work_and_one_processor_are_not_worth_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(at_once(by_whom, MANY[:4000])) == {os.getpid()}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert set(at_once(by_whom, MANY)) == {os.getpid()}


def test_a_copy_that_fails_is_an_error() -> None:
    def fail_there(numbers: Sequence[int]) -> list[int]:
        if numbers[0]:
            os._exit(3)
        return list(numbers)

    with pytest.raises(RuntimeError, match="half of 12000 ended with status 3"):
        at_once(fail_there, MANY)


def test_a_failure_here_leaves_no_copy_behind() -> None:
    def fail_here(numbers: Sequence[int]) -> list[int]:
        if not numbers[0]:
            raise ValueError("here")
        return list(numbers)

    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ValueError, match="here"):
        at_once(fail_here, MANY)
    assert {child.pid for child in psutil.Process().children()} == before


def test_what_does_not_fit_a_pipe_arrives() -> None:
    def long_words(numbers: Sequence[int]) -> list[str]:
        return [f"{number:01000}" for number in numbers]

    assert at_once(long_words, MANY) == long_words(MANY)
