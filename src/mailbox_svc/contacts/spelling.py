"""What the spelling of an address says about who is behind it. Words count whole, never as parts of words."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import lru_cache

from mailbox_svc.contacts.lexicon import load, split
from mailbox_svc.contacts.search import fold
from mailbox_svc.model.address import display_address

_ROBOT = load("robot_words")
_HINTS = load("robot_hints")
_TECHNICAL = load("technical_words")
_SUBSCRIPTION = load("subscription_words")
_ROLE = load("role_words")
_ROBOT_LABELS = load("robot_domain_labels")
_ROBOT_DOMAINS = load("robot_domains")
_LIST_DOMAINS = load("list_domains")
#: Names of hosts that do nothing but lists.
_LIST_LABELS = frozenset({"lists", "list", "listserv", "listes", "listas", "mailman", "ml", "groups"})

_HINTING = _HINTS | _TECHNICAL | _SUBSCRIPTION

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

_LIST_SERVICE_HINTS = load("list_service_hints")
#: "dev-request", and of older programs "owner-dev".
_LIST_SERVICE = re.compile(
    rf"(?:\A|-)({'|'.join(sorted(load('list_service_words') | _LIST_SERVICE_HINTS))})\Z|\A(owner)-"
)
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
    #: A robot's, unless a person's name goes with it.
    MAYBE_ROBOT = enum.auto()
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
    #: The words of the local part, without digits and without what follows a plus.
    words: tuple[str, ...]
    #: A word that hints at a robot is among them, or behind the plus.
    hint: bool
    #: The names of the domain without its suffix, letters only: the one that was registered first.
    labels: tuple[str, ...]
    #: A name below the registered one is one of mass mail.
    robot_host: bool
    #: The local part is one of the domain's names: "acme@acme.example".
    of_domain: bool


@lru_cache(maxsize=4096)
def spelling(address: str) -> Spelling:
    """Take an address apart."""
    local, _, domain = fold(display_address(address)).rpartition("@")
    base, _, tag = local.partition("+")
    words = split(base or local)
    labels = _labels(domain)
    return Spelling(
        sign=_sign(local, words, domain, labels),
        words=words,
        hint=not (_HINTING.isdisjoint(words) and (_HINTING | _ROLE).isdisjoint(split(tag))),
        labels=labels,
        robot_host=not _ROBOT_LABELS.isdisjoint(labels[1:]),
        of_domain="".join(words) in labels and len("".join(words)) >= TELLING,
    )


def _sign(local: str, words: tuple[str, ...], domain: str, labels: tuple[str, ...]) -> Sign:
    if _is_below(domain, _ROBOT_DOMAINS) or _is_machine_made(local):
        return Sign.MACHINE
    if _is_below(domain, _LIST_DOMAINS):
        return Sign.LIST
    service = _LIST_SERVICE.search(local)
    sign = _sign_of_words(words, labels)
    if _LIST_LABELS.isdisjoint(labels[1:]):
        if service and sign is Sign.PLAIN:
            return Sign.MAYBE_ROBOT if service[1] in _LIST_SERVICE_HINTS else Sign.MACHINE
        return sign
    if service:
        return Sign.MACHINE
    return sign if sign is Sign.ROBOT else Sign.MAYBE_LIST


def _sign_of_words(words: tuple[str, ...], labels: tuple[str, ...]) -> Sign:
    if not _joined(words).isdisjoint(_ROBOT) or any(word.endswith(_ENDINGS) for word in words):
        return Sign.ROBOT
    # The company's own name and a country's letters say nothing: "acme-support@acme", "info.de@".
    words = tuple(
        word for at, word in enumerate(words) if word not in labels[:1] and not (at and len(word) == 2)
    )
    if not words:
        return Sign.PLAIN
    if _ROLE.issuperset(words) or "".join(words) in _ROLE:
        return Sign.ROLE
    if (_ROLE | _HINTS).issuperset(words) or "".join(words) in _HINTS:
        return Sign.ROBOT
    if _TECHNICAL.issuperset(words) or "".join(words) in _TECHNICAL:
        return Sign.MAYBE_ROBOT
    return Sign.PLAIN


def _is_machine_made(local: str) -> bool:
    """Tell local parts that carry a key: VERP, reply tokens, long numbers, random letters."""
    if "=" in local:
        return True
    parts = [part for part in _SEPARATORS.split(local) if part]
    if sum(any(char.isdigit() for char in part) for part in parts) >= 4:
        return True
    if not local.strip("+").isdigit() and _LONG_NUMBER.search(local):
        return True
    return any(_HEX.fullmatch(part) or _is_random(part) for part in parts)


def _is_random(part: str) -> bool:
    return len(part) >= 12 and len(_CHANGES.findall(part)) >= 4


def _joined(words: tuple[str, ...]) -> set[str]:
    """Return the words, and neighbours written as one word."""
    ends = range(1, _MOST_JOINED + 1)
    return {"".join(words[at : at + size]) for at in range(len(words)) for size in ends}


def _labels(domain: str) -> tuple[str, ...]:
    labels = domain.split(".")
    # "co.uk", "com.au", "ac.at": two letters, and before them a short one. Hints need no list of suffixes.
    suffix = 2 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 1
    return tuple("".join(split(label)) for label in reversed(labels[:-suffix]))


def _is_below(domain: str, domains: frozenset[str]) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[at:]) in domains for at in range(len(labels) - 1))
