"""What the part of an address before the @ says about a name: nothing, some of it, all, or another one."""

from __future__ import annotations

import enum
import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from mailbox_svc.contacts.duplicates.given import full_forms, is_given, likeness
from mailbox_svc.contacts.duplicates.letters import Word, word
from mailbox_svc.contacts.duplicates.reading import Reading
from mailbox_svc.contacts.search import fold

_SEPARATORS = re.compile(r"[\W\d_]+")
_DIGITS = re.compile(r"\d+")
#: At the end of a local part: up to 999 of one name.
_NUMBER = re.compile(r"(?<!\d)\d{1,3}\Z")
#: So many letters with so many digits are hardly taken twice by two people of one name.
_FEW_LETTERS, _TELLING_DIGITS = 4, 2
#: Shorter words without a number are thought of by many.
_UNUSUAL = 8
#: Fewer letters are initials.
_SHORTEST = 3
#: In shorter words one letter makes another word.
_TYPED_WRONG = 4


class Fit(enum.IntEnum):
    """How a local part agrees with a name; more is better."""

    #: It spells another given name.
    AGAINST = 1
    NONE = 2
    #: The family name, the given name, or one of them with the other's initial.
    PARTLY = 3
    #: Both names in full.
    FULLY = 4


@lru_cache(maxsize=1024)
def words_of(local: str) -> tuple[str, ...]:
    """Return the words of a local part; what follows a + is none of it."""
    if local.isascii() and local.isalpha():
        return (local.lower(),)
    return tuple(filter(None, _SEPARATORS.split(fold(local.partition("+")[0]))))


def guess(local: str) -> Reading | None:
    """Return the name that "anna.berg" and "berg.anna" spell; None when a part is no given name."""
    parts = words_of(local)
    if len(parts) == 3 and len(parts[1]) == 1:
        parts = (parts[0], parts[2])
    if len(parts) != 2 or min(map(len, parts)) < 2:
        return None
    first, second = word(parts[0]), word(parts[1])
    if not is_given(first):
        first, second = second, first
    if not is_given(first) or is_given(second):
        # two given names may stand in either order, so only a written name tells
        return (
            None
            if not is_given(first)
            else Reading(word(parts[0]), word(parts[1]), text=" ".join(parts), is_guess=True, in_doubt=True)
        )
    return Reading(first, second, text=f"{first.text} {second.text}".title(), is_guess=True)


def completed(local: str, name: str) -> Reading | None:
    """Return the name of which one word was written, and the other stands in the address; None without one.

    "Vesna" of "vesna.rajn" or "vrajn" is Vesna Rajn. The address may have no other word.
    """
    one, parts = word(name), words_of(local)
    if len(one.text) < _SHORTEST or len(parts) > 2:
        return None
    letters = "".join(parts)
    for spelt in one.spellings:
        rest = _without(letters, spelt)
        if letters[:1] == spelt[:1] and not rest and is_given(one) and not is_given(word(letters)):
            rest = letters[1:] if len(letters) > _TYPED_WRONG else ""
        if len(rest) >= _SHORTEST and (len(parts) == 1 or spelt in parts):
            other = word(rest)
            given, family = (other, one) if is_given(other) and not is_given(one) else (one, other)
            text = f"{given.text} {family.text}".title()
            return Reading(given, family, text=text, is_guess=True)
    return None


def written_out(local: str, name: Reading) -> Reading | None:
    """Return the name with the given name that an address has where only its initial was written."""
    letters = "".join(words_of(local))
    initials = {text[:1] for text in name.given.spellings}
    if letters[:1] in initials and is_given(word(letters)):
        return name._replace(given=word(letters), middle=(), is_guess=True)
    for one in reversed(family_words(name)):
        for family in (*one.spellings, one.text[:1]):
            rest = _without(letters, family)
            if len(family) == 1 and not is_given(word(rest)):
                continue  # "blakem" of B. Meyer
            if len(rest) >= _SHORTEST and rest[0] in initials:
                given = word(rest)
                text = f"{rest.title()} {name.family.text.title()}"
                return name._replace(given=given, middle=(), text=text, is_guess=True)
    return None


