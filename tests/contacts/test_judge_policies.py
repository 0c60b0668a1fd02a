"""Which contacts are kept, by policy and by what the user did, and what several addresses make together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.rank import score_of
from mailbox_svc.model.contact import AddressEvidence, Kind, ReasonCode, SkipReason, Typed
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally
from support.judged import DAY, JANE, LIST, NOREPLY, TODAY, evidence, judged, seen, verdict


@pytest.mark.parametrize(
    ("address", "counts", "policy", "skipped"),
    [
        (JANE, {"sent_cc": 1}, Policy.WROTE_TO, None),
        (JANE, {"received": 9}, Policy.WROTE_TO, SkipReason.NEVER_WROTE_TO),
        (JANE, {"together": 9}, Policy.WROTE_TO, SkipReason.NEVER_EXCHANGED),
        (NOREPLY, {"received": 9}, Policy.WROTE_TO, SkipReason.AUTOMATED),
        (LIST, {"together": 9, "list_address": 9}, Policy.WROTE_TO, SkipReason.LIST),
        (JANE, {"sent_to": 1}, Policy.CORRESPONDED, None),
        (JANE, {"received": 1}, Policy.CORRESPONDED, None),
        (JANE, {"received_indirectly": 1}, Policy.CORRESPONDED, None),
        ("info@acme.example", {"received": 1}, Policy.CORRESPONDED, None),
        (JANE, {"together": 9}, Policy.CORRESPONDED, SkipReason.NEVER_EXCHANGED),
        (JANE, {"reply_to": 9}, Policy.CORRESPONDED, SkipReason.NEVER_EXCHANGED),
        (JANE, {"sender": 9}, Policy.CORRESPONDED, SkipReason.NEVER_EXCHANGED),
        (NOREPLY, {"received": 1}, Policy.CORRESPONDED, SkipReason.AUTOMATED),
        (NOREPLY, {"together": 1}, Policy.CORRESPONDED, SkipReason.AUTOMATED),
        (LIST, {"together": 9, "list_address": 9}, Policy.CORRESPONDED, SkipReason.LIST),
        (JANE, {"together": 1}, Policy.EVERYONE, None),
        (NOREPLY, {"received": 1}, Policy.EVERYONE, None),
        (LIST, {"together": 1, "list_address": 1}, Policy.EVERYONE, None),
    ],
)
def test_the_policy_says_who_is_kept(
    address: str, counts: dict[str, Any], policy: Policy, skipped: SkipReason | None
) -> None:
    assert judged(seen(address, policy=policy, **counts)).skipped is skipped


def test_a_contact_is_kept_when_the_policy_of_any_mailbox_keeps_it() -> None:
    wide = seen(JANE, policy=Policy.EVERYONE, together=1)
    narrow = seen(JANE, policy=Policy.WROTE_TO, received=5)
    both = replace(narrow, tallies=narrow.tallies + wide.tallies)
    assert judged(narrow).skipped is SkipReason.NEVER_WROTE_TO
    assert judged(both).skipped is None
    assert judged(wide, narrow).skipped is None


def test_what_one_mailbox_has_seen_is_not_kept_by_the_policy_of_another() -> None:
    wrote_here = seen(JANE, policy=Policy.WROTE_TO, received=5).tallies
    seen_there = seen(JANE, policy=Policy.CORRESPONDED, together=1).tallies
    contact = replace(seen(JANE), tallies=wrote_here + seen_there)
    assert judged(contact).skipped is SkipReason.NEVER_WROTE_TO


# What the user did to a contact.


def test_nothing_is_left_of_a_contact_without_mail_details_or_groups() -> None:
    bare = replace(seen(JANE), tallies=(), names=())
    assert judge(evidence(bare)) is None
    assert judge(evidence(bare, own=True)) is None
    assert judge(evidence(bare, deleted=True)) is not None


def test_typed_and_grouped_contacts_are_kept_and_say_so_when_nothing_else_does() -> None:
    bare = replace(seen(JANE), tallies=(), names=())
    assert verdict(bare, typed=Typed(note="neighbour")) == (Kind.PERSON, ReasonCode.TYPED, None)
    assert verdict(bare, grouped=True) == (Kind.PERSON, ReasonCode.TYPED, None)
    assert judged(bare, typed=Typed(note="x")).reason.text == "you entered details about them"
    assert judged(bare, grouped=True).reason.text == "you put them in a group"
    together = seen(JANE, together=3)
    assert verdict(together, grouped=True) == (Kind.PERSON, ReasonCode.TYPED, None)
    robot = seen(NOREPLY, received=3)
    assert verdict(robot, grouped=True) == (Kind.AUTOMATED, ReasonCode.ROBOT_ADDRESS, None)
    assert verdict(seen(JANE, received=3), grouped=True)[1] is ReasonCode.WROTE_TO_USER


def test_a_deleted_contact_keeps_its_addresses_and_nothing_else() -> None:
    got = judged(seen(JANE, "Jane Doe", sent_to=4), deleted=True, grouped=True, typed=Typed(note="x"))
    assert got.skipped is SkipReason.DELETED
    assert (got.display_name, got.alternate_names, got.score) == ("", (), 0.0)
    assert (got.wrote_to, got.received, got.together, got.first_at, got.last_at) == (0, 0, 0, 0, 0)
    assert got.addresses == ((JANE, JANE),)


def test_an_own_address_is_skipped_whatever_else_is_known() -> None:
    own = verdict(seen(JANE, "Jane Doe", sent_to=4), own=True, grouped=True)
    assert own == (Kind.PERSON, ReasonCode.OWN_ADDRESS, SkipReason.OWN_ADDRESS)
    assert verdict(seen(JANE, sent_to=4), own=True, deleted=True)[2] is SkipReason.DELETED


# Several mailboxes, several addresses.


def test_counts_dates_and_score_are_those_of_all_addresses_and_mailboxes_together() -> None:
    work = replace(seen(JANE, sent_to=2, received=1), written="Jane.Doe@Example.org")
    tallies = (*work.tallies, (Policy.WROTE_TO, Tally(sent_cc=3, together=4, first_at=DAY, last_at=2 * DAY)))
    home = seen("jane@home.example", received=5)
    got = judged(home, replace(work, tallies=tallies))
    assert (got.wrote_to, got.received, got.together) == (5, 6, 4)
    assert (got.first_at, got.last_at) == (DAY, TODAY)
    total = Tally()
    for tally in (*(t for _, t in tallies), *(t for _, t in home.tallies)):
        total.add(tally)
    assert got.score == score_of(total)
    assert got.addresses == ((JANE, "Jane.Doe@Example.org"), ("jane@home.example", "jane@home.example"))


def test_the_main_address_is_the_one_the_user_writes_to_then_the_one_that_writes() -> None:
    def order(*addresses: AddressEvidence) -> list[str]:
        return [address for address, _ in judged(*addresses).addresses]

    assert order(seen("a@x.example", received=9), seen("b@x.example", sent_to=1))[0] == "b@x.example"
    assert order(seen("a@x.example", together=9), seen("b@x.example", received=1))[0] == "b@x.example"
    assert order(seen("b@x.example", received=1), seen("a@x.example", received=1))[0] == "a@x.example"
    late = seen("b@x.example", received=1)
    late.tallies[0][1].last_at = TODAY + DAY
    assert order(late, seen("a@x.example", received=1))[0] == "b@x.example"


def test_the_order_of_the_evidence_never_matters() -> None:
    addresses = [
        seen(JANE, "Jane Doe", received=2),
        seen("jane@home.example", "Jane Roe", sent_to=1),
        seen("j@old.example", policy=Policy.EVERYONE, together=1),
    ]
    assert judge(evidence(*addresses)) == judge(evidence(*reversed(addresses)))
