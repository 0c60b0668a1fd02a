"""Turns "Last, First" into "First Last", and leaves "Acme, Inc." and "Smith, Jr." alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailbox_svc.contacts.lexicon import load
from mailbox_svc.contacts.search import fold
from mailbox_svc.contacts.spelling import spelling

_FORMS = load("company_forms")
_SUFFIXES = load("name_suffixes")
_PARTICLES = load("name_particles")
#: Words before the comma, particles aside, and after it: more are no name.
_MOST_LAST, _MOST_FIRST = 3, 4
_NO_NAME = re.compile(r"[&/|:!?0-9]|\b(?:and|und|et|of|the|for)\b", re.IGNORECASE)
_NOTE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*\Z")


def turned(name: str, addresses: Sequence[str]) -> str:
    """Return the name with the given name first; unchanged unless it is "Last, First"."""
    if "," not in name:
        return name
    note = _NOTE.search(name)
    tail = name[note.start() :] if note else ""
    parts = [part.strip() for part in name[: len(name) - len(tail)].split(",")]
    suffixes: list[str] = []
    while len(parts) > 2 and _is_suffix(parts[-1]):
        suffixes.insert(0, parts.pop())
    if len(parts) == 3 and _is_suffix(parts[1]):
        suffixes.insert(0, parts.pop(1))
    if len(parts) != 2 or not all(parts) or not _is_last_first(parts[0], parts[1], addresses):
        return name
    return ", ".join([f"{parts[1]} {parts[0]}", *suffixes]) + tail


def _is_last_first(last: str, first: str, addresses: Sequence[str]) -> bool:
    if _NO_NAME.search(last) or _NO_NAME.search(first) or _is_suffix(first) or _is_company(first):
        return False
    last_words = [word for word in _words(last) if word not in _PARTICLES]
    first_words = _words(first)
    if not last_words or len(last_words) > _MOST_LAST or len(first_words) > _MOST_FIRST:
        return False
    if len(last_words) == 1:
        return True
    return not any(_is_first_last(last_words, first_words, address) for address in addresses)


def _is_first_last(before: list[str], after: list[str], address: str) -> bool:
    """Tell "Jane Doe, Acme": the address holds the words before the comma, or the domain what is after."""
    spelt = spelling(address)
    local = "".join(spelt.words)
    if any("".join(after) in label for label in spelt.host.labels):
        return True
    return all(word in local for word in before) and not any(word in local for word in after)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[^\w]+", fold(text)) if word]


def _is_suffix(text: str) -> bool:
    words = _words(text.replace(".", ""))
    return bool(words) and all(word in _SUFFIXES for word in words)


def _is_company(text: str) -> bool:
    words = _words(text.replace(".", ""))
    return bool(words) and (words[-1] in _FORMS or "".join(words) in _FORMS)
