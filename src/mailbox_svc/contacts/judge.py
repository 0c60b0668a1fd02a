"""Judges evidence: what a contact is, how it is called, how close it is, and whether it is kept.

Pure: no clock, no storage; the same evidence gives the same judgement.
"""

from __future__ import annotations

from mailbox_svc.contacts.classify import classify
from mailbox_svc.contacts.names import best_name, seen_names
from mailbox_svc.contacts.rank import score_of
from mailbox_svc.model.contact import (
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
    addresses = sorted(evidence.addresses, key=_main_first)
    tally = _total(addresses)
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
        skipped = _skipped(kind, addresses)
    name, others = best_name(names, addresses, kind, reason.code)
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
        reason=Reason(ReasonCode.TYPED, "you deleted them"),
        skipped=SkipReason.DELETED,
        score=0.0,
        wrote_to=0,
        received=0,
        together=0,
        first_at=0,
        last_at=0,
        addresses=spellings,
    )


def _main_first(address: AddressEvidence) -> tuple[int, int, int, int, str]:
    """Order addresses: the one the user writes to, else the one mail comes from, the latest, then by name."""
    tally = _total([address])
    return (-tally.wrote_to, -tally.wrote_to_user, -tally.last_at, -tally.together, address.address)


def _total(addresses: list[AddressEvidence]) -> Tally:
    total = Tally()
    for address in addresses:
        for _, tally in address.tallies:
            total.add(tally)
    return total


def _skipped(kind: Kind, addresses: list[AddressEvidence]) -> SkipReason | None:
    """Return why no mailbox's policy keeps the contact; None when one does."""
    by_policy: dict[Policy, Tally] = {}
    for address in addresses:
        for policy, tally in address.tallies:
            by_policy.setdefault(policy, Tally()).add(tally)
    reasons = [_skipped_by(policy, kind, tally) for policy, tally in by_policy.items()]
    if None in reasons:
        return None
    return min(filter(None, reasons), key=_TELLING.index)


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
