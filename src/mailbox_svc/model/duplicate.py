"""Contacts that may be one person, and those that were made one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbox_svc.model.contact import Kind, SkipReason, Typed


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a contact that could be somebody's duplicate."""

    id: str
    #: The name shown, then others it was seen with; none is empty.
    names: tuple[str, ...]
    #: `model.address.canonical` of each, the main one first; at least one.
    addresses: tuple[str, ...]
    kind: Kind
    #: As the user typed them; empty mostly.
    organization: str
    phone: str
    #: Messages to it and from it.
    exchanged: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two contacts that may be one person. Which of the two is named first, the use case decides."""

    first: str
    second: str
    #: Above 0, up to 1; a pair below the threshold is no suggestion.
    score: float
    #: One sentence for a person; holds names and domains of the two, nothing else of them.
    why: str


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A contact that went into another, and what it takes to bring it back."""

    id: str
    #: Those of its addresses; new mail with one of them belongs to it after an undo.
    match_keys: tuple[str, ...]
    #: What it was before.
    skipped: SkipReason | None


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge that was not taken back. Times are aware and in UTC."""

    id: str
    user_id: str
    kept: str
    absorbed: tuple[Absorbed, ...]
    #: Of the one that was kept: before, and as the merge left it.
    typed_before: Typed
    typed_after: Typed
    #: Groups that the kept one was not in before.
    groups_added: tuple[str, ...]
    merged_at: datetime
