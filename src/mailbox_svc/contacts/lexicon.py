"""The word lists in `words/`, read once. Every block of a list names its source."""

from __future__ import annotations

import re
from importlib.resources import files

from mailbox_svc.contacts.search import fold

_NOT_LETTERS = re.compile(r"[\W\d_]+")


def load(name: str) -> frozenset[str]:
    """Return the entries of a list, folded."""
    return frozenset(map(fold, lines(name)))


def lines(name: str) -> tuple[str, ...]:
    """Return the entries of a list as they are: one a line, empty ones and those that begin with # aside."""
    text = (files(__package__) / "words" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def split(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded; digits and marks separate them."""
    return tuple(filter(None, _NOT_LETTERS.split(fold(text))))
