"""Judges evidence: what a contact is, how it is called, how close it is, and whether it is kept.

Pure: no clock, no storage; the same evidence gives the same judgement.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailbox_svc.contacts.classify import classify
from mailbox_svc.contacts.names import best_name, seen_names
from mailbox_svc.contacts.rank import score_of
from mailbox_svc.model.contact import (
    DELETED,
    AddressEvidence,
    ContactEvidence,
    Judgement,
    Kind,
    Reason,
    ReasonCode,
    SkipReason,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally

_OWN = Reason(ReasonCode.OWN_ADDRESS, "it is one of your own addresses")


def judge(evidence: ContactEvidence) -> Judgement | None:
    """Return what the evidence says; None when nothing of the contact is left."""
    seen = any(address.tallies for address in evidence.addresses)
    if not (seen or evidence.typed or evidence.grouped or evidence.deleted):
        return None
    addresses = _main_first(evidence.addresses)
    tallies = [both for address in addresses for both in address.tallies]
    tally = _total(tallies)
    spellings = tuple((address.address, address.written) for address in addresses)
    if evidence.deleted:
        return _erased(spellings)
    names = seen_names(addresses)
    kind, reason = classify(tally, addresses[0].address, names)
    skipped = None
    if evidence.own:
        reason, skipped = _OWN, SkipReason.OWN_ADDRESS
    elif evidence.typed or evidence.grouped:
        if reason.code is ReasonCode.SEEN_TOGETHER or not seen:
            reason = _typed_reason(evidence)
    else:
        skipped = _skipped(kind, tallies)
    name, others = best_name(names, addresses, kind, reason.code)
    if not seen and evidence.last_known is not None:
        # Its mailbox is gone, and what was learnt from it is all that the user has of this contact.
        last = evidence.last_known
        kind, name, others = last.kind, last.display_name, last.alternate_names
    return Judgement(
        display_name=name,
        alternate_names=others,
        kind=kind,
        reason=reason,
        skipped=skipped,
        score=score_of(tally),
        wrote_to=tally.wrote_to,
        received=tally.wrote_to_user,
        together=tally.together,
        first_at=tally.first_at,
        last_at=tally.last_at,
        addresses=spellings,
    )


def _typed_reason(evidence: ContactEvidence) -> Reason:
    text = "you entered details about them" if evidence.typed else "you put them in a group"
    return Reason(ReasonCode.TYPED, text)


def _erased(spellings: tuple[tuple[str, str], ...]) -> Judgement:
    """Return what is kept of a deleted contact: that its addresses are not wanted."""
    return Judgement(
        display_name="",
        alternate_names=(),
        kind=Kind.PERSON,
        reason=DELETED,
        skipped=SkipReason.DELETED,
        score=0.0,
        wrote_to=0,
        received=0,
        together=0,
        first_at=0,
        last_at=0,
        addresses=spellings,
    )


def _main_first(addresses: tuple[AddressEvidence, ...]) -> list[AddressEvidence]:
    """Order: the one the user writes to, else the one mail comes from, the latest; then by name."""
    if len(addresses) == 1:
        return [addresses[0]]
    tallies = {one.address: _total(one.tallies) for one in addresses}
    return sorted(
        addresses,
        key=lambda one: (
            -tallies[one.address].wrote_to,
            -tallies[one.address].wrote_to_user,
            -tallies[one.address].last_at,
            one.address,
        ),
    )


def _total(tallies: Sequence[tuple[Policy, Tally]]) -> Tally:
    if len(tallies) == 1:
        return tallies[0][1]
    total = Tally()
    for _, tally in tallies:
        total.add(tally)
    return total


def _skipped(kind: Kind, tallies: Sequence[tuple[Policy, Tally]]) -> SkipReason | None:
    """Return why no mailbox's policy keeps the contact; None when one does."""
    reasons: set[SkipReason] = set()
    for policy in {policy for policy, _ in tallies}:
        reason = _skipped_by(policy, kind, _total([both for both in tallies if both[0] is policy]))
        if reason is None:
            return None
        reasons.add(reason)
    return min(reasons, key=_TELLING.index)


def _skipped_by(policy: Policy, kind: Kind, tally: Tally) -> SkipReason | None:
    if policy is Policy.EVERYONE or tally.wrote_to:
        return None
    if kind is Kind.AUTOMATED:
        return SkipReason.AUTOMATED
    if kind is Kind.LIST:
        return SkipReason.LIST
    if not tally.wrote_to_user:
        return SkipReason.NEVER_EXCHANGED
    return SkipReason.NEVER_WROTE_TO if policy is Policy.WROTE_TO else None


#: Which reason is told when mailboxes differ.
_TELLING = (
    SkipReason.AUTOMATED,
    SkipReason.LIST,
    SkipReason.NEVER_WROTE_TO,
    SkipReason.NEVER_EXCHANGED,
)
