"""How the names of two people agree: the first thing that is asked of a pair."""

from __future__ import annotations

import enum
from typing import NamedTuple

from mailbox_svc.contacts.duplicates.given import Likeness, is_given, likeness
from mailbox_svc.contacts.duplicates.letters import Word
from mailbox_svc.contacts.duplicates.local_parts import is_near
from mailbox_svc.contacts.duplicates.person import Person
from mailbox_svc.contacts.duplicates.reading import Reading


class Likely(enum.IntEnum):
    """How two names agree; less is worse."""

    #: A slip of the fingers makes one of the other; so do two names of two people.
    TYPED = 0
    INITIAL = 1
    #: One holds the other's family name: "Smith-Jones" and "Smith".
    COMPOUND = 2
    #: An address spells it, nobody wrote it.
    SPELT = 3
    SHORT = 4
    SAME = 5


#: What given names make of names with one family name.
_AS_WHOLE = {
    Likeness.SAME: Likely.SAME,
    Likeness.SHORT: Likely.SHORT,
    Likeness.INITIAL: Likely.INITIAL,
}


class Link(NamedTuple):
    """Two readings that agree."""

    likely: Likely
    first: Reading
    second: Reading
    #: "Jr" stands behind one of them only: a parent and a child, or one person.
    maybe_parent: bool


def link(one: Person, other: Person) -> Link | None:
    """Return the best agreement of their names; None when they are different people by their names."""
    best: Link | None = None
    mine, theirs = one.readings[0], other.readings[0]
    for first in one.readings:
        for second in other.readings:
            likely = _likely(first, second)
            if likely is not None and (best is None or likely > best.likely):
                parent = bool(first.generation) is not bool(second.generation)
                best = Link(likely, first, second, parent)
    if best is None or (best.first is mine and best.second is theirs):
        return best
    return None if _contradict(mine, theirs) else best


def _likely(one: Reading, other: Reading) -> Likely | None:
    if one.generation and other.generation and one.generation != other.generation:
        return None
    if _is_one(one, other) or _is_turned(one, other):
        return Likely.SPELT if one.is_guess or other.is_guess else Likely.SAME
    alike = _alike(one, other)
    if _middles_differ(one, other):
        return None
    if not _families_meet(one, other):
        return _of_families(one, other) if alike is Likeness.SAME else None
    if alike is None:
        typed = not (is_given(one.given) and is_given(other.given)) and _is_typed(one.given, other.given)
        return Likely.TYPED if typed else None
    guessed = alike is not Likeness.INITIAL and (one.is_guess or other.is_guess)
    return Likely.SPELT if guessed else _AS_WHOLE[alike]


def _families_meet(one: Reading, other: Reading) -> bool:
    """Tell one family name, with what stands before it in one word or apart: "van Ginkel", "Vanginkel"."""
    if one.family.same(other.family):
        return True
    mine, theirs = one.joined or one.family, other.joined or other.family
    return (one.joined is not None or other.joined is not None) and mine.same(theirs)


def _of_families(one: Reading, other: Reading) -> Likely | None:
    if _is_part(one, other):
        return Likely.COMPOUND
    return Likely.TYPED if _is_typed(one.family, other.family) else None


def _is_typed(one: Word, other: Word) -> bool:
    return any(is_near(text, other) for text in one.spellings)


def _contradict(one: Reading, other: Reading) -> bool:
    """Tell two known given names that are different, whatever else those contacts were called."""
    if not is_given(one.given) or not is_given(other.given) or _is_turned(one, other):
        return False
    return _alike(one, other) is None


def _alike(one: Reading, other: Reading) -> Likeness | None:
    if _is_given_of(one.given, other) or _is_given_of(other.given, one):
        return Likeness.SAME
    return likeness(one.given, other.given)


def _is_one(one: Reading, other: Reading) -> bool:
    """Tell the same name at once, as most that are compared are; what else is asked would say the same."""
    return one.given is other.given and one.family is other.family and not (one.middle and other.middle)


def _is_turned(one: Reading, other: Reading) -> bool:
    """Tell "Berg Anna" from "Anna Berg"; "Martin Thomas" and "Thomas Martin" are two people."""
    if not (_is_given_of(other.family, one) and _is_given_of(one.family, other)):
        return False
    return not (is_given(one.given) and is_given(one.family))


def _is_given_of(one: Word, name: Reading) -> bool:
    return one.same(name.given) or (name.double is not None and one.same(name.double))


def _middles_differ(one: Reading, other: Reading) -> bool:
    """Tell "John A. Smith" from "John B. Smith"; one without any is either."""
    if not one.middle or not other.middle:
        return False
    return not any(likeness(mine, theirs) for mine in one.middle for theirs in other.middle)


def _is_part(one: Reading, other: Reading) -> bool:
    mine, theirs = _families(one), _families(other)
    return any(a.same(other.family) for a in mine) or any(b.same(one.family) for b in theirs)


def _families(name: Reading) -> tuple[Word, ...]:
    """Return the parts of a double family name, hyphenated or, as in Spain, not."""
    unhyphenated = tuple(part for part in name.middle if len(part.text) > 2 and not is_given(part))
    return (*name.halves, *unhyphenated)
