"""Reads display names: who is meant, and which company stands beside the name. Chooses nothing."""

# ruff: noqa: RUF001  (dashes and quotes that resemble others are the point)

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from mailbox_svc.contacts.duplicates.given import is_given
from mailbox_svc.contacts.duplicates.letters import Word, word
from mailbox_svc.contacts.lexicon import lines, load
from mailbox_svc.contacts.search import fold

_TITLES = load("person_titles")
_DEGREES = load("name_suffixes")
_FORMS = load("company_forms")
_PARTICLES = load("name_particles")
_NOTES = load("name_notes") | load("service_notes")
_GENERATIONS = {
    text: mark
    for line in lines("generations")
    for mark, _, rest in [line.partition(":")]
    for text in rest.split()
}
#: Letters of a family name's beginning that are also written apart: "Mc Donald", "O Brien".
_JOINED = frozenset({"mc", "mac", "o", "d", "fitz"})
_APART = _JOINED - {"o", "d"}
_MARKS = "|".join(map(re.escape, lines("company_marks")))
_MARK_WORDS = frozenset(one for mark in lines("company_marks") for one in mark.split())
_TAIL = re.compile(rf"\s+[-–—·•/]+\s+|\s*\|\s*|\s+@\s*|\s+(?:{_MARKS})\s+")
_END_NOTE = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*\Z")
_CALLED = re.compile(r"\s[(\"“„']\s*([^\W\d_]+)\s*[)\"”“']\s")
_WHOLE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\U00020000-\U0003134f]{2,}")
#: Scripts without blanks between names begin here.
_FIRST_WHOLE = "\u3041"
#: No given name, or none that stands alone.
_NO_GIVEN = _TITLES | _JOINED | {"ó"}
_PATRONYMIC = re.compile(r".{2,}(?:ovi?ch|evi?ch|yi?ch|ovna|evna|i[nc]hna|ivna)\Z")
_O_NAME = re.compile(r"\b([OÓoó])\s+(?=[^\W\d_]{3,})")
#: "OBrien", as "O'Brien" and "Ó Briain" are put together.
_IRISH = re.compile(r"[OÓ]([^\W\d_a-zà-ÿ]\w*[a-zà-ÿ]\w*)")
_DIGIT = re.compile(r"\d")
_DOT = re.compile(r"\.(?=\S)")
_APOSTROPHES = re.compile(r"['’`´]")
_MOST_WORDS = 6


class Reading(NamedTuple):
    """One way to read a name: a given name and a family name, and what else stands there."""

    given: Word
    family: Word
    #: Between the two, or the second half of a double given name.
    middle: tuple[Word, ...] = ()
    #: Of a hyphenated family name; or what follows the "O" of an Irish one, which many leave out.
    halves: tuple[Word, ...] = ()
    #: The family name with what stands before it, as addresses write it: "vandermeer"; none without.
    joined: Word | None = None
    #: A double given name as one word: "Jean-Pierre" is "Jeanpierre" too.
    double: Word | None = None
    #: "jr", "sr", "ii" and so on.
    generation: str = ""
    #: As it was written, without titles and companies.
    text: str = ""
    #: It was made of an address; nobody wrote it.
    is_guess: bool = False
    #: Which is the family name is not known: one of the two orders.
    in_doubt: bool = False

    def __hash__(self) -> int:
        """Cheap: hashed far more often than compared."""
        return hash((self.given.text, self.family.text))


def read(name: str) -> tuple[Reading | None, tuple[str, ...]]:
    """Return the reading of a name, None when it is no given and family name, and the companies it names."""
    words = (name if name.isascii() else unicodedata.normalize("NFKC", name)).split()
    name = " ".join(words)
    if "".join(words).isalpha() and _MARK_WORDS.isdisjoint(words):
        # nothing but a name, as most are: the searches below would find nothing
        plain = len(words) == 2 and (name.isascii() or max(name) < _FIRST_WHOLE)
        if plain and words[0].casefold() not in _NO_GIVEN:
            return _plain(name, *words), ()
        return _reading(name, ""), ()
    companies: list[str] = []
    while note := _END_NOTE.search(name):
        companies.append(note[1])
        name = name[: note.start()]
    if tail := _TAIL.search(name, 1):
        companies.append(name[tail.end() :])
        name = name[: tail.start()]
    name = _CALLED.sub(" ", name)
    whole, company, generation = _uncomma(name)
    companies.append(company)
    found = tuple(text for one in companies if (text := fold(one)) and text not in _NOTES)
    return _reading(whole, generation), found


