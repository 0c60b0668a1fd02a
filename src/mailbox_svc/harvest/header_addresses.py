"""The addresses of one header field (RFC 5322 §3.4, RFC 6531), however it was written.

It never raises, takes time linear in the length, and gives only addresses that are there. Which of them are
people is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from mailbox_svc.harvest import charsets, encoded_words

#: Longer ones cannot be delivered: 64 and 255 octets around the @ (RFC 5321 §4.5.3.1).
_LONGEST_ADDRESS: Final = 320
#: More is no name but somebody's attempt at something.
_LONGEST_NAME: Final = 256

#: What never stands in an unquoted part: specials, blanks, control characters, marks of direction.
_OUT: Final = (
    r"\s\"(),:;<>@\[\]\\"
    "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
)
_LABEL: Final = rf"[^{_OUT}!-,./:-@\[-^`{{-~]++"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*+\.*+|\[[\w.:-]++\]"
_QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"'

#: An address may be part of a `mailto:` URL, and parameters follow.
_ADDRESS: Final = re.compile(rf"([^{_OUT}]++|{_QUOTED})@({_DOMAIN})(?:\?.*)?", re.DOTALL)
_DOT_ATOM: Final = re.compile(rf"[^{_OUT}.]++(?:\.[^{_OUT}.]++)*+")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)

_LOCAL_ASCII: Final = r"[\w!#$%&'*+/=^`{|}~.-]*+@"
_DOMAIN_ASCII: Final = r"[a-z0-9][a-z0-9-]*+(?:\.[a-z0-9-]++)++"
#: One item in a form that nearly all have. What it takes, the scanner below reads alike.
_PLAIN: Final = re.compile(
    r"[ \t]*+(?:"
    r"(?:\"([^\"\\=]*+)\"|([^\x00-\x1f\"\\<>,;:()@=\[\]]*+))[ \t]*+"
    rf"<(\w{_LOCAL_ASCII})({_DOMAIN_ASCII})>"
    rf"|([a-z0-9]{_LOCAL_ASCII})({_DOMAIN_ASCII})"
    r")[ \t]*+(?:,|\Z)",
    re.ASCII | re.IGNORECASE,
)

_TOKEN: Final = re.compile(
    rf"(?P<encoded>{encoded_words.PATTERN})"
    r"|(?P<text>(?:[^<>,;:()\"\\=@]++|=(?!\?)|@(?:\[[\w.:-]++\])?)++)"
    r"|(?P<pair>\\.)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_QUOTED_STRING: Final = re.compile(_QUOTED, re.DOTALL)
#: Brackets around no other bracket and no separator. A route before the address is dropped (RFC 5322 §4.4).
_ANGLE: Final = re.compile(
    r"<\s*+(?:@[^<>:\"]*+:)?+((?:[^<>\",;()\\]++|\"(?:[^\"\\<>]++|\\[^<>])*+\")*+)>", re.DOTALL
)
_COMMENT_MARK: Final = re.compile(r"\\.|[()]", re.DOTALL)
_SCHEME: Final = re.compile(r"(?:mailto|smtp):\s*", re.IGNORECASE)
_SCHEME_BEFORE: Final = re.compile(r"(?:^|(?<=\s))\[?(?:mailto|smtp)\s*\Z", re.IGNORECASE)
_LOOSE_JOINT: Final = re.compile(r"\s*([.@])\s*")
_ALONE: Final = re.compile(r"\s*([^\s\"@]++)\s*@\s*([^\s\"@]++)\s*")
_WORD: Final = re.compile(
    rf"{encoded_words.PATTERN}|(?P<quoted>{_QUOTED})(?:@(?P<domain>[^\s\"<>@]++))?|(?P<word>[^\s\"]++)|\"",
    re.DOTALL,
)
_NAME_PIECE: Final = re.compile(rf"{encoded_words.PATTERN}|{_QUOTED}", re.DOTALL)


class Mention(NamedTuple):
    """One address as it stands in a header."""

    #: Decoded, NFC, on one line; empty when there is none.
    name: str
    #: As it was written; the domain in lower case and without a dot at its end.
    address: str


def parse_addresses(value: bytes) -> list[Mention]:
    """Return the addresses of a header field's body, in their order, folded or not.

    Members of groups stand in the list like all others. An address that is named twice is there twice.
    """
    return _Scanner(charsets.header_text(value)).mentions()


class _Item:
    """What was seen of one item of the list."""

    __slots__ = ("angles", "comments", "pieces")

    def __init__(self) -> None:
        #: The text outside comments and brackets, as written.
        self.pieces: list[str] = []
        #: Addresses in brackets, and before which piece each stands.
        self.angles: list[tuple[int, str]] = []
        self.comments: list[str] = []

    def angle(self, content: str) -> None:
        """Take what stands in brackets."""
        address = _address(content)
        if address:
            self.angles.append((len(self.pieces), address))
        elif "@" not in content:
            # joe@example.org <Joe Bloggs>
            self.pieces.append(f" {content} ")

    def mentions(self) -> Iterator[Mention]:
        if not self.angles:
            yield from self._bare("".join(self.pieces))
            return
        start = 0
        for end, address in self.angles:
            name = _name("".join(self.pieces[start:end]))
            if len(self.angles) == 1:
                name = name or _name("".join(self.pieces[end:])) or self._comment()
            yield Mention(name, address)
            start = end

    def _bare(self, text: str) -> Iterator[Mention]:
        """Find addresses without brackets."""
        if "@" not in text:
            return
        alone = _ALONE.fullmatch(text)
        address = _address(f"{alone[1]}@{alone[2]}") if alone else ""
        if address:
            yield Mention(self._comment(), address)
            return
        found = list(_words_with_address(text))
        if len(found) == 1:
            start, end, address = found[0]
            before = text[:start].rstrip()
            name = "" if before.endswith(":") else _name(before)
            yield Mention(name or _name(text[end:]) or self._comment(), address)
        else:
            for _, _, address in found:
                yield Mention("", address)

    def _comment(self) -> str:
        """Return the name that old mailers write as a comment: ada@example.org (Ada Lovelace)."""
        names = (_limited(encoded_words.decode(_ESCAPE.sub(r"\1", text))) for text in self.comments)
        return next((name for name in names if name and not name.lower().startswith("via ")), "")


class _Scanner:
    """Walks through the text once; what is malformed is read as text and never looked at again."""

    __slots__ = (
        "_found",
        "_item",
        "_last_parenthesis",
        "_last_semicolon",
        "_nested",
        "_pos",
        "_quotes",
        "_text",
    )

    def __init__(self, text: str) -> None:
        self._text = text
        self._pos = 0
        self._found: list[Mention] = []
        self._item = _Item()
        self._last_semicolon = text.rfind(";")
        self._last_parenthesis = -1
        #: False once a quote was found that is never closed: it and all after it are text.
        self._quotes = True
        #: False once parentheses were found that are not closed: comments then end at the next one.
        self._nested = True

    def mentions(self) -> list[Mention]:
        text, found = self._text, self._found
        while self._pos < len(text):
            plain = _PLAIN.match(text, self._pos)
            if plain is None:
                self._odd_item()
                continue
            self._pos = plain.end()
            quoted, phrase, local, domain, bare_local, bare_domain = plain.groups()
            if local:
                address = local + domain.lower()
                name = _limited(encoded_words.clean(quoted or phrase or ""))
            else:
                address = bare_local + bare_domain.lower()
                name = ""
            if len(address) <= _LONGEST_ADDRESS:
                found.append(Mention(name, address))
        return found

    def _odd_item(self) -> None:
        """Read on behind the next separator."""
        self._item = _Item()
        text, end = self._text, len(self._text)
        while self._pos < end:
            token = _TOKEN.match(text, self._pos)
            assert token is not None  # noqa: S101  (its last alternative is any character)
            start = self._pos
            self._pos = token.end()
            if token.lastgroup != "mark":
                self._item.pieces.append(token[0])
            elif token[0] in ",;":
                break
            else:
                self._mark(token[0], start)
        self._found += self._item.mentions()

    def _mark(self, mark: str, start: int) -> None:
        if mark == "<":
            self._bracket(start)
        elif mark == '"':
            self._quote(start)
        elif mark == "(":
            self._comment(start)
        elif mark == ":":
            self._colon()
        elif mark == "=":
            self._item.pieces.append("=")
        else:
            # A bracket that was never opened.
            self._item.pieces.append(" ")

    def _bracket(self, start: int) -> None:
        angle = _ANGLE.match(self._text, start)
        if angle is None:
            self._item.pieces.append(" ")
        else:
            self._item.angle(angle[1])
            self._pos = angle.end()

    def _quote(self, start: int) -> None:
        quoted = _QUOTED_STRING.match(self._text, start) if self._quotes else None
        if quoted is None:
            self._quotes = False
            self._item.pieces.append(" ")
        else:
            self._item.pieces.append(quoted[0])
            self._pos = quoted.end()

    def _comment(self, start: int) -> None:
        end = self._comment_end(start)
        if end < 0:
            self._item.pieces.append(" ")
        else:
            self._item.comments.append(self._text[start + 1 : end])
            self._item.pieces.append(" ")
            self._pos = end + 1

    def _comment_end(self, start: int) -> int:
        """Return where the comment is closed, -1 if nowhere."""
        if self._nested:
            depth = 0
            for mark in _COMMENT_MARK.finditer(self._text, start):
                depth += {"(": 1, ")": -1}.get(mark[0], 0)
                if not depth:
                    return mark.start()
            self._nested = False
            self._last_parenthesis = self._text.rfind(")")
        return self._text.find(")", start) if start < self._last_parenthesis else -1

    def _colon(self) -> None:
        """Drop the name of a group, or the scheme of a URL; else it is text."""
        item = self._item
        tail = item.pieces[-1] if item.pieces else ""
        scheme = _SCHEME_BEFORE.search(tail[-16:])
        if scheme:
            item.pieces[-1] = tail[: -len(scheme[0])]
        elif self._pos <= self._last_semicolon and not item.angles:
            self._item = _Item()
        else:
            item.pieces.append(":")


def _words_with_address(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and address of the words of a text that are addresses."""
    for word in _WORD.finditer(text):
        written = word["word"]
        # What is glued to the front belongs to the local part, and is not read here.
        if word["domain"] and (not word.start() or text[word.start() - 1].isspace()):
            written = word[0]
        address = _address(written) if written and "@" in written else ""
        # "John Smith@Acme" is somebody of Lotus Notes, and "Smith@Acme" somebody else.
        if address and ("." in address.rpartition("@")[2] or "[" in address):
            yield *word.span(), address


