"""How telling a name is: judged by who is among the contacts, and by lists of names that many share."""

from __future__ import annotations

import enum
import math
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
#: The share of people who have a given name, or a family name, by whether it is on the list of common ones.
#: It is what is thought before a contact is looked at, and weighs as much as so many contacts.
_SHARE_OF_GIVEN = {True: 0.005, False: 0.001}
_SHARE_OF_FAMILY = {True: 0.004, False: 0.00005}
_WORTH = 4000
#: People whom a user may get mail from, besides the contacts.
_STRANGERS = 5000
#: By contacts of a name: one person has three less often than two have one and two, and hardly ever four.
_BY_CONTACTS = (1.0, 1.0, 1.0, 2.2, 75.0)
#: From so many others of a name on it is no longer rare; from so many, it says nothing.
_COMMON, _CROWDED = 0.097, 0.13


class Telling(enum.IntEnum):
    """How much a full name says about who it is."""

    #: There are likely several people of it.
    CROWDED = 0
    COMMON = 1
    RARE = 2


class NamesInUse:
    """Counts names over all contacts; each full name once, so that duplicates do not make it frequent."""

    def __init__(self, people: Sequence[Person]) -> None:
        named = [(person, _key(person.readings[0])) for person in people if person.readings]
        self._full = Counter(key for _, key in named)
        self._given = Counter(given for given, _ in self._full)
        self._family = Counter(family for _, family in self._full)
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
        self._others: dict[tuple[str, str], float] = {}
        self._ambiguous: dict[tuple[str, str, str], bool] = {}

    def telling(self, name: Reading, times: float = 1.0) -> Telling:
        """Return how much this name says where others of it are so many times as likely to be met."""
        written = name.given.text, name.family.text
        others = self._others.get(written)
        if others is None:
            others = self._others[written] = self._expected(name)
        others *= times
        return Telling.RARE if others < _COMMON else Telling.COMMON if others < _CROWDED else Telling.CROWDED

    def _expected(self, name: Reading) -> float:
        """Return how many others of this name there are by chance, and more where it has many contacts."""
        key = _key(name)
        contacts = self._full[key]
        if key in self._numbered or contacts > _MANY:
            return math.inf
        given = self._share(self._given[key[0]], _SHARE_OF_GIVEN[_is_common_given(name)])
        family = self._share(self._family[key[1]], _SHARE_OF_FAMILY[_is_common_family(name)])
        by_chance = (len(self._full) + _STRANGERS) * given * family
        return by_chance * _BY_CONTACTS[min(contacts, len(_BY_CONTACTS) - 1)]

    def _share(self, names: int, expected: float) -> float:
        """Return the share of people who have a name that so many different full names have.

        Of the one that is asked about, the less is counted the fewer contacts there are: that it was met once
        says little about how many have it.
        """
        weight = len(self._full) + _WORTH
        return (names - 1 + len(self._full) / weight + _WORTH * expected) / weight

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
        return bool(self._numbered) and company in self._numbered.get(_key(name), ())

    def _locate(self, named: Sequence[tuple[Person, tuple[str, str]]]) -> None:
        """Note the companies where several contacts or addresses of one name differ by a number."""
        #: Name, company and local part without its number → the local part and whose it is.
        locals_: dict[tuple[tuple[str, str], str, str], tuple[str, str]] = {}
        for person, key in named:
            if self._full[key] == 1 and len(person.places) == 1:
                continue
            for place in person.places:
                if place.is_free:
                    continue
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


def _is_common_given(name: Reading) -> bool:
    return name.given is not name.family and not _GIVEN.isdisjoint(full_forms(name.given))


def _is_common_family(name: Reading) -> bool:
    if name.given is name.family:
        # Han and the like: one letter of family name, and few people write theirs in Latin letters
        return name.family.text[0] in _FAMILY
    return not _FAMILY.isdisjoint(name.family.spellings)


def _may_be(short: Word, given: str) -> bool:
    if short.is_initial:
        return given.startswith(short.text)
    # its other short forms are the same name; those in full that it may stand for are not
    return given not in short.spellings and given in full_forms(short)
