"""Takes a person's name apart, for files that want given and family name in different places.

No rule is right for all names, so a name of unusual shape is left whole: as a given name it is shown as
it is, by every address book.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbox_svc.contacts.lexicon import load

#: Words that belong to the family name that follows them.
_PARTICLES = load("name_particles")
_HONORIFICS = frozenset({"dr", "frau", "herr", "miss", "mme", "mr", "mrs", "ms", "mx", "prof", "sir"})
#: What stands after a comma and is no given name.
_SUFFIXES = load("name_suffixes")
#: Those that are one without a comma, too; most of the others are somebody's family name: "Ma", "Do", "Bed".
_PLAIN_SUFFIXES = frozenset(
    {"cpa", "dds", "esq", "ii", "iii", "iv", "jd", "jr", "llm", "mba", "md", "phd", "sr"}
)
#: In parentheses, an address, a number: not the name alone.
_UNUSUAL = re.compile(r"[()<>\[\]{}@/|\"\d]")
#: Han, Hangul and Hiragana: where these are written, the family comes first.
_FAMILY_FIRST = re.compile(r"[\u3041-\u309f\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003134f]+")
_MANY_WORDS = 7


@dataclass(frozen=True, slots=True)
class NameParts:
    """The parts of a name; no word of it is lost."""

    family: str = ""
    given: str = ""
    prefix: str = ""
    suffix: str = ""


def name_parts(name: str) -> NameParts:
    """Return the parts of a display name."""
    words = name.split()
    if _UNUSUAL.search(name) or len(words) >= _MANY_WORDS:
        return NameParts(given=" ".join(words))
    if len(words) == 2 and all(_FAMILY_FIRST.fullmatch(word) for word in words):
        return NameParts(family=words[0], given=words[1])
    before, comma, after = " ".join(words).partition(", ")
    if comma and not _is_suffix(after):
        # "Berg, Anna" as in a register; with more commas it is anybody's guess
        return NameParts(given=f"{before}, {after}") if "," in after else NameParts(before, after)
    return _in_order(before.split(), after)


def _in_order(words: list[str], suffix: str) -> NameParts:
    start = 0
    while start < len(words) - 1 and _bare(words[start]) in _HONORIFICS:
        start += 1
    prefix, words = " ".join(words[:start]), words[start:]
    if not suffix and len(words) > 2 and _bare(words[-1]) in _PLAIN_SUFFIXES:
        suffix = words.pop()
    if len(words) == 1:
        # after a title it is the family name: "Dr. Berg"
        return NameParts(words[0], "", prefix, suffix) if prefix else NameParts("", words[0], "", suffix)
    family = len(words) - 1
    while family > 1 and _is_particle(words[family - 1]):
        family -= 1
    return NameParts(" ".join(words[family:]), " ".join(words[:family]), prefix, suffix)


def _is_particle(word: str) -> bool:
    """Tell "e" and "y" from the initials that people have in the middle: "Mary E. Smith"."""
    return (word if len(word) == 1 else word.casefold()) in _PARTICLES


def _is_suffix(text: str) -> bool:
    return all(_bare(word) in _SUFFIXES for word in text.split())


def _bare(word: str) -> str:
    return word.replace(".", "").strip(",").casefold()
