"""What, besides a name, makes one person of two contacts: the rules, their scores and their sentences."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from mailbox_svc.contacts.duplicates.links import Likely, Link, link
from mailbox_svc.contacts.duplicates.local_parts import Fit, numbered_twins
from mailbox_svc.contacts.duplicates.names_in_use import NamesInUse, Telling
from mailbox_svc.contacts.duplicates.person import Person, Place, named_after
from mailbox_svc.model.address import display_address
from mailbox_svc.model.duplicate import Suggestion

#: A pair that scores less is no suggestion.
THRESHOLD = 0.6


class Sign(enum.Enum):
    """What two contacts have in common; the value is how sure it is that those of one name are one."""

    PHONE = 0.99
    COMPANY = 0.97
    HANDLE = 0.96
    SPELT = 0.92
    UNCOMMON = 0.85
    #: An uncommon name, but one of the two addresses says nothing of it.
    BARELY = 0.75
    #: A common name, at work and spelt out at a free-mail host.
    COMMON = 0.7
    #: A common surname that nobody else here has, with a given name that is not, at two companies.
    MOVED = 0.68


#: How sure the names are, by how they agree.
_LIKELY = {
    Likely.SAME: 1.0,
    Likely.SHORT: 0.95,
    Likely.SPELT: 0.93,
    Likely.COMPOUND: 0.9,
    Likely.INITIAL: 0.85,
    Likely.TYPED: 0.85,
}
#: Two contacts of one unusual local part, where a name is missing.
_HANDLE_ALONE = 0.72


@dataclass(frozen=True, slots=True)
class Found:
    """A sign, and the words for it."""

    sign: Sign
    words: str


def compare(one: Person, other: Person, names: NamesInUse) -> Suggestion | None:
    """Return the suggestion that the two are one person; None when too little says so."""
    if not one.readings and not other.readings:
        return _by_handle(one, other)
    if not one.readings or not other.readings:
        named, nameless = (one, other) if one.readings else (other, one)
        guessed = named_after(nameless, named.readings[0])
        if guessed is None:
            return _by_handle(one, other)
        one, other = (named, guessed) if one.readings else (guessed, named)
    linked = link(one, other)
    if linked is None:
        return None
    found = max(_signs(one, other, linked, names), key=lambda found: found.sign.value, default=None)
    if found is None:
        return None
    score = round(found.sign.value * _LIKELY[linked.likely], 3)
    if score < THRESHOLD:
        return None
    return Suggestion(one.id, other.id, score, f"{_of_names(linked)}{found.words}.")


def _by_handle(one: Person, other: Person) -> Suggestion | None:
    shared = _shared_handle(one, other)
    if not shared or len(shared) <= 7 or not (one.nameless or other.nameless):
        return None
    return Suggestion(one.id, other.id, _HANDLE_ALONE, "The same unusual name before the @, at two hosts.")


def _signs(one: Person, other: Person, linked: Link, names: NamesInUse) -> Iterator[Found]:
    if one.phone and one.phone == other.phone and linked.likely is not Likely.TYPED:
        yield Found(Sign.PHONE, ", and the same telephone number")
    if _shared_handle(one, other):
        yield Found(Sign.HANDLE, ", and the same unusual name before the @")
    if not linked.maybe_parent and linked.likely is not Likely.TYPED:
        yield from _where_they_are(one, other, linked, names)


def _where_they_are(one: Person, other: Person, linked: Link, names: NamesInUse) -> Iterator[Found]:
    telling = min(names.telling(linked.first), names.telling(linked.second))
    company = _company(one, other, linked, names, telling)
    if company and not _may_be_another(linked, names, company):
        at = (
            f"both use {display_address('@' + company)[1:]}"
            if "." in company
            else f"both are with {company.title()}"
        )
        yield Found(Sign.COMPANY, f", and {at}")
    if _may_be_another(linked, names, ""):
        return
    if linked.likely in {Likely.COMPOUND, Likely.INITIAL} and telling is not Telling.RARE:
        return
    alone = names.is_surname_alone(linked.first) and names.is_surname_alone(linked.second)
    for mine in one.places:
        for theirs in other.places:
            if found := _by_addresses(mine, theirs, telling, alone=alone):
                yield found


def _shared_handle(one: Person, other: Person) -> str:
    theirs = {place.handle for place in other.places}
    return next((place.handle for place in one.places if place.handle and place.handle in theirs), "")


def _company(one: Person, other: Person, linked: Link, names: NamesInUse, telling: Telling) -> str:
    """Return what both are with, a domain first; empty where addresses there tell them apart."""
    if one.companies.isdisjoint(other.companies):
        return ""
    shared = sorted(one.companies & other.companies, key=lambda name: ("." not in name, name))
    for mine in one.places:
        for theirs in other.places:
            if mine.registered != theirs.registered:
                continue
            if mine.fit is Fit.AGAINST or theirs.fit is Fit.AGAINST:
                return ""
            if any(names.are_numbered(name, mine.registered) for name in (linked.first, linked.second)):
                return ""
            if telling is not Telling.RARE and numbered_twins(mine.local, theirs.local):
                return ""
    return shared[0]


def _may_be_another(linked: Link, names: NamesInUse, company: str) -> bool:
    if linked.likely not in {Likely.INITIAL, Likely.SHORT}:
        return False
    return names.is_ambiguous(linked.first, linked.second, company)


def _by_addresses(mine: Place, theirs: Place, telling: Telling, *, alone: bool) -> Found | None:
    """Judge one name at two addresses that have no company in common."""
    if telling is Telling.CROWDED or Fit.AGAINST in {mine.fit, theirs.fit}:
        return None
    at = f" at {_shown(mine)} and {_shown(theirs)}"
    if mine.is_free and theirs.is_free:
        if telling is not Telling.RARE or min(mine.fit, theirs.fit) is Fit.NONE:
            return None
        both = mine.fit is theirs.fit is Fit.FULLY
        return Found(Sign.UNCOMMON if both else Sign.BARELY, f"{at}, an uncommon one that both spell")
    if mine.is_free is not theirs.is_free:
        free = mine if mine.is_free else theirs
        if free.fit is Fit.FULLY:
            sign = Sign.COMMON if telling is Telling.COMMON else Sign.SPELT
            return Found(sign, f"{at}, and the address at {_shown(free)} spells it")
    if telling is not Telling.RARE:
        moved = alone and telling is Telling.MIDDLING and not (mine.is_free or theirs.is_free)
        return Found(Sign.MOVED, at) if moved else None
    barely = Fit.NONE in {mine.fit, theirs.fit}
    return Found(Sign.BARELY if barely else Sign.UNCOMMON, f"{at}, an uncommon one")


def _shown(place: Place) -> str:
    return display_address("@" + place.domain)[1:]


def _of_names(linked: Link) -> str:
    first, second = linked.first, linked.second
    if linked.likely is Likely.SAME:
        return "The same name"
    if linked.likely is Likely.SPELT:
        return f'The address of one spells the name "{(second if first.is_guess else first).text}"'
    if linked.likely is Likely.SHORT:
        short, full = sorted((_given(first.text), _given(second.text)), key=len)
        return f'"{short}" is short for "{full}", the same surname'
    short, full = sorted((first.text, second.text), key=len)
    verb = {Likely.INITIAL: "may stand for", Likely.COMPOUND: "is part of"}.get(linked.likely, "is nearly")
    return f'"{short}" {verb} "{full}"'


def _given(name: str) -> str:
    return name.split(maxsplit=1)[0]
