"""What, besides a name, makes one person of two contacts: the rules, their scores and their sentences."""

from __future__ import annotations

import enum
from typing import NamedTuple

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


#: How sure the names are, by how they agree.
_LIKELY = {
    Likely.SAME: 1.0,
    Likely.SHORT: 0.95,
    Likely.SPELT: 0.93,
    Likely.COMPOUND: 0.9,
    Likely.INITIAL: 0.85,
    Likely.TYPED: 0.85,
}
#: How much likelier other people are met where names agree this way than where they are the same: few write
#: theirs like this. And at two free-mail hosts, where anybody may be.
_TIMES = {Likely.SHORT: 6.0, Likely.COMPOUND: 4.0, Likely.INITIAL: 4.0}
_TIMES_AT_HOME = 5.0
_UNUSUAL_NAMES_ONLY = {Likely.COMPOUND, Likely.INITIAL}
#: Two contacts of one unusual local part, where a name is missing.
_HANDLE_ALONE = 0.72


class Found(NamedTuple):
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
    found = _best_sign(one, other, linked, names)
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


def _best_sign(one: Person, other: Person, linked: Link, names: NamesInUse) -> Found | None:
    """Return the surest: they are asked for from the surest on."""
    typed = linked.likely is Likely.TYPED
    if one.phone and one.phone == other.phone and not typed:
        return Found(Sign.PHONE, ", and the same telephone number")
    places_count = not typed and not linked.maybe_parent
    times = _TIMES.get(linked.likely, 1.0)
    telling = min(names.telling(linked.first, times), names.telling(linked.second, times))
    if places_count and (company := _company(one, other, linked, names, telling)):
        at = (
            f"both use {display_address('@' + company)[1:]}"
            if "." in company
            else f"both are with {company.title()}"
        )
        return Found(Sign.COMPANY, f", and {at}")
    if _shared_handle(one, other):
        return Found(Sign.HANDLE, ", and the same unusual name before the @")
    if not places_count or telling is Telling.CROWDED or _may_be_another(linked, names, ""):
        return None
    if telling is not Telling.RARE and linked.likely in _UNUSUAL_NAMES_ONLY:
        return None
    at_home = min(names.telling(one, times * _TIMES_AT_HOME) for one in (linked.first, linked.second))
    by_addresses = [
        _by_addresses(mine, theirs, at_home if mine.is_free and theirs.is_free else telling)
        for mine in one.places
        for theirs in other.places
    ]
    return max(filter(None, by_addresses), key=lambda found: found.sign.value, default=None)


def _shared_handle(one: Person, other: Person) -> str:
    if not one.handles or not other.handles:
        return ""
    return next((handle for handle in one.handles if handle in other.handles), "")


def _company(one: Person, other: Person, linked: Link, names: NamesInUse, telling: Telling) -> str:
    """Return what both are with, a domain first; empty where something there tells them apart."""
    shared = [name for name in one.companies if name in other.companies]
    if not shared:
        return ""
    for mine in one.places:
        for theirs in other.places:
            if mine.registered == theirs.registered and _differ_at_work(mine, theirs, linked, names, telling):
                return ""
    company = min(shared, key=lambda name: ("." not in name, name))
    return "" if _may_be_another(linked, names, company) else company


def _differ_at_work(mine: Place, theirs: Place, linked: Link, names: NamesInUse, telling: Telling) -> bool:
    """Tell two of one name whom their company tells apart."""
    if mine.fit is Fit.AGAINST or theirs.fit is Fit.AGAINST:
        return True
    if names.are_numbered(linked.first, mine.registered) or names.are_numbered(
        linked.second, mine.registered
    ):
        return True
    return telling is not Telling.RARE and numbered_twins(mine.local, theirs.local)


def _may_be_another(linked: Link, names: NamesInUse, company: str) -> bool:
    if linked.likely not in {Likely.INITIAL, Likely.SHORT}:
        return False
    return names.is_ambiguous(linked.first, linked.second, company)


def _by_addresses(mine: Place, theirs: Place, telling: Telling) -> Found | None:
    """Judge one name at two addresses that have no company in common."""
    if mine.fit is Fit.AGAINST or theirs.fit is Fit.AGAINST:
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
        return None
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