def _plain(name: str, first: str, last: str) -> Reading:
    """Return what `_reading` does for two words that are a given and a family name."""
    given = word(first)
    doubt = not is_given(given) and not given.is_initial
    return Reading(given, word(last), halves=_halves(last), text=name, in_doubt=doubt)


def _uncomma(name: str) -> tuple[str, str, str]:
    """Return the name in its natural order, the company behind a comma, and the generation behind one."""
    first, *others = [part for part in (part.strip() for part in name.split(",")) if part] or [""]
    company = generation = ""
    turned: list[str] = []
    for part in others:
        bare = [_bare(one) for one in part.split()]
        if len(bare) == 1 and bare[0] in _GENERATIONS:
            generation = _GENERATIONS[bare[0]]
        elif all(one in _DEGREES for one in bare):
            continue
        elif bare[-1] in _FORMS or (_is_full(first) and not is_given(word(bare[0]))):
            company = part
        else:
            turned.append(part)
    return " ".join([*turned, first]), company, generation


def _is_full(text: str) -> bool:
    """Tell "Jane Doe" from the family name of "Doe, Jane"."""
    words = text.split()
    return len(words) > 1 and fold(words[0]) not in _PARTICLES and is_given(word(words[0]))


def _reading(name: str, generation: str) -> Reading | None:
    if _WHOLE.fullmatch(name.replace(" ", "")):
        # Han, Kana or Hangul: where the family name ends is not written
        whole = word(name.replace(" ", ""))
        return Reading(whole, whole, text=name)
    written = list(_written(name))
    while written and _bare(written[0]) in _TITLES:
        del written[0]
    while len(written) > 2 and (_bare(written[-1]) in _GENERATIONS or _is_degree(written[-1])):
        generation = _GENERATIONS.get(_bare(written.pop()), generation)
    if not 2 <= len(written) <= _MOST_WORDS or _DIGIT.search(name):
        return None
    if len(written) == 3 and _PATRONYMIC.fullmatch(word(written[2]).spellings[0]):
        # "Petrova Anna Ivanovna", as registers have it
        written = [written[1], written[2], written[0]]
    family, halves = word(written[-1]), _halves(written[-1])
    first, *second = written[0].split("-")
    before = [word(one) for one in (*second, *written[1:-1]) if fold(one) not in _PARTICLES or len(one) == 1]
    joined = _joined(written)
    given = word(first)
    if not given.text or not family.text:
        return None
    doubt = not is_given(given) and not given.is_initial
    text = " ".join(written)
    middle = tuple(one for one in before if one.text)
    double = word(given.text + middle[0].text) if middle and len(middle[0].text) > 1 else None
    return Reading(given, family, middle, halves, joined, double, generation, text, in_doubt=doubt)


def _joined(written: list[str]) -> Word | None:
    """Return the family name with its particles in one word; None when it has none."""
    at = len(written) - 1
    while at > 1 and fold(written[at - 1]) in _PARTICLES and len(written[at - 1]) > 1:
        at -= 1
    return word("".join(written[at:])) if at < len(written) - 1 else None


def _halves(family: str) -> tuple[Word, ...]:
    if "-" in family:
        return tuple(map(word, family.split("-")))
    if family[:1] not in {"O", "Ó"}:
        return ()
    irish = _IRISH.fullmatch(family)
    return (word(irish[1]),) if irish else ()


def _written(name: str) -> Iterator[str]:
    """Yield the words; what belongs to a family name and was written apart is put together."""
    name = _DOT.sub(". ", _O_NAME.sub(r"\1", name))
    held = ""
    for one in _APOSTROPHES.sub("", name).split():
        if _bare(one) in _APART:
            held = one
            continue
        yield held + one.strip('"“”„«»;:!?*.')
        held = ""


def _is_degree(text: str) -> bool:
    """Tell "PhD" and "MBA" from family names: all or most of it is in capitals, or it has dots."""
    return _bare(text) in _DEGREES and (text.isupper() or not text.istitle()) and not text.islower()


def _bare(text: str) -> str:
    return text.replace(".", "").strip(",").casefold()
