"""Which of the names that were seen with an address is its own. Chooses among them, and makes up none."""

# ruff: noqa: RUF001  (quotes and brackets that resemble others are the point)

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailbox_svc.contacts.bearing import is_in_domain, is_robot_name, name_signs
from mailbox_svc.contacts.lexicon import lines, load
from mailbox_svc.contacts.search import fold
from mailbox_svc.contacts.spelling import spelling
from mailbox_svc.contacts.turning import turned
from mailbox_svc.model.contact import AddressEvidence, Kind, NameUse, ReasonCode

#: More are hardly names of one contact.
_MOST_ALTERNATES = 20

_VIA = "|".join(map(re.escape, lines("via_words")))
#: Anchored on blanks or a bracket, in lower case: "Olivia Smith" and "Hotel Via Roma" have no "via".
_VIA_TAIL = re.compile(rf"(?:\A|\s)via\s+\S.*\Z|\s*[(\[（](?i:{_VIA})\s*\S.*\Z", re.DOTALL)
_NOTE = re.compile(r"\s*[(\[（]([^()\[\]（）]*)[)\]）]\s*\Z")
_NOTES = load("service_notes")
_QUOTES = "\"'`´‘’‚‛“”„‟«»‹›"
_PAIRS = {"(": ")", "<": ">", "[": "]"}
_JOINERS = "\u200c\u200d"
_STRAY = " \t,;:"
_UNDECODED = re.compile(r"=\?[^?\s]+\?[bq]\?", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class SeenName:
    """A name after cleaning, with the counts of all spellings that became it."""

    text: str
    #: The text is fit for a name, not an address or what was left of one.
    usable: bool
    #: A service or list wrote in this person's name: "Jane Doe via Docs".
    via: bool
    by_self: int
    by_user: int
    by_others: int
    last_at: int

    @property
    def count(self) -> int:
        return self.by_self + self.by_user + self.by_others


def seen_names(addresses: Iterable[AddressEvidence]) -> tuple[SeenName, ...]:
    """Return all names of these addresses, cleaned."""
    return tuple(_seen(use, address.address) for address in addresses for use in address.names)


def best_name(
    names: Sequence[SeenName], addresses: Sequence[AddressEvidence], kind: Kind, code: ReasonCode
) -> tuple[str, tuple[str, ...]]:
    """Return the display name and at most 20 others, the most frequent first.

    What the contact calls itself counts first, then what the user wrote, then what others did, then the
    latest. A robot or list that writes in the name of people has none of their names.
    """
    usable = [
        name for name in names if name.usable and not (name.via and kind in {Kind.AUTOMATED, Kind.LIST})
    ]
    if code in {ReasonCode.ROBOT_ADDRESS, ReasonCode.VIA_LIST}:
        usable = [name for name in usable if _is_of_service(name.text, addresses)]
    # A letter that was lost makes another name of the same.
    usable = [name for name in usable if "\ufffd" not in name.text] or usable
    if kind is Kind.PERSON:
        usable = [_turned(name, addresses) for name in usable]
    if len(usable) < 2:
        return (usable[0].text, ()) if usable else ("", ())
    groups: dict[str, list[SeenName]] = {}
    for name in usable:
        groups.setdefault(_NOT_WORDS.sub(" ", fold(name.text)).strip() or name.text, []).append(name)
    best = min(groups, key=lambda key: (*_standing(groups[key]), key))
    others = sorted(groups, key=lambda key: (-sum(name.count for name in groups[key]), key))
    alternates = (_spelling_of(groups[key]) for key in others if key != best)
    return _spelling_of(groups[best]), tuple(alternates)[:_MOST_ALTERNATES]


def cleaned(name: str) -> tuple[str, bool]:
    """Return the name without quotes, stray marks and what a service added, and whether one did ("via")."""
    if not name.isprintable():
        name = "".join(char for char in name if not _is_invisible(char))
    name = _bare(name if name.isascii() else unicodedata.normalize("NFC", name))
    match = _VIA_TAIL.search(name)
    via = match is not None
    if match:
        name = _bare(name[: match.start()])
    note = _NOTE.search(name)
    if note and fold(note[1]) in _NOTES:
        name, via = _bare(name[: note.start()]), True
    return name, via


def _seen(use: NameUse, address: str) -> SeenName:
    text, via = cleaned(use.name)
    return SeenName(text, _is_name(text, address), via, use.by_self, use.by_user, use.by_others, use.last_at)


def _is_invisible(char: str) -> bool:
    """Tell controls, marks of direction and the like; joiners are letters in Persian and in emoji."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"} and not (char.isspace() or char in _JOINERS)


def _bare(name: str) -> str:
    """Strip blanks, stray marks and quotes or brackets around the whole, as often as they are nested."""
    while True:
        before = name
        name = " ".join(name.split()).strip(_STRAY)
        if len(name) > 1 and _is_wrapped(name):
            name = name[1:-1]
        elif name and (name[0] in '"`“”„«»' or name[-1] in '"`“”„«»') and name.count('"') < 2:
            name = name.strip('"`“”„«»')
        if name == before:
            return name


def _is_wrapped(name: str) -> bool:
    if name[0] in _QUOTES:
        return name[-1] in _QUOTES
    return _PAIRS.get(name[0]) == name[-1] and name.count(name[0]) == 1


def _is_name(name: str, address: str) -> bool:
    """Tell a name from an address, from a local part written as one, from what could not be decoded."""
    if "@" in name or _UNDECODED.search(name) or not any(char.isalpha() for char in name):
        return False
    local, _, domain = address.rpartition("@")
    written_as_address = name.islower() or any(char in "._+0123456789" for char in name)
    return not (written_as_address and name.casefold() in {local, local.split("+", 1)[0]}) and name != domain


def _is_of_service(name: str, addresses: Sequence[AddressEvidence]) -> bool:
    """Tell a service's name from those of the people it writes for: it is in its domain, or no person's."""
    if is_robot_name(name) or name_signs(name) > 1:
        return True
    return any(is_in_domain(name, spelling(address.address)) for address in addresses)


def _turned(name: SeenName, addresses: Sequence[AddressEvidence]) -> SeenName:
    turned_name = turned(name.text, [address.address for address in addresses])
    if turned_name == name.text:
        return name
    return replace(name, text=turned_name)


def _standing(group: list[SeenName]) -> tuple[int, ...]:
    return (
        -sum(name.by_self for name in group),
        -sum(name.by_user for name in group),
        -sum(name.by_others for name in group),
        all(_is_of_one_case(name.text) for name in group),
        -max(name.last_at for name in group),
    )


def _spelling_of(group: list[SeenName]) -> str:
    """Return the best spelling of one name: in mixed case, then by who wrote it and how often."""
    best = min(group, key=lambda one: (_is_of_one_case(one.text), *_standing([one]), one.text))
    return best.text


def _is_of_one_case(name: str) -> bool:
    return name.isupper() or name.islower()
