"""Which pairs are worth comparing: those that share a key, and never all of a key that many share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import combinations

from mailbox_svc.contacts.duplicates.given import full_forms
from mailbox_svc.contacts.duplicates.letters import Word, word
from mailbox_svc.contacts.duplicates.person import Person
from mailbox_svc.contacts.duplicates.reading import Reading

#: A key of more contacts is cut by what else they share.
_LARGEST = 40
#: Of one that cannot be cut, each is compared with so many that follow it.
_NEIGHBOURS = 3


def pairs(people: Sequence[Person]) -> Iterator[tuple[int, int]]:
    """Yield pairs of positions, the smaller first, each once; the order depends on the input alone."""
    # most keys are of one contact, and need no list
    firsts: dict[str, int] = {}
    blocks: dict[str, list[int]] = {}
    loose = {letters for one in people if one.nameless and not one.readings for letters in _letters(one)}
    for at, one in enumerate(people):
        for keys in (_keys(one), _spelt(one, loose)):
            for key in keys:
                first = firsts.setdefault(key, at)
                if first != at:
                    blocks.setdefault(key, [first]).append(at)
    del firsts
    seen: set[int] = set()
    for members in blocks.values():
        for first, second in _of_block(members, people):
            pair = first * len(people) + second
            if pair not in seen:
                seen.add(pair)
                yield first, second


def _of_block(members: list[int], people: Sequence[Person]) -> Iterator[tuple[int, int]]:
    if len(members) <= _LARGEST:
        yield from combinations(members, 2)
        return
    parts: defaultdict[str, list[int]] = defaultdict(list)
    for at in members:
        for key in _anchors(people[at]):
            parts[key].append(at)
    for part in parts.values():
        if len(part) <= _LARGEST:
            yield from combinations(part, 2)
        else:
            yield from _neighbours(part, people)


def _neighbours(members: list[int], people: Sequence[Person]) -> Iterator[tuple[int, int]]:
    ordered = sorted(members, key=lambda at: (people[at].places[0].local, people[at].id))
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 : place + 1 + _NEIGHBOURS]:
            yield min(first, second), max(first, second)


def _keys(one: Person) -> set[str]:
    keys = {f"@{handle}" for handle in one.handles}
    if one.phone and one.readings:
        keys.add(f"+{one.phone}")
    for name in one.readings:
        families = _families(name)
        if name.given.is_initial:
            givens: AbstractSet[str] = frozenset()
        else:
            givens = _sounds(name.given.spellings)
            if name.double:
                givens = givens.union(name.double.sounds)
        initials = {text[:1] for text in name.given.spellings}
        for family in families:
            # in either order, so that "Berg Anna" meets "Anna Berg"
            keys.update([f"{given} {family}" if given < family else f"{family} {given}" for given in givens])
            keys.update([f"{initial}. {family} {at}" for initial in initials for at in one.companies])
    return keys


def _spelt(one: Person, loose: AbstractSet[str]) -> set[str]:
    """Return those of `loose`, local parts of contacts without a name, that it has or that spell its name."""
    if not one.readings:
        return _letters(one) if one.nameless else set()
    name = one.readings[0]
    found = _letters(one) & loose
    givens = full_forms(name.given)
    if name.double:
        givens = givens.union(name.double.spellings)
    for family in name.family.spellings:
        for given in givens:
            for spelt in (given + family, family + given, given[:1] + family):
                if spelt in loose:
                    found.add(spelt)
    return found


@lru_cache(maxsize=1 << 14)
def _sounds(given: tuple[str, ...]) -> frozenset[str]:
    """Return the sounds of a given name and of all that it may be short for."""
    return frozenset(
        sound for spelt in given for full in full_forms(word(spelt)) for sound in word(full).sounds
    )


def _letters(one: Person) -> set[str]:
    return {place.letters for place in one.places if place.letters}


def _anchors(one: Person) -> Iterator[str]:
    """Yield what makes one person even of two with a common name."""
    yield from one.companies
    yield from (f"@{handle}" for handle in one.handles)
    if one.phone:
        yield f"+{one.phone}"


def _families(name: Reading) -> set[str]:
    if not name.halves and not name.middle and not name.joined:
        return set(name.family.sounds)
    joined = (name.joined,) if name.joined else ()
    middle = (one for one in name.middle if len(one.text) > 2)
    parts: tuple[Word, ...] = (name.family, *joined, *name.halves, *middle)
    return {sound for part in parts for sound in part.sounds}
