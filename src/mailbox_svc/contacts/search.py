"""Text as it is searched and sorted: without case and accents. Both what is stored and what is asked for."""

# ruff: noqa: RUF001  (letters and quotes that resemble others are the point)

from __future__ import annotations

import unicodedata

#: Letters that are written for one another and that Unicode does not take apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
#: Combining classes from here on are accents of Latin, Greek and Cyrillic (Unicode 4.3); those below make
#: another letter in other scripts, such as a voiced kana.
_ACCENTS = 200
_EDGES = " \t,;:.\"'`()<>[]“”‘’«»"


def fold(text: str) -> str:
    """Return the text in lower case, without accents, with single blanks."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(char for char in text if unicodedata.combining(char) < _ACCENTS)
    return " ".join(unicodedata.normalize("NFKC", bare).translate(_LETTERS).split())


def words(query: str) -> tuple[str, ...]:
    """Return the folded words of a query, each once; all of them must occur."""
    return tuple(dict.fromkeys(filter(None, (word.strip(_EDGES) for word in fold(query).split()))))


def sort_key(display_name: str, address: str) -> str:
    """Return what to sort a contact by: name, then address; the address alone when there is no name.

    The tab sorts before every letter, so "Ann" with any address comes before "Ann B".
    """
    name = fold(display_name).lstrip(_EDGES)
    return f"{name}\t{fold(address)}" if name else fold(address)