def corrected(local: str, name: Reading) -> Reading | None:
    """Return the name with the typing error mended that the local part does not have; None without one."""
    letters, families = "".join(words_of(local)), family_words(name)
    for given in (*name.given.spellings, *(text[:1] for text in name.given.spellings)):
        rest = _without(letters, given)
        if rest and rest not in name.family.spellings and any(is_near(rest, one) for one in families):
            return name._replace(family=word(rest), halves=(), is_guess=True)
    for family in name.family.spellings:
        rest = _without(letters, family)
        if rest and is_given(word(rest)) and not is_given(name.given) and is_near(rest, name.given):
            return name._replace(given=word(rest), is_guess=True, in_doubt=False)
    return None


def fit(local: str, name: Reading) -> Fit:
    """Return how a local part agrees with the name."""
    parts = words_of(local)
    given, family = name.given.text, name.family.text
    letters = "".join(parts)
    # as most are: what follows would find nothing else
    if len(parts) == 2 and given in parts and family in parts:
        return Fit.FULLY
    if len(parts) == 1 and letters.endswith(family) and letters[: -len(family)] in {given, given[:1]}:
        return Fit.FULLY if len(letters) > len(family) + 1 else Fit.PARTLY
    families = {text for one in family_words(name) for text in one.spellings}
    givens = set(full_forms(name.given))
    givens.update(name.double.spellings if name.double else ())
    if len(parts) > 1 and not families.isdisjoint(parts):
        rest = [part for part in parts if part not in families]
        return _fit_of_rest(rest, name) if rest else Fit.PARTLY
    if not any(text in letters for text in families) and not any(text in letters for text in givens):
        return Fit.NONE
    wholes = {a + b for f in families for g in givens for a, b in ((f, g), (g, f)) if len(g) > 1}
    if letters in wholes:
        return Fit.FULLY
    short = {g[:1] + f for f in families for g in givens} | {f + g[:1] for f in families for g in givens}
    short |= {g + f[:1] for f in families for g in givens} | families | givens
    return Fit.PARTLY if letters in short else Fit.NONE


def family_words(name: Reading) -> tuple[Word, ...]:
    """Return the words that an address may have as the family name."""
    return (name.family, *name.halves, *((name.joined,) if name.joined else ()))


def handle(local: str, fitting: Fit | None) -> str:
    """Return a local part that somebody thought up, and that others hardly have; empty when it is not one.

    `fitting` is how it agrees with the name; None when there is none.
    """
    if fitting is not Fit.NONE and local.isascii() and not _DIGITS.search(local):
        return ""  # as most: without a digit it would have to be unlike the name
    letters = "".join(words_of(local))
    local = fold(local.partition("+")[0])
    others = len(local) - len(letters)
    if others >= _TELLING_DIGITS and len(letters) >= _FEW_LETTERS and _digits_of(local) >= _TELLING_DIGITS:
        return local
    if len(letters) < _UNUSUAL or fitting is not Fit.NONE or is_given(word(letters)):
        return ""
    return local if guess(local) is None else ""


def _digits_of(local: str) -> int:
    return sum(map(len, _DIGITS.findall(local)))


def unnumbered(local: str) -> str:
    """Return what is left without a number that a host adds to tell two of one name apart.

    Longer ones are dates and marks: an address made for one message is nobody else's.
    """
    return _NUMBER.sub("", local)


def numbered_twins(one: str, other: str) -> bool:
    """Tell local parts that differ in their numbers only, whatever those stand for."""
    return one != other and _DIGITS.sub("", one) == _DIGITS.sub("", other)


def _without(letters: str, part: str) -> str:
    """Return what is left without a part at either end; empty when it is not there."""
    if letters.startswith(part):
        return letters[len(part) :]
    return letters[: -len(part)] if letters.endswith(part) else ""


def is_near(text: str, other: Word) -> bool:
    """Tell words that a slip of the fingers makes of each other: one, or two in a long word."""
    length = min(len(text), len(other.text))
    slips = 0 if length < _TYPED_WRONG else 1 if length < 2 * _TYPED_WRONG else 2
    return any(OSA.distance(text, one, score_cutoff=slips) <= slips for one in other.spellings)


def _fit_of_rest(rest: list[str], name: Reading) -> Fit:
    mine: tuple[Word, ...] = (name.given, *name.middle, *([name.double] if name.double else []))
    for text in rest:
        one = word(text)
        if any(likeness(one, own) for own in mine):
            return Fit.PARTLY if one.is_initial else Fit.FULLY
    known = any(len(text) == 1 or is_given(word(text)) for text in rest)
    return Fit.AGAINST if known and not name.given.is_initial else Fit.PARTLY
