"""RFC 2047: the words of a header that carry their charset with them. Never raises.

Whether a word stands where one is allowed is for the caller to say.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from typing import Final

from mailbox_svc.harvest import charsets

#: One encoded word. Wider than RFC 2047 §2: mailers leave blanks, commas and quotes in the text of a word.
PATTERN: Final = r"=\?[\w.:*+()-]*\?[bBqQ]\?[^?]*\?="

_WORD: Final = re.compile(r"=\?([\w.:*+()-]*)\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64: Final = re.compile(r"[^A-Za-z0-9+/]+")
_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
#: What reorders or hides what is displayed: marks of direction, the zero-width space, the byte order mark.
UNSEEN: Final = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_UNSEEN: Final = re.compile(f"[{UNSEEN}]+")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
#: Characters. More is no name, and normalizing takes quadratic time on a row of combining marks.
_LONGEST: Final = 256
#: Of encoded text; the rest is not even decoded. The longest name above fills a third of it.
_LONGEST_WRITTEN: Final = 8192


def decode(text: str) -> str:
    """Return the text with its encoded words decoded, fit to be displayed on one line.

    Blanks between encoded words are dropped (§6.2), a character may be split over words of one charset
    (forbidden by §5, and common), control characters and marks of direction are removed. NFC.
    """
    return clean(expand(text))


def clean(text: str) -> str:
    """Return the text in NFC on one line, blanks collapsed, without what reorders or hides it.

    Of a text that is longer than any name this is the beginning.
    """
    if len(text) <= _LONGEST and text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    text = _UNSEEN.sub("", _SURROGATES.sub("\ufffd", text[: 4 * _LONGEST]))
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", text).strip()[:_LONGEST]).strip()


def expand(text: str) -> str:
    """Return the text with its encoded words decoded and all else as it was."""
    if "=?" not in text:
        return text
    text = text[:_LONGEST_WRITTEN]
    pieces: list[str] = []
    run: list[tuple[str, bool, str]] = []
    end = 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        if between and not (run and between.isspace()):
            pieces += _decode_run(run)
            run = []
            pieces.append(between)
        # RFC 2231 §5: a language may follow the charset.
        charset = word[1].partition("*")[0].lower()
        run.append((charset, word[2] in "bB", word[3]))
        end = word.end()
    return "".join((*pieces, *_decode_run(run), text[end:]))


def _decode_run(run: list[tuple[str, bool, str]]) -> list[str]:
    """Decode words that follow each other, those of one charset together."""
    texts: list[str] = []
    start = 0
    for i in range(1, len(run) + 1):
        if i == len(run) or run[i][0] != run[start][0]:
            texts.append(_decode_alike(run[start][0], run[start:i]))
            start = i
    return texts


def _decode_alike(charset: str, words: list[tuple[str, bool, str]]) -> str:
    raw = b"".join(_base64(text) if is_base64 else _quoted(text) for _, is_base64, text in words)
    if len(words) > 1 and all(is_base64 for _, is_base64, _ in words) and not charsets.fits(raw, charset):
        # Some mailers encode the whole text and cut the base64 wherever a line is full.
        whole = _base64("".join(text for _, _, text in words))
        if charsets.fits(whole, charset):
            raw = whole
    return charsets.decode(raw, charset)


def _quoted(text: str) -> bytes:
    return binascii.a2b_qp(text.encode("utf-8", "replace"), header=True)


def _base64(text: str) -> bytes:
    """Decode what there is: rubbish is skipped, padding may be missing, a lone last digit is dropped."""
    digits = _NOT_BASE64.sub("", text)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
