"""Who among the contacts may be one person. Suggests; it merges nothing, and reads and writes nothing.

Contacts of the same match key are one already. Every other pair is a question for the user, so a pair that
is wrong costs more than one that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mailbox_svc.contacts.duplicates.blocks import pairs
from mailbox_svc.contacts.duplicates.evidence import compare
from mailbox_svc.contacts.duplicates.names_in_use import NamesInUse
from mailbox_svc.contacts.duplicates.person import person
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion

__all__ = ["suggestions"]


def suggestions(
    candidates: Sequence[Candidate],
    *,
    dismissed: AbstractSet[tuple[str, str]] = frozenset(),
    only: str | None = None,
) -> list[Suggestion]:
    """Return the pairs that may be one person, the surest first, then by ids; the same for the same input.

    `dismissed` pairs, the smaller id first, are left out; `only` keeps those of one contact. None but people
    are compared: a function, list or robot is nobody's second address.
    """
    people = [person(one) for one in sorted(candidates, key=lambda one: one.id) if one.kind is Kind.PERSON]
    names = NamesInUse(people)
    found = []
    for first, second in pairs(people):
        one, other = people[first], people[second]
        if only not in {None, one.id, other.id} or (one.id, other.id) in dismissed:
            continue
        if suggestion := compare(one, other, names):
            found.append(suggestion)
    return sorted(found, key=lambda one: (-one.score, one.first, one.second))
