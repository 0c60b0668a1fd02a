"""Measures duplicates among real people: all in the messages of a public corpus, as one user's contacts.

Nobody has labelled them. Two contacts count as one person when mail has given both the very same full name:
these are subscribers of a few lists, not a country. Whatever else is suggested counts as wrong, so the
precision is a lower bound.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.search import fold
from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.intake import Intake
from mailbox_svc.harvest.key_set import KeySet
from mailbox_svc.model.contact import AddressEvidence, ContactEvidence, Kind, NameUse
from mailbox_svc.model.duplicate import Candidate
from mailbox_svc.model.harvest import Policy
from quality.corpus import Row, header_of

#: Folders of the corpus without spam, in which most names are made up.
_FOLDERS = ("easy-ham-1", "easy-ham-2", "hard-ham-1")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def measure(messages: Path) -> list[Row]:
    """Return precision and recall; nothing where there are no messages."""
    contacts = list(people(messages))
    if not contacts:
        return []
    same, found = set(one_named(contacts)), {(one.first, one.second) for one in suggestions(contacts)}
    links = _links(same)
    of = f"{len(contacts):,} real people, {links} of a name that is there already"
    return [
        Row(f"duplicates, precision at least ({of})", len(found & same) / max(len(found), 1), 0.0),
        Row(f"duplicates, recall ({of})", _links(found & same) / max(links, 1), 0.90),
    ]


def _links(pairs: set[tuple[str, str]]) -> int:
    """Return how many merges the pairs come to: one less than there are contacts of a person.

    Somebody with an address for each message has thousands of pairs, and would decide alone.
    """
    leads: dict[str, str] = {}

    def first_of(contact: str) -> str:
        while contact in leads:
            contact = leads[contact]
        return contact

    links = 0
    for one, other in sorted(pairs):
        mine, theirs = first_of(one), first_of(other)
        if mine != theirs:
            leads[theirs] = mine
            links += 1
    return links


def people(messages: Path) -> Iterator[Candidate]:
    """Yield everybody whom mail names, judged as the service judges them."""
    intake = Intake(own=(), counted=KeySet(), dates=Dates())
    for folder in _FOLDERS:
        for path in sorted((messages / folder).glob("*")):
            intake.take_in(header_of(path.read_bytes()))
    chunk = intake.chunk(1)
    names: defaultdict[str, list[NameUse]] = defaultdict(list)
    for name in chunk.names:
        names[name.address].append(NameUse(*name[1:]))
    accounts: defaultdict[str, list[AddressEvidence]] = defaultdict(list)
    for delta in chunk.addresses:
        tallies = ((Policy.EVERYONE, delta.tally),)
        used = tuple(names[delta.address])
        accounts[delta.match_key].append(
            AddressEvidence(delta.address, delta.match_key, delta.written, tallies, used)
        )
    for key, addresses in sorted(accounts.items()):
        judgement = judge(ContactEvidence(None, tuple(addresses)))
        if judgement is not None and judgement.kind is Kind.PERSON:
            shown = dict.fromkeys((judgement.display_name, *judgement.alternate_names))
            yield Candidate(
                key,
                tuple(filter(None, shown)),
                tuple(one.address for one in addresses),
                judgement.kind,
                "",
                "",
                1,
            )


def one_named(contacts: list[Candidate]) -> Iterator[tuple[str, str]]:
    """Yield the pairs that have one full name: two words or more, the same letters."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for one in contacts:
        for name in one.names:
            words = _NOT_LETTERS.split(fold(name))
            if len([word for word in words if len(word) > 1]) > 1:
                named["".join(words)].add(one.id)
    pairs = {pair for ids in named.values() for pair in combinations(sorted(ids), 2)}
    yield from sorted(pairs)
