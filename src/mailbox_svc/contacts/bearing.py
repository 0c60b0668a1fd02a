"""Who bears a name: a person, a program, a company. Small signs, which only together say something."""

from __future__ import annotations

import re

from mailbox_svc.contacts.lexicon import load, split
from mailbox_svc.contacts.spelling import TELLING, Sign, Spelling

_ROBOT_NAMES = frozenset(map(split, load("robot_names")))
_MOST_ROBOT_WORDS = max(map(len, _ROBOT_NAMES))
_BRAND_WORDS = load("brand_name_words") | load("company_forms")
_PHRASE_WORDS = load("phrase_words")
_PARTICLES = load("name_particles")
_GIVEN_NAMES = load("given_names")
_MARKS = re.compile(r"[!?*®™|]")
#: "Acme.com"; not "J.Doe", and not "Ann.Li", whose last letters are no country's in capitals.
_DOMAIN = re.compile(r"[\w-]{2,}\.(?:com|net|org|info|io|[a-z]{2})", re.ASCII)
#: What people put between their name and their company's.
_SEGMENTS = re.compile(r"\s+[|–—/·•-]\s+|\s*\(|,\s|\s+(?:at|from|@)\s+")  # noqa: RUF001  (dashes)
_MOST_WORDS = 4


def is_robot_name(name: str) -> bool:
    """Tell names that only programs and newsletters bear."""
    words = split(name)
    return any(
        words[at : at + size] in _ROBOT_NAMES
        for at in range(len(words))
        for size in range(1, min(_MOST_ROBOT_WORDS, len(words) - at) + 1)
    )


def is_person_name(name: str, spelt: Spelling) -> bool:
    """Tell names that look like a person's, alone or beside a company's: "Jane Doe | Acme"."""
    return any(_is_person_name(segment, spelt) for segment in _SEGMENTS.split(name) if segment)


def name_signs(name: str) -> int:
    """Return how many signs of a company or a publication the name bears."""
    if _DOMAIN.fullmatch(name.replace(" .", ".")):
        return 2
    words = split(name)
    brand_words = sum(word in _BRAND_WORDS for word in words)
    return min(brand_words, 2) + any(word in _PHRASE_WORDS for word in words) + bool(_MARKS.search(name))


def is_in_domain(name: str, spelt: Spelling) -> bool:
    """Tell whether the name, or a telling part of it, is one of the domain's names."""
    letters = "".join(word for word in split(name) if word != "the")
    return any(
        len(label) >= TELLING and (label in letters or (len(letters) >= TELLING and letters in label))
        for label in spelt.host.labels
    )


def explains(name: str, spelt: Spelling) -> bool:
    """Tell whether a person's name is where a word of ours comes from.

    "Carla Smith" <cs@…>, "Anna Link" <link@…>, "Jane News" <jane.news@…>.
    """
    return _has_initials(name, spelt) or _is_namesake(name, spelt)


def _is_namesake(name: str, spelt: Spelling) -> bool:
    words, local = set(split(name)), set(spelt.words)
    if not (local and 1 < len(words) < _MOST_WORDS and all(map(_is_name_word, name.split()))):
        return False
    return not _GIVEN_NAMES.isdisjoint(words) and (words <= local or local <= words)


def _has_initials(name: str, spelt: Spelling) -> bool:
    words = split(name)
    return len(words) > 1 and "".join(word[0] for word in words) == "".join(spelt.words)


def _is_person_name(name: str, spelt: Spelling) -> bool:
    """Tell one to four words with capitals, no company's, that say by more than their form whose they are.

    More is a given name, or that the address is made of the name. A company's name is in its domain; a
    person's that is there as well begins with a given name.
    """
    words = [word.strip(".") for word in name.split()]
    if not words or len(words) > _MOST_WORDS or not all(map(_is_name_word, words)):
        return False
    if name_signs(name):
        return _is_namesake(name, spelt)
    if not name.isascii() and not any(char.lower() != char.upper() for char in name):
        return True  # scripts without capitals: Han, Kana, Hangul, Arabic, Hebrew, Thai
    given = not _GIVEN_NAMES.isdisjoint(split(name))
    if is_in_domain(name, spelt):
        return given and (len(words) > 1 or split(name)[0] in spelt.words)
    return given or _is_in_local_part(name, spelt)


def _is_in_local_part(name: str, spelt: Spelling) -> bool:
    """Tell whether the local part is made of the name: a word of it, or its initials."""
    if spelt.sign is not Sign.PLAIN:
        return False
    local = "".join(spelt.words)
    return any(len(word) > 2 and word in local for word in split(name)) or _has_initials(name, spelt)


def _is_name_word(word: str) -> bool:
    letters = [char for char in word if char not in "'’.-"]  # noqa: RUF001  (both apostrophes)
    if not letters or not all(char.isalpha() or not char.isascii() for char in letters):
        return False
    return not word[0].islower() or word in _PARTICLES
