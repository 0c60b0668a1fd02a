"""What the spelling of an address says about who is behind it. Words count whole, never as parts of words."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mailbox_svc.contacts.hosts import Host, host
from mailbox_svc.contacts.lexicon import load, split
from mailbox_svc.contacts.search import fold
from mailbox_svc.model.address import display_address

_ROBOT = load("robot_words")
_ALONE = load("robot_words_alone")
_TECHNICAL = load("technical_words")
_ROLE = load("role_words")
_ROLE_OR_ALONE = _ROLE | _ALONE
_HINTS = _ALONE | _TECHNICAL | load("subscription_words")
_TAG_HINTS = _HINTS | _ROLE

#: Shorter names are the same, or parts of others, by chance.
TELLING = 4

#: Written on end with other words: "acmenewsletter". Long enough not to end any name.
_ENDINGS = (
    "newsletter",
    "newsletters",
    "noreply",
    "donotreply",
    "notification",
    "notifications",
    "mailinglist",
)
#: The most words of a local part that make one of ours: "bitte-nicht-antworten", "do-not-reply".
_MOST_JOINED = 4

_SERVICE_HINTS = load("list_service_hints")
#: "dev-request", and of older programs "owner-dev".
_LIST_SERVICE = re.compile(
    rf"(?:\A|-)({'|'.join(sorted(load('list_service_words') | _SERVICE_HINTS))})\Z|\A(owner)-"
)
_DIGIT = re.compile(r"\d")
_HEX = re.compile(r"(?=[a-f]*\d)[0-9a-f]{16,}")
#: With other characters around: a telephone number has at most 15 digits, and stands alone or behind a name.
_LONG_NUMBER = re.compile(r"\d{12,}")
_CHANGES = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


class Sign(enum.Enum):
    """What an address looks like."""

    #: Made for one message or one recipient, or a list's own service: nobody would keep it.
    MACHINE = enum.auto()
    ROBOT = enum.auto()
    #: An account of machines or those who run them: a robot's, unless a person's name goes with it.
    TECHNICAL = enum.auto()
    #: Perhaps a list's own service: a robot's, unless a person's name goes with it.
    MAYBE_SERVICE = enum.auto()
    LIST = enum.auto()
    #: A list's, unless a person's name goes with it.
    MAYBE_LIST = enum.auto()
    ROLE = enum.auto()
    #: Nothing to see.
    PLAIN = enum.auto()


@dataclass(frozen=True, slots=True)
class Spelling:
    """An address, taken apart and folded."""

    sign: Sign
    host: Host
    #: The words of the local part, without digits and without what follows a plus.
    words: tuple[str, ...]
    #: A word that hints at a robot is among them, or behind the plus.
    hint: bool
    #: The local part is one of the domain's names: "acme@acme.example".
    of_domain: bool


@lru_cache(maxsize=256)
def spelling(address: str) -> Spelling:
    """Take an address apart; that of one contact is asked for several times in a row."""
    local, _, domain = fold(display_address(address)).rpartition("@")
    base, _, tag = local.partition("+")
    words = split(base or local)
    where = host(domain)
    letters = "".join(words)
    return Spelling(
        sign=_sign(local, words, letters, where),
        host=where,
        words=words,
        hint=not _HINTS.isdisjoint(words) or not _TAG_HINTS.isdisjoint(split(tag)),
        of_domain=len(letters) >= TELLING and letters in where.labels,
    )


def _sign(local: str, words: tuple[str, ...], letters: str, where: Host) -> Sign:
    if where.only_robots or _is_machine_made(local):
        return Sign.MACHINE
    if where.only_lists:
        return Sign.LIST
    service = _LIST_SERVICE.search(local)
    sign = _sign_of_words(words, letters, where)
    if where.is_list:
        return Sign.MACHINE if service else sign if sign is Sign.ROBOT else Sign.MAYBE_LIST
    if service and sign is Sign.PLAIN:
        return Sign.MAYBE_SERVICE if service[1] in _SERVICE_HINTS else Sign.MACHINE
    return sign


def _sign_of_words(words: tuple[str, ...], letters: str, where: Host) -> Sign:
    if not _ROBOT.isdisjoint(words) or any(joined in _ROBOT for joined in _joined(words)):
        return Sign.ROBOT
    if letters.endswith(_ENDINGS):
        return Sign.ROBOT
    if len(words) > 1:
        # The company's own name and a country's letters say nothing: "acme-support@acme", "info.de@".
        first, *others = words
        words = tuple(w for w in (first, *(w for w in others if len(w) != 2)) if w not in where.labels[:1])
        letters = "".join(words)
    if not words:
        return Sign.PLAIN
    if letters in _ROLE or _ROLE.issuperset(words):
        return Sign.ROLE
    if letters in _ALONE or _ROLE_OR_ALONE.issuperset(words):
        return Sign.ROBOT
    return Sign.TECHNICAL if letters in _TECHNICAL or _TECHNICAL.issuperset(words) else Sign.PLAIN


def _joined(words: tuple[str, ...]) -> Iterator[str]:
    """Yield neighbouring words written as one."""
    for size in range(2, min(_MOST_JOINED, len(words)) + 1):
        for at in range(len(words) - size + 1):
            yield "".join(words[at : at + size])


def _is_machine_made(local: str) -> bool:
    """Tell local parts that carry a key: VERP, reply tokens, long numbers, random letters."""
    if "=" in local:
        return True
    if not _DIGIT.search(local):
        return False
    parts = [part for part in _SEPARATORS.split(local) if _DIGIT.search(part)]
    if len(parts) >= 4 or (not local.strip("+").isdigit() and _LONG_NUMBER.search(local)):
        return True
    return any(_HEX.fullmatch(part) or _is_random(part) for part in parts)


def _is_random(part: str) -> bool:
    return len(part) >= 12 and len(_CHANGES.findall(part)) >= 4