def _address(written: str) -> str:
    """Return the address that this is, empty if it is none."""
    written = written.strip()
    scheme = _SCHEME.match(written)
    if scheme:
        written = written[scheme.end() :]
    if not written.startswith('"'):
        written = _LOOSE_JOINT.sub(r"\1", written)
    written = _unwrapped(written)
    match = _ADDRESS.fullmatch(written)
    if match is None or "=?" in match[1] or len(written) > _LONGEST_ADDRESS:
        return ""
    local, domain = match[1], match[2].rstrip(".").lower()
    if not any(map(str.isalnum, domain)):
        return ""
    if local.startswith('"'):
        plain = _ESCAPE.sub(r"\1", local[1:-1])
        if not plain.strip() or not plain.isprintable():
            return ""
        local = plain if _DOT_ATOM.fullmatch(plain) else '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
    return f"{local}@{domain}"


def _unwrapped(written: str) -> str:
    """Take off what people put around an address."""
    if written[:1] == "[":
        written = written[1:].removesuffix("]")
    if written[:1] == "'":
        written = written[1:] if "'" in written[-2:] else written
    elif written[:1] == '"' and written[-1:] == '"':
        return written[1:-1].strip().strip("'")
    return written.rstrip("'!?*")


def _name(written: str) -> str:
    """Return a phrase as it is displayed."""
    if "=?" not in written and '"' not in written and "\\" not in written:
        return _limited(encoded_words.clean(written))
    pieces: list[str] = []
    end = 0
    for piece in _QUOTED_STRING.finditer(written):
        pieces.append(encoded_words.expand(_ESCAPE.sub(r"\1", written[end : piece.start()])))
        pieces.append(encoded_words.expand(_ESCAPE.sub(r"\1", piece[0][1:-1])))
        end = piece.end()
    pieces.append(encoded_words.expand(_ESCAPE.sub(r"\1", written[end:])))
    return _limited(encoded_words.clean("".join(pieces)))


def _limited(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME].rstrip()
