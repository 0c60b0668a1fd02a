"""What the domain of an address says about who is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mailbox_svc.contacts.lexicon import load, split

_ROBOT_LABELS = load("robot_domain_labels")
_ROBOT_DOMAINS = load("robot_domains")
_LIST_DOMAINS = load("list_domains")
#: Names of hosts that do nothing but lists.
_LIST_LABELS = frozenset({"lists", "list", "listserv", "listes", "listas", "mailman", "ml", "groups"})


@dataclass(frozen=True, slots=True)
class Host:
    """A domain, taken apart and folded."""

    #: Its names without the suffix, letters only: the one that was registered first.
    labels: tuple[str, ...]
    #: A name below the registered one is one of mass mail.
    is_robot: bool
    #: A name below the registered one is one of lists.
    is_list: bool
    #: It is known: every address below it is a program's, or a list's.
    only_robots: bool
    only_lists: bool


@lru_cache(maxsize=4096)
def host(domain: str) -> Host:
    """Take a folded domain apart."""
    parts = domain.split(".")
    # "co.uk", "com.au", "ac.at": two letters, and before them a short one. Hints need no list of suffixes.
    suffix = 2 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 1
    labels = tuple("".join(split(part)) for part in reversed(parts[:-suffix]))
    above = {".".join(parts[at:]) for at in range(len(parts) - 1)}
    return Host(
        labels=labels,
        is_robot=not _ROBOT_LABELS.isdisjoint(labels[1:]),
        is_list=not _LIST_LABELS.isdisjoint(labels[1:]),
        only_robots=not _ROBOT_DOMAINS.isdisjoint(above),
        only_lists=not _LIST_DOMAINS.isdisjoint(above),
    )
