"""How telling a name is: judged by who is among the contacts, and by lists of names that many share."""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Iterable

from mailbox_svc.contacts.duplicates.given import full_forms
from mailbox_svc.contacts.duplicates.letters import Word
from mailbox_svc.contacts.duplicates.person import Person
from mailbox_svc.contacts.duplicates.reading import Reading
from mailbox_svc.contacts.lexicon import load

_GIVEN = load("common_given_names")
_FAMILY = load("common_family_names")
#: More contacts than one person hardly has.
_MANY = 12
#: So many others of a name, by chance: it may well be somebody else's, it is.
_MAYBE_MET, _LIKELY_MET = 0.03, 0.5


class Telling(enum.IntEnum):
    """How much a full name says about who it is."""

    #: It is not rare, and stands at several companies or several free-mail hosts: perhaps of several people.
    CROWDED = 0
    COMMON = 1
    #: The family name is common, the given name is not.
    MIDDLING = 2
    RARE = 3


class NamesInUse:
    """Counts names over all contacts; each full name once, so that duplicates do not make it frequent."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._full: Counter[tuple[str, str]] = Counter()
        #: By full name: the hosts of addresses at work, and of free mail.
        self._work: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._home: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        #: By family name and company ("" is all): the given names in full.
        self._givens: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        #: What was asked before: family name, company and short name.
        self._ambiguous: dict[tuple[str, str, str], bool] = {}
        for person in people:
            if person.readings:
                self._count(person, person.readings[0])
        self._given = Counter(given for given, _ in self._full)
        self._family = Counter(family for _, family in self._full)

    def telling(self, name: Reading) -> Telling:
        """Return how much this name says."""
        given, family = _key(name)
        contacts = self._full[given, family]
        # how many others of this name there would be if given and family names met by chance
        others = (self._given[given] - 1) * (self._family[family] - 1) / max(len(self._full), 1)
        telling = self._by_lists(name)
        if others >= (_LIKELY_MET if telling is Telling.RARE else _MAYBE_MET):
            telling = Telling(telling - 1)
        if telling is Telling.RARE:
            return Telling.CROWDED if contacts > _MANY else telling
        several = any(len(hosts.get((given, family), ())) > 1 for hosts in (self._work, self._home))
        return Telling.CROWDED if several else telling

    def is_ambiguous(self, one: Reading, other: Reading, company: str) -> bool:
        """Tell whether a short name or initial may be somebody else's there ("" is anywhere)."""
        short = min(one.given, other.given, key=lambda given: len(given.text))
        key = _key(one)[1], company, short.spellings[0]
        if key not in self._ambiguous:
            others = self._givens.get(key[:2], set())
            self._ambiguous[key] = sum(_may_be(short, given) for given in others) > 1
        return self._ambiguous[key]

    @staticmethod
    def _by_lists(name: Reading) -> Telling:
        if name.given is name.family:
            # Han and the like: one letter of family name, and few people write theirs in Latin letters
            return Telling.COMMON if name.family.text[0] in _FAMILY else Telling.RARE
        if _FAMILY.isdisjoint(name.family.spellings):
            return Telling.RARE
        return Telling.MIDDLING if _GIVEN.isdisjoint(full_forms(name.given)) else Telling.COMMON

    def _count(self, person: Person, name: Reading) -> None:
        given, family = _key(name)
        self._full[given, family] += 1
        for place in person.places:
            (self._home if place.is_free else self._work)[given, family].add(place.registered)
        if not name.given.is_initial:
            for company in (*person.companies, ""):
                self._givens[family, company].add(name.given.spellings[0])


def _key(name: Reading) -> tuple[str, str]:
    return name.given.sounds[0], name.family.sounds[0]


def _may_be(short: Word, given: str) -> bool:
    if short.is_initial:
        return given.startswith(short.text)
    # its other short forms are the same name; those in full that it may stand for are not
    return given not in short.spellings and given in full_forms(short)
