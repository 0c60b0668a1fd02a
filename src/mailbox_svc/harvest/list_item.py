"""One item of an address list: which of its parts is the address, and which the name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailbox_svc.harvest import encoded_words, written_address
from mailbox_svc.harvest.written_address import QUOTED, unescaped

#: Parts what is around it, even around an @, where a blank does not. No header text holds it.
_GAP: Final = "\x00"
#: Stands for a quotation mark that is never closed. It parts nothing: what is around it is one word.
_LONE_QUOTE: Final = "\x01"
_PIECE: Final = re.compile(rf"{encoded_words.PATTERN}|(?P<quoted>{QUOTED})", re.DOTALL)
_WORD: Final = re.compile(
    rf"{encoded_words.PATTERN}|(?P<quoted>{QUOTED})(?:@(?P<domain>[^\s\"<>@{_GAP}]++))?|(?P<word>[^\s\"{_GAP}]++)|\"",
    re.DOTALL,
)
#: An address and nothing else, perhaps with blanks around the @, or all of it in quotes.
_ALONE: Final = re.compile(
    rf"[\s{_GAP}]*+((?:[^\s\"@{_GAP}]++|{QUOTED})\s*+@\s*+[^\s\"@{_GAP}]++(?:\s++\.\s*+[^\s\"@{_GAP}]++)*+|{QUOTED})[\s{_GAP}]*+",
    re.DOTALL,
)
_PARENTHESES: Final = re.compile(r"([()])")
_SCHEME: Final = re.compile(r"(?:^|(?<=\s))\[?(?:mailto|smtp)\s*\Z", re.IGNORECASE)


class ListItem:
    """What was seen of an item so far."""

    __slots__ = ("_angles", "_comments", "_pieces")

    def __init__(self) -> None:
        #: The text outside comments and brackets, as written.
        self._pieces: list[str] = []
        #: Addresses in brackets, and how many pieces stand before each.
        self._angles: list[tuple[int, str]] = []
        self._comments: list[str] = []

    def text(self, piece: str) -> None:
        """Take text, encoded words and quoted strings among it."""
        self._pieces.append(piece)

    def gap(self) -> None:
        """Take a mark that stands for nothing."""
        self._pieces.append(_GAP)

    def lone_quote(self) -> None:
        """Take a quotation mark that is never closed."""
        self._pieces.append(_LONE_QUOTE)

    def comment(self, content: str) -> None:
        self._comments.append(content)
        self._pieces.append(" ")

    def angle(self, content: str) -> None:
        """Take what stands in brackets."""
        if "(" in content:
            content = _without_comments(content)
        address = written_address.read(content)
        if address:
            self._angles.append((len(self._pieces), address))
        elif "@" not in content:
            # ada@example.org <Ada Lovelace>
            self._pieces.append(f"{_GAP}{content}{_GAP}")

    def colon(self) -> None:
        """Drop the name of the group that begins here, or the scheme of a URL."""
        before = self._pieces[-1] if self._pieces else ""
        without_scheme = _SCHEME.sub("", before)
        if without_scheme != before:
            self._pieces[-1] = without_scheme
        elif not self._angles:
            self._pieces.clear()
            self._comments.clear()
        self._pieces.append(_GAP)

    def mentions(self) -> Iterator[tuple[str, str]]:
        """Yield name and address of each address; almost always there is one at most."""
        if not self._angles:
            yield from self._bare("".join(self._pieces))
            return
        start = 0
        for end, address in self._angles:
            name = _name("".join(self._pieces[start:end]))
            if len(self._angles) == 1:
                name = name or _name("".join(self._pieces[end:])) or self._comment()
            yield name, address
            start = end

    def _bare(self, text: str) -> Iterator[tuple[str, str]]:
        """Find addresses without brackets."""
        if "@" not in text:
            return
        alone = _ALONE.fullmatch(text)
        address = written_address.read(alone[1].strip(_LONE_QUOTE)) if alone else ""
        if address:
            yield self._comment(), address
            return
        found = list(_addresses_among_words(text))
        if len(found) != 1:
            yield from (("", address) for _, _, address in found)
            return
        start, end, address = found[0]
        before, after = _name(text[:start]), _name(text[end:])
        # An address in the midst of words is in a sentence, which is nobody's name.
        yield "" if before and after else before or after or self._comment(), address

    def _comment(self) -> str:
        """Return the name that old mailers write as a comment: ada@example.org (Ada Lovelace)."""
        names = (_name_in_comment(comment) for comment in self._comments)
        # A list may say there which way the mail came.
        return next((name for name in names if name and not name.lower().startswith("via ")), "")


def _addresses_among_words(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and address of the words that are addresses."""
    for match in _WORD.finditer(text):
        word = match["word"]
        # What is glued to a quoted string belongs to the local part.
        if match["domain"] and text[match.start() - 1 : match.start()].strip(f" \t{_GAP}") == "":
            word = match[0]
        if not word or "@" not in word:
            continue
        address = written_address.read(word.strip(_LONE_QUOTE))
        # "John Smith@Acme" is somebody of Lotus Notes, and "Smith@Acme" would be somebody else.
        if address and ("." in address.rpartition("@")[2] or address[-1] == "]"):
            yield *match.span(), address


def _name_in_comment(comment: str) -> str:
    name = encoded_words.decode(unescaped(comment))
    return name[1:-1].strip() if name[:1] == "(" and name[-1:] == ")" else name


def _without_comments(content: str) -> str:
    kept: list[str] = []
    depth = 0
    for piece in _PARENTHESES.split(content):
        depth += (piece == "(") - (piece == ")")
        if not depth and piece != ")":
            kept.append(piece)
    return "".join(kept)


def _name(written: str) -> str:
    """Return a phrase as it is displayed."""
    if "=?" not in written and '"' not in written:
        return encoded_words.clean(written)
    # Encoded words that follow each other are read together, but not across quotes.
    texts = [""]
    end = 0
    for piece in _PIECE.finditer(written):
        texts[-1] += written[end : piece.start()]
        if piece["quoted"]:
            texts += [unescaped(piece[0][1:-1]), ""]
        else:
            texts[-1] += piece[0]
        end = piece.end()
    texts[-1] += written[end:]
    return encoded_words.clean("".join(map(encoded_words.expand, texts)))
