"""The addresses of one header field (RFC 5322 §3.4, RFC 6531), however it was written.

It never raises, takes time linear in the length, and gives only addresses that are there. Which of them are
people is not known here.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mailbox_svc.harvest import encoded_words, unlabelled, written_address
from mailbox_svc.harvest.list_item import ListItem

_LOCAL: Final = r"[\w!#$%&'*+/=^`{|}~.-]*+@"
_DOMAIN: Final = r"[a-z0-9][a-z0-9-]*+(?:\.[a-z0-9-]++)++"
#: One item in a form that nearly all have. What it takes, the walk through the tokens reads alike.
_PLAIN: Final = re.compile(
    r"[ \t]*+(?:"
    r"(?:\"([^\"\\=]*+)\"|([^\x00-\x1f\"\\<>,;:()@=\[\]]*+))[ \t]*+"
    rf"<(\w{_LOCAL})({_DOMAIN})>"
    rf"|([a-z0-9]{_LOCAL})({_DOMAIN})"
    r")[ \t]*+(?:,|\Z)",
    re.ASCII | re.IGNORECASE,
)

_TOKEN: Final = re.compile(
    rf"(?:{encoded_words.PATTERN})"
    rf"|(?:[^<>,;:()\"\\=@]++|=(?!\?)|@(?:{written_address.LITERAL})?)++"
    r"|(?P<escape>\\.)"
    r"|(?P<mark>.)",
    re.DOTALL,
)
_QUOTED: Final = re.compile(written_address.QUOTED, re.DOTALL)
#: Brackets around no other bracket and no separator. A route before the address is dropped (RFC 5322 §4.4).
_ANGLE: Final = re.compile(
    r"<\s*+(?:@[^<>:\"]*+:)?+((?:[^<>\",;\\]++|\"(?:[^\"\\<>]++|\\[^<>])*+\")*+)>", re.DOTALL
)
#: The end of a mailbox inside quotes: a quotation mark was forgotten before it.
_MAILBOX_END: Final = re.compile(r"@[^<>@]*+>\s*+[,;]")
_COMMENT_MARK: Final = re.compile(r"\\.|[()]", re.DOTALL)
_PARENTHESIS: Final = re.compile(r"[()]")


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
    text = unlabelled.header_text(value)
    found: list[Mention] = []
    walk: _Walk | None = None
    pos = 0
    while pos < len(text):
        plain = _PLAIN.match(text, pos)
        if plain is None:
            walk = walk or _Walk(text)
            found += [Mention(name, address) for name, address in walk.item(pos).mentions()]
            pos = walk.pos
            continue
        pos = plain.end()
        quoted, phrase, local, domain, bare_local, bare_domain = plain.groups()
        if local:
            mention = Mention(encoded_words.clean(quoted or phrase or ""), local + domain.lower())
        else:
            mention = Mention("", bare_local + bare_domain.lower())
        if len(mention.address) <= written_address.LONGEST:
            found.append(mention)
    return found


class _Walk:
    """Walks through the text once; what is malformed is read as text and never looked at again."""

    __slots__ = ("_item", "_nested", "_odd_quotes", "_text", "pos")

    def __init__(self, text: str) -> None:
        self._text = text
        self.pos = 0
        self._item = ListItem()
        #: One of the quotation marks has no other.
        self._odd_quotes = (text.count('"') - text.count('\\"')) % 2 == 1
        #: False once a parenthesis was found that is never closed: comments then hold no others.
        self._nested = True

    def item(self, start: int) -> ListItem:
        """Read what stands from `start` to the next separator; `pos` is then behind that."""
        text, end = self._text, len(self._text)
        item = self._item = ListItem()
        self.pos = start
        while self.pos < end:
            token = _TOKEN.match(text, self.pos)
            assert token is not None  # noqa: S101  (its last alternative is any character)
            begin, self.pos = token.span()
            mark = token["mark"]
            if mark is None:
                item.text(token[0] if token["escape"] is None else f'"{token[0]}"')
            elif mark == "=":
                item.text(mark)
            elif mark in ",;":
                break
            elif mark == "<":
                self._bracket(begin)
            elif mark == '"':
                self._quote(begin)
            elif mark == "(":
                self._comment(begin)
            elif mark == ":":
                item.colon()
            else:
                item.gap()
        return item

    def _bracket(self, start: int) -> None:
        angle = _ANGLE.match(self._text, start)
        if angle is None:
            self._item.gap()
        else:
            self._item.angle(angle[1])
            self.pos = angle.end()

    def _quote(self, start: int) -> None:
        quoted = _QUOTED.match(self._text, start)
        if quoted is None or (self._odd_quotes and _MAILBOX_END.search(quoted[0])):
            self._item.lone_quote()
        else:
            self._item.text(quoted[0])
            self.pos = quoted.end()

    def _comment(self, start: int) -> None:
        end = self._comment_end(start)
        if end < 0:
            self._item.gap()
        else:
            self._item.comment(self._text[start + 1 : end])
            self.pos = end + 1

    def _comment_end(self, start: int) -> int:
        """Return where the comment is closed, -1 if nowhere."""
        if self._nested:
            depth = 0
            for mark in _COMMENT_MARK.finditer(self._text, start):
                depth += {"(": 1, ")": -1}.get(mark[0], 0)
                if not depth:
                    return mark.start()
            self._nested = False
        other = _PARENTHESIS.search(self._text, start + 1)
        return other.start() if other is not None and other[0] == ")" else -1
