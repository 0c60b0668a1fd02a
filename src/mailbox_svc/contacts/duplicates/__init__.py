"""Who among the contacts may be one person. Suggests; it merges nothing, and reads and writes nothing.

Contacts of the same match key are one already. Every other pair is a question for the user, so a pair that
is wrong costs more than one that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from mailbox_svc.contacts.duplicates.blocks import pairs
from mailbox_svc.contacts.duplicates.evidence import compare
from mailbox_svc.contacts.duplicates.halves import Sharing, in_turn
from mailbox_svc.contacts.duplicates.names_in_use import NamesInUse
from mailbox_svc.contacts.duplicates.person import people
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion

__all__ = ["suggestions"]


def suggestions(
    candidates: Sequence[Candidate],
    *,
    dismissed: AbstractSet[tuple[str, str]] = frozenset(),
    only: str | None = None,
    share: Sharing = in_turn,
) -> list[Suggestion]:
    """Return the pairs that may be one person, the surest first, then by ids; the same for the same input.

    `dismissed` pairs, the smaller id first, are left out; `only` keeps those of one contact. None but people
    are compared: a function, list or robot is nobody's second address. `share` is who does the work.
    """
    compared = share(
        people, sorted((one for one in candidates if one.kind is Kind.PERSON), key=lambda one: one.id)
    )
    names = NamesInUse(compared)

    def compared_pairs(some: Sequence[tuple[int, int]]) -> list[Suggestion]:
        found = []
        for first, second in some:
            one, other = compared[first], compared[second]
            if only not in {None, one.id, other.id} or (one.id, other.id) in dismissed:
                continue
            if suggestion := compare(one, other, names):
                found.append(suggestion)
        return found

    found = share(compared_pairs, list(pairs(compared)))
    return sorted(found, key=lambda one: (-one.score, one.first, one.second))
