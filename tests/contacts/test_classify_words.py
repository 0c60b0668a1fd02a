"""The word lists themselves."""

from __future__ import annotations

from importlib.resources import files

import pytest

from mailbox_svc.contacts.lexicon import lines, load
from mailbox_svc.contacts.search import fold

LISTS = sorted(
    path.name.removesuffix(".txt")
    for path in (files("mailbox_svc.contacts") / "words").iterdir()
    if path.name.endswith(".txt")
)


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_stands_below_a_source_and_begins_no_comment(name: str) -> None:
    text = (files("mailbox_svc.contacts") / "words" / f"{name}.txt").read_text(encoding="utf-8")
    before, first, _ = text.partition(f"\n{lines(name)[0]}\n")
    assert first
    assert "\n# source: " in before
    assert before.startswith("# ")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_nothing_twice_and_is_in_lower_case(name: str) -> None:
    entries = lines(name)
    assert [entry for entry in entries if entry != entry.strip().lower()] == []
    assert sorted({entry for entry in entries if entries.count(entry) > 1}) == []
    assert load(name) == {fold(entry) for entry in entries}


@pytest.mark.parametrize(
    "name", [name for name in LISTS if name.endswith(("_words", "_hints")) and name != "via_words"]
)
def test_words_of_addresses_are_single_words_as_they_are_looked_up(name: str) -> None:
    assert [word for word in load(name) if not word.isalpha()] == []


def test_no_word_is_a_robots_and_a_functions() -> None:
    assert load("robot_words") & load("role_words") == frozenset()
    assert load("robot_words") & load("technical_words") == frozenset()
    assert load("role_words") & load("technical_words") == frozenset()
