"""What mail says about an address, made up, and what is judged of it."""

from __future__ import annotations

from dataclasses import replace

from mailbox_svc.contacts.classify import classify
from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.names import SeenName, cleaned
from mailbox_svc.model.address import match_key
from mailbox_svc.model.contact import (
    AddressEvidence,
    ContactEvidence,
    Judgement,
    Kind,
    NameUse,
    ReasonCode,
    SkipReason,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally

DAY = 86_400
TODAY = 20_000 * DAY
JANE = "jane.doe@example.org"
NOREPLY = "no-reply@acme.example"
LIST = "choir@lists.example.org"


def seen(
    address: str = JANE, *names: str, policy: Policy = Policy.CORRESPONDED, **counts: int
) -> AddressEvidence:
    tally = Tally(first_at=TODAY - DAY, last_at=TODAY, **counts)
    uses = tuple(NameUse(name, by_self=1, by_user=0, by_others=0, last_at=TODAY) for name in names)
    return AddressEvidence(address, match_key(address), address, ((policy, tally),), uses)


def evidence(*addresses: AddressEvidence, **more: object) -> ContactEvidence:
    return replace(ContactEvidence(contact_id=None, addresses=addresses), **more)  # type: ignore[arg-type]


def judged(*addresses: AddressEvidence, **more: object) -> Judgement:
    judgement = judge(evidence(*addresses, **more))
    assert judgement is not None
    return judgement


def verdict(*addresses: AddressEvidence, **more: object) -> tuple[Kind, ReasonCode, SkipReason | None]:
    judgement = judged(*addresses, **more)
    return judgement.kind, judgement.reason.code, judgement.skipped


def kind_of(address: str, name: str) -> Kind:
    """Return what an address is that wrote to the user once, with this name."""
    text, via = cleaned(name)
    names = [SeenName(text, bool(text), via, 1, 0, 0, 1)] if name else []
    kind, _ = classify(Tally(received=1), address.lower(), names)
    return kind
