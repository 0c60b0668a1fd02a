"""What the spelling of an address says about who is behind it. Words count whole, never as parts of words."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import lru_cache

from mailbox_svc.contacts.lexicon import load
from mailbox_svc.contacts.search import fold

_ROBOT = load("robot_words")
_ROBOT_ALONE = load("robot_words_alone")
_ROLE = load("role_words")
_LIST_SERVICE = load("list_service_words")
_ROBOT_LABELS = load("robot_domain_labels")
_ROBOT_DOMAINS = load("robot_domains")
_LIST_DOMAINS = load("list_domains")

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

_NOT_LETTERS = re.compile(r"[\W\d_]+")
_HEX = re.compile(r"(?=[a-f]*\d)[0-9a-f]{16,}")
_CHANGES = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


class Sign(enum.Enum):
    """What an address looks like."""

    #: Made for one message or one recipient, or a list's own service: nobody would keep it.
    MACHINE = enum.auto()
    ROBOT = enum.auto()
    LIST = enum.auto()
    ROLE = enum.auto()
    #: Nothing to see.
    PLAIN = enum.auto()


@dataclass(frozen=True, slots=True)
class Spelling:
    """An address, taken apart and folded."""

    sign: Sign
    #: The words of the local part, without digits and without what follows a plus.
    words: tuple[str, ...]
    #: The name that was registered, as far as can be told without a list of suffixes: "acme" of acme.co.uk.
    brand: str
    #: A name below it that is one of mass mail.
    robot_host: bool


@lru_cache(maxsize=4096)
def spelling(address: str) -> Spelling:
    """Take an address apart."""
    local, _, domain = fold(address).rpartition("@")
    base = local.split("+", 1)[0] or local
    words = tuple(filter(None, _NOT_LETTERS.split(base)))
    brand, hosts = _brand(domain)
    robot_host = not _ROBOT_LABELS.isdisjoint(_NOT_LETTERS.sub("", host) for host in hosts)
    return Spelling(_sign(local, words, domain), words, brand, robot_host)


def _sign(local: str, words: tuple[str, ...], domain: str) -> Sign:
    if _is_below(domain, _ROBOT_DOMAINS) or _is_machine_made(local):
        return Sign.MACHINE
    if len(words) > 1 and words[-1] in _LIST_SERVICE and not _ROLE.issuperset(words):
        return Sign.MACHINE
    if _is_below(domain, _LIST_DOMAINS):
        return Sign.LIST
    return _sign_of_words(words)


def _sign_of_words(words: tuple[str, ...]) -> Sign:
    if not _joined(words).isdisjoint(_ROBOT) or any(word.endswith(_ENDINGS) for word in words):
        return Sign.ROBOT
    if words and (_ROLE.issuperset(words) or "".join(words) in _ROLE):
        return Sign.ROLE
    if words and all(word in _ROLE or word in _ROBOT_ALONE for word in words):
        return Sign.ROBOT
    return Sign.PLAIN


def _is_machine_made(local: str) -> bool:
    """Tell local parts that carry a key: VERP, reply tokens, long numbers, random letters."""
    if "=" in local:
        return True
    parts = [part for part in _SEPARATORS.split(local) if part]
    if sum(any(char.isdigit() for char in part) for part in parts) >= 4:
        return True
    return any(_HEX.fullmatch(part) or _is_random(part) for part in parts)


def _is_random(part: str) -> bool:
    return len(part) >= 12 and len(_CHANGES.findall(part)) >= 4


def _joined(words: tuple[str, ...]) -> set[str]:
    """Return the words, and neighbours written as one word."""
    ends = range(1, _MOST_JOINED + 1)
    return {"".join(words[at : at + size]) for at in range(len(words)) for size in ends}


def _brand(domain: str) -> tuple[str, list[str]]:
    """Return the registered name without its suffix, and the names below it."""
    labels = domain.split(".")
    # "co.uk", "com.au", "ac.at": two letters, and before them a short one.
    suffix = 2 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 1
    return labels[-suffix - 1] if len(labels) > suffix else "", labels[: -suffix - 1]


def _is_below(domain: str, domains: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels) - 1))
