"""Words of names as they compare: in Latin letters, with the spellings that one word may have.

Never shown to anybody. Rests on tables, so scripts without one compare as they are.
"""

# ruff: noqa: RUF001  (letters that resemble others are the point)

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mailbox_svc.contacts.search import fold

#: How letters are written where they cannot be: DIN 5007-2 for German, ICAO 9303 for the north.
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
#: Pairs of Greek letters that are one sound (ISO 843), before single ones.
_GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"), ("μπ", "b"), ("γγ", "ng"), ("ει", "i"), ("οι", "i"))
#: Cyrillic after BGN/PCGN and Greek after ISO 843; folding took marks off before: no mark is left on them.
_LATIN = str.maketrans(
    dict(zip("абвгдезиклмнопрстуфыэіґј", "abvgdeziklmnoprstufyeigj", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "є": "ye"}
    | {"ъ": "", "ь": "", "ђ": "dj", "љ": "lj", "њ": "nj", "ћ": "c", "џ": "dz"}
    | dict(zip("αβγδεζηικλμνξοπρστςυφω", "avgdeziiklmnxoprstsyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps"}
)
#: What romanizations write differently for one sound. The order matters.
_SOUNDS = (
    ("shch", "sh"), ("tsch", "ch"), ("sch", "sh"), ("ph", "f"), ("kh", "h"), ("ch", "h"), ("tz", "c"),
    ("ts", "c"), ("ck", "k"), ("x", "ks"), ("q", "k"), ("w", "v"), ("ou", "u"), ("y", "i"), ("j", "i"),
)  # fmt: skip
_RUNS_OF_I = re.compile("i{2,}")
#: Shorter words of one sound are different names: "Jan" and "Ian".
_TELLING = 5
#: How names end that were brought into Latin letters in several ways; "Meyer" and "Meier" are two.
_ROMANIZED = re.compile(
    r"(?:[eio]va?|sk[iyj]{1,2}|skaya|skaja|skaia|enko|[iu]k|it?ch|ina?|[aeio]?[iyj]|[iyj]a|[iy]ana|[oi]s|ou)\Z"
)
_NOT_LETTERS = re.compile(r"[\W\d_]+")


class Word(NamedTuple):
    """One word of a name."""

    #: In small letters without marks.
    text: str
    #: The ways it is written in Latin letters; the first has no marks.
    spellings: tuple[str, ...]
    #: The sound of each, the same for all romanizations.
    sounds: tuple[str, ...]
    #: It was written in other letters than Latin.
    foreign: bool

    def __hash__(self) -> int:
        """Cheap: hashed far more often than compared."""
        return hash(self.text)

    def __reduce__(self) -> tuple[Callable[..., Word], tuple[object, ...]]:
        """As the others of the module; `is` tells words apart in no time."""
        return _only, tuple(self)

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1 and (self.foreign or self.text.isascii())

    def same(self, other: Word) -> bool:
        """Tell whether both are one word, however it was brought into Latin letters."""
        if self.text == other.text or _meet(self.spellings, other.spellings):
            return True
        if not _meet(self.sounds, other.sounds):
            return False
        return self.foreign or other.foreign or (self._is_romanized and other._is_romanized)

    @property
    def _is_romanized(self) -> bool:
        return len(self.text) >= _TELLING and bool(_ROMANIZED.search(self.text))


def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether they have one in common; of one or two each, which is no work for a set."""
    return any(one in others for one in some) if len(some) > 1 else some[0] in others


@lru_cache(maxsize=1 << 16)
def _only(text: str, spellings: tuple[str, ...], sounds: tuple[str, ...], foreign: bool) -> Word:
    """Return the one object for this word: those that another process has read are ours."""
    return Word(text, spellings, sounds, foreign)


@lru_cache(maxsize=1 << 16)
def word(written: str) -> Word:
    """Return the word; marks within it count for nothing."""
    if written.isascii():  # as most are: nothing to write in another way
        text = written.lower() if written.isalpha() else _NOT_LETTERS.sub("", written.lower())
        return _only(text, (text,), (_sound(text),), False)
    text = _NOT_LETTERS.sub("", fold(written))
    plain = _in_latin(text)
    out = _NOT_LETTERS.sub("", fold(unicodedata.normalize("NFC", written).lower().translate(_WRITTEN_OUT)))
    spellings = (plain,) if out == text or plain != text else (plain, out)
    return _only(text, spellings, tuple(dict.fromkeys(map(_sound, spellings))), plain != text)


def _in_latin(text: str) -> str:
    if text.isascii():
        return text
    for pair, letters in _GREEK_PAIRS:
        text = text.replace(pair, letters)
    return text.translate(_LATIN)


def _sound(text: str) -> str:
    for written, sound in _SOUNDS:
        text = text.replace(written, sound)
    text = _RUNS_OF_I.sub("i", text)
    # "Yelena" and "Elena"
    return text[1:] if text.startswith("ie") else text
