"""A contact as it is compared: its names read, its addresses taken apart, once for all pairs."""

from __future__ import annotations

import copyreg
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mailbox_svc.contacts.duplicates.letters import word
from mailbox_svc.contacts.duplicates.local_parts import (
    Fit,
    completed,
    corrected,
    fit,
    guess,
    handle,
    words_of,
    written_out,
)
from mailbox_svc.contacts.duplicates.reading import Reading, read
from mailbox_svc.contacts.lexicon import lines
from mailbox_svc.contacts.search import fold
from mailbox_svc.model.duplicate import Candidate

_FREE = frozenset(lines("freemail_domains"))
#: More names are other people's, mostly.
_MOST_READINGS = 4
_MOST_ADDRESSES = 20
_NO_DIGITS = re.compile(r"\D+")
#: The least digits of a telephone number, and how many of its last ones are compared: the rest is area codes.
_SHORTEST_PHONE, _COMPARED_DIGITS = 7, 9
#: Names of hosts that many companies have.
_ANYBODYS = frozenset({"mail", "email", "webmail", "post", "home", "online", "office", "alumni", "students"})
_SHORTEST_LABEL = 4
#: Domains below which everybody has one: of documents (RFC 2606) and of dynamic hosts.
_ANYBODYS_DOMAINS = frozenset({"example.com", "example.net", "example.org", "dyndns.org", "eu.org"})


class Place(NamedTuple):
    """One address of a contact."""

    local: str
    #: Of the local part, nothing else.
    letters: str
    domain: str
    #: What its host is registered as: "example.org" of "mail.example.org".
    registered: str
    #: Anybody can have an address there.
    is_free: bool
    fit: Fit


class Person(NamedTuple):
    """A contact as it is compared."""

    id: str
    #: The name shown comes first; at most four.
    readings: tuple[Reading, ...]
    places: tuple[Place, ...]
    #: `local_parts.handle` of each that has one.
    handles: tuple[str, ...]
    #: Companies by any sign, folded: registered domains, their names, what the user typed, what is in names.
    companies: tuple[str, ...]
    phone: str
    #: Nobody wrote any name.
    nameless: bool


def people(candidates: Sequence[Candidate]) -> list[Person]:
    """Take contacts apart. Names that several have are read once."""
    known: dict[str, tuple[Reading | None, tuple[str, ...]]] = {}
    return [_person(candidate, known) for candidate in candidates]


def _person(candidate: Candidate, known: dict[str, tuple[Reading | None, tuple[str, ...]]]) -> Person:
    readings: dict[Reading, None] = {}
    companies = [fold(candidate.organization)] if candidate.organization.strip() else []
    main: Reading | None = None
    for name in candidate.names[:_MOST_READINGS]:
        found = known.get(name)
        if found is None:
            found = known[name] = read(name)
        reading, written = found
        companies += written
        main = main or reading
        if reading:
            readings.setdefault(reading)
    places: list[Place] = []
    handles: list[str] = []
    for address in candidate.addresses[:_MOST_ADDRESSES]:
        local, _, domain = address.rpartition("@")
        registered, free, named = _host(domain)
        companies += named
        fitting = fit(local, main) if main else None
        if spelt := _from_address(local, main, fitting, candidate):
            readings.setdefault(spelt)
            fitting = fit(local, spelt)
        if unusual := handle(local, fitting):
            handles.append(unusual)
        letters = "".join(words_of(local))
        places.append(Place(local, letters, domain, registered, free, fitting or Fit.NONE))
    phone = _NO_DIGITS.sub("", candidate.phone) if candidate.phone else ""
    phone = phone[-_COMPARED_DIGITS:] if len(phone) >= _SHORTEST_PHONE else ""
    return Person(
        candidate.id,
        tuple(readings)[:_MOST_READINGS],
        tuple(places),
        tuple(handles),
        tuple(dict.fromkeys(companies)),
        phone,
        not candidate.names,
    )


def _written(one: tuple[Any, ...]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """As pickle needs it; its own way takes twice the time."""
    return tuple.__new__, (type(one), tuple(one))


for _kind in (Reading, Place, Person):
    copyreg.pickle(_kind, _written)


def named_after(nameless: Person, name: Reading) -> Person | None:
    """Return a contact without a name as if it had this one; None unless its address spells it."""
    if not nameless.nameless:
        return None
    for place in nameless.places:
        fitting = fit(place.local, name)
        if fitting is Fit.FULLY or (fitting is Fit.PARTLY and _is_initial_and_family(place.local, name)):
            guessed = name._replace(middle=(), double=None, is_guess=True)
            if fitting is Fit.PARTLY:
                guessed = guessed._replace(given=word(name.given.spellings[0][:1]), text=place.local)
            places = tuple(one._replace(fit=fit(one.local, name)) for one in nameless.places)
            return nameless._replace(readings=(guessed,), places=places)
    return None


def _is_initial_and_family(local: str, name: Reading) -> bool:
    initials = {text[:1] for text in name.given.spellings}
    letters = "".join(words_of(local))
    return letters[:1] in initials and letters[1:] in name.family.spellings


def _from_address(
    local: str, main: Reading | None, fitting: Fit | None, candidate: Candidate
) -> Reading | None:
    """Return the name that an address spells where it says more than the names do, and nothing else."""
    if main and main.given.is_initial:
        return written_out(local, main)
    if main:
        return corrected(local, main) if fitting is Fit.NONE or fitting is Fit.AGAINST else None
    if candidate.names:
        return completed(local, candidate.names[0])
    return guess(local)


@lru_cache(maxsize=1 << 14)
def _host(domain: str) -> tuple[str, bool, tuple[str, ...]]:
    """Return the registered domain, whether anybody can have an address there, and whose it is if not."""
    registered, label = _registered(domain)
    if registered in _FREE or label in _FREE or domain in _FREE:
        return registered, True, ()
    telling = len(label) >= _SHORTEST_LABEL and label not in _ANYBODYS
    return registered, False, (registered, label) if telling else (registered,)


def _registered(domain: str) -> tuple[str, str]:
    """Return the registered domain and its first name. A hint, so it needs no list of suffixes."""
    parts = domain.split(".")
    short = len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3
    suffix = 2 if short or ".".join(parts[-2:]) in _ANYBODYS_DOMAINS else 1
    return ".".join(parts[-suffix - 1 :]), parts[max(0, len(parts) - suffix - 1)]
