"""How telling a name is: judged by who is among the contacts, and by lists of names that many share."""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from mailbox_svc.contacts.duplicates.given import full_forms
from mailbox_svc.contacts.duplicates.letters import Word
from mailbox_svc.contacts.duplicates.local_parts import unnumbered
from mailbox_svc.contacts.duplicates.person import Person
from mailbox_svc.contacts.duplicates.reading import Reading
from mailbox_svc.contacts.lexicon import load

_GIVEN = load("common_given_names")
_FAMILY = load("common_family_names")
#: More contacts than one person hardly has.
_MANY = 12
#: So many others of a name, by chance: it may well be somebody else's, it is.
_MAYBE_MET, _LIKELY_MET = 0.03, 0.05


class Telling(enum.IntEnum):
    """How much a full name says about who it is."""

    #: It stands at more companies or free-mail hosts than one person of it likely has.
    CROWDED = 0
    COMMON = 1
    #: The family name is common, the given name is not.
    MIDDLING = 2
    RARE = 3


#: So many companies, or free-mail hosts, one person may have; with a name that others have, they are theirs.
_PLACES = {Telling.CROWDED: 0, Telling.COMMON: 1, Telling.MIDDLING: 2}


class NamesInUse:
    """Counts names over all contacts; each full name once, so that duplicates do not make it frequent."""

    def __init__(self, people: Sequence[Person]) -> None:
        named = [(person, _key(person.readings[0])) for person in people if person.readings]
        self._full = Counter(key for _, key in named)
        self._given = Counter(given for given, _ in self._full)
        self._family = Counter(family for _, family in self._full)
        #: By full name: the hosts of addresses at work, and of free mail.
        self._work: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._home: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        #: Companies that tell two of one full name apart by a number, by that name.
        self._numbered: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._locate(named)
        #: Who has a family name; and, where it was asked for, the given names by family name and company.
        self._of_family: defaultdict[str, list[Person]] = defaultdict(list)
        for person, (_, family) in named:
            if not person.readings[0].given.is_initial:
                self._of_family[family].append(person)
        self._givens: dict[str, defaultdict[str, set[str]]] = {}
        #: What was asked before: by name as written; by family name, company and short name.
        self._tellings: dict[tuple[str, str], Telling] = {}
        self._ambiguous: dict[tuple[str, str, str], bool] = {}

    def telling(self, name: Reading) -> Telling:
        """Return how much this name says."""
        written = name.given.text, name.family.text
        if written not in self._tellings:
            self._tellings[written] = self._judged(name)
        return self._tellings[written]

    def _judged(self, name: Reading) -> Telling:
        given, family = _key(name)
        if (given, family) in self._numbered:
            return Telling.CROWDED
        contacts = self._full[given, family]
        # how many others of this name there would be if given and family names met by chance
        others = (self._given[given] - 1) * (self._family[family] - 1) / max(len(self._full), 1)
        telling = self._by_lists(name)
        if others >= (_LIKELY_MET if telling is Telling.RARE else _MAYBE_MET):
            telling = Telling(telling - 1)
        if telling is Telling.RARE:
            return Telling.CROWDED if contacts > _MANY else telling
        places = max(len(hosts.get((given, family), ())) for hosts in (self._work, self._home))
        return Telling.CROWDED if places > _PLACES[telling] else telling

    def is_surname_alone(self, name: Reading) -> bool:
        """Tell whether nobody else here has the family name, common as it may be elsewhere."""
        return self._family[_key(name)[1]] <= 1

    def is_ambiguous(self, one: Reading, other: Reading, company: str) -> bool:
        """Tell whether a short name or initial may be somebody else's there ("" is anywhere)."""
        short = min(one.given, other.given, key=lambda given: len(given.text))
        key = _key(one)[1], company, short.spellings[0]
        if key not in self._ambiguous:
            others = self._givens_of(key[0]).get(company, ())
            self._ambiguous[key] = sum(_may_be(short, given) for given in others) > 1
        return self._ambiguous[key]

    def are_numbered(self, name: Reading, company: str) -> bool:
        """Tell whether there are several of this name there, told apart by the number in their address."""
        return company in self._numbered.get(_key(name), ())

    @staticmethod
    def _by_lists(name: Reading) -> Telling:
        if name.given is name.family:
            # Han and the like: one letter of family name, and few people write theirs in Latin letters
            return Telling.COMMON if name.family.text[0] in _FAMILY else Telling.RARE
        if _FAMILY.isdisjoint(name.family.spellings):
            return Telling.RARE
        return Telling.MIDDLING if _GIVEN.isdisjoint(full_forms(name.given)) else Telling.COMMON

    def _locate(self, named: Sequence[tuple[Person, tuple[str, str]]]) -> None:
        """Note where those names are that several contacts or addresses have."""
        #: Name, company and local part without its number → the local part and whose it is.
        locals_: dict[tuple[tuple[str, str], str, str], tuple[str, str]] = {}
        for person, key in named:
            if self._full[key] == 1 and len(person.places) == 1:
                continue
            for place in person.places:
                if place.is_free:
                    self._home[key].add(place.registered)
                    continue
                self._work[key].add(place.registered)
                at = key, place.registered, unnumbered(place.local)
                local, whose = locals_.setdefault(at, (place.local, person.id))
                if local != place.local and whose != person.id:
                    self._numbered[key].add(place.registered)

    def _givens_of(self, family: str) -> Mapping[str, Collection[str]]:
        """Return the given names in full of those of a family name, by company; "" is all."""
        if family not in self._givens:
            found: defaultdict[str, set[str]] = defaultdict(set)
            for person in self._of_family.get(family, ()):
                for company in (*person.companies, ""):
                    found[company].add(person.readings[0].given.spellings[0])
            self._givens[family] = found
        return self._givens[family]


def _key(name: Reading) -> tuple[str, str]:
    return name.given.sounds[0], name.family.sounds[0]


def _may_be(short: Word, given: str) -> bool:
    if short.is_initial:
        return given.startswith(short.text)
    # its other short forms are the same name; those in full that it may stand for are not
    return given not in short.spellings and given in full_forms(short)
