"""The word lists in `words/`, read once. Every block of a list names its source."""

from __future__ import annotations

from importlib.resources import files

from mailbox_svc.contacts.search import fold


def load(name: str) -> frozenset[str]:
    """Return the entries of a list, folded: one a line, lines that begin with # aside."""
    text = (files(__package__) / "words" / f"{name}.txt").read_text(encoding="utf-8")
    entries = (fold(line) for line in text.splitlines() if not line.startswith("#"))
    return frozenset(filter(None, entries))
