"""Given names: which are short for which. Different ones are never one, however alike they look."""

from __future__ import annotations

import enum
from functools import lru_cache

from mailbox_svc.contacts.duplicates.letters import Word
from mailbox_svc.contacts.lexicon import lines, load


class Likeness(enum.Enum):
    """How two given names agree."""

    SAME = enum.auto()
    #: One is short for the other, or both for a third.
    SHORT = enum.auto()
    #: One is but the first letter of the other.
    INITIAL = enum.auto()


def _read() -> dict[str, frozenset[str]]:
    full_names: dict[str, set[str]] = {}
    for line in lines("nicknames"):
        full, _, short = line.partition(":")
        for name in short.split():
            full_names.setdefault(name, set()).add(full)
    return {name: frozenset(full) for name, full in full_names.items()}


#: Short name → what it may stand for.
_FULL = _read()
_KNOWN = load("given_names").union(_FULL, *_FULL.values())


def full_forms(name: Word) -> frozenset[str]:
    """Return the name itself and what it may be short for."""
    return _full_forms(name.spellings)


def is_given(name: Word) -> bool:
    """Tell whether it is known as a given name, or as short for one."""
    return _is_given(name.spellings)


def likeness(one: Word, other: Word) -> Likeness | None:
    """Return how they agree; None when they are different names."""
    if one.same(other):
        return Likeness.SAME
    if one.is_initial or other.is_initial:
        return Likeness.INITIAL if _initials_meet(one, other) else None
    return None if full_forms(one).isdisjoint(full_forms(other)) else Likeness.SHORT


@lru_cache(maxsize=1 << 15)
def _full_forms(spellings: tuple[str, ...]) -> frozenset[str]:
    return frozenset(spellings).union(*(_FULL.get(text, ()) for text in spellings))


@lru_cache(maxsize=1 << 15)
def _is_given(spellings: tuple[str, ...]) -> bool:
    return not _KNOWN.isdisjoint(spellings)


def _initials_meet(one: Word, other: Word) -> bool:
    return not {text[:1] for text in one.spellings}.isdisjoint(text[:1] for text in other.spellings)
