from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.rank import score_of
from mailbox_svc.model.address import match_key
from mailbox_svc.model.contact import (
    AddressEvidence,
    ContactEvidence,
    Judgement,
    Kind,
    NameUse,
    ReasonCode,
    SkipReason,
    Typed,
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


# What mail says outweighs what an address looks like.


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (JANE, Kind.PERSON),
        (NOREPLY, Kind.PERSON),
        ("newsletter@acme.example", Kind.PERSON),
        ("mailer-daemon@example.org", Kind.PERSON),
        ("info@acme.example", Kind.ROLE),
        # Nobody would keep an address that was made for one message.
        ("reply+AAAB3NZAQ7PLMK2TUVD6EXAMPLE@reply.github.com", Kind.AUTOMATED),
        ("dev-request@lists.example.org", Kind.AUTOMATED),
        ("family@googlegroups.com", Kind.LIST),
        (LIST, Kind.LIST),
    ],
)
def test_whoever_the_user_wrote_to_is_kept_whatever_the_address(address: str, kind: Kind) -> None:
    got = verdict(seen(address, "Acme Newsletter", sent_to=1, received=9, generated=9, bulk=9))
    assert got == (kind, ReasonCode.WROTE_TO, None)


def test_a_list_that_the_user_writes_to_stays_a_list_and_is_kept() -> None:
    list_mail = seen("choir@example.org", "Choir", sent_to=4, together=20, list_address=20)
    assert verdict(list_mail) == (Kind.LIST, ReasonCode.WROTE_TO, None)


def test_a_stray_list_post_makes_no_list_of_somebody_who_writes() -> None:
    assert verdict(seen(JANE, "Jane Doe", received=3, list_address=1))[0] is Kind.PERSON
    assert verdict(seen(JANE, "Jane Doe", received=3, list_address=3, sent_to=1))[0] is Kind.PERSON
    assert verdict(seen(JANE, "Jane Doe", received=1, list_address=2))[0] is Kind.LIST


def test_mail_through_a_list_does_not_make_its_writer_a_list_or_a_robot() -> None:
    assert verdict(seen(JANE, "Jane Doe", received_indirectly=7, through_list=7)) == (
        Kind.PERSON,
        ReasonCode.WROTE_TO_USER,
        None,
    )


def test_a_technical_account_that_joins_discussions_is_a_persons() -> None:
    through: dict[str, Any] = {"received_indirectly": 3, "through_list": 3}
    assert verdict(seen("webmaster@example.org", "Webmaster", **through))[0] is Kind.PERSON
    assert verdict(seen("webmaster@example.org", "Webmaster", received=3))[0] is Kind.AUTOMATED
    assert verdict(seen("choir-admin@example.org", **through))[0] is Kind.AUTOMATED
    assert verdict(seen("acme@acme.example", "Acme", **through))[0] is Kind.PERSON
    assert verdict(seen("acme@acme.example", "Acme", received=3))[0] is Kind.AUTOMATED


def test_an_out_of_office_answer_comes_from_a_person() -> None:
    assert verdict(seen(JANE, "Jane Doe", received=1, auto_replied=1))[0] is Kind.PERSON


@pytest.mark.parametrize(("generated", "kind"), [(0, "person"), (2, "person"), (3, "automated")])
def test_most_of_the_mail_must_be_generated_to_make_a_robot(generated: int, kind: str) -> None:
    got = judged(seen(JANE, "Jane Doe", received=4, generated=generated))
    assert got.kind.value == kind
    assert (got.reason.code is ReasonCode.AUTO_SUBMITTED) == (kind == "automated")


@pytest.mark.parametrize(("bulk", "kind"), [(0, "person"), (1, "person"), (2, "automated"), (4, "automated")])
def test_half_of_the_mail_must_be_bulk_to_make_a_newsletter(bulk: int, kind: str) -> None:
    got = judged(seen(JANE, "Jane Doe", received=4, bulk=bulk))
    assert got.kind.value == kind
    assert (got.reason.code is ReasonCode.BULK) == (kind == "automated")


def test_a_person_whose_mail_came_through_a_list_that_looks_like_a_newsletter_is_one() -> None:
    through: dict[str, Any] = {"received_indirectly": 3, "bulk": 3, "through_list": 3}
    assert verdict(seen(JANE, "Jane Doe", **through))[0] is Kind.PERSON
    assert verdict(seen(JANE, "Acme Weekly", **through))[0] is Kind.AUTOMATED
    assert verdict(seen(JANE, "Jane Doe", received=1, **through))[0] is Kind.AUTOMATED
    assert verdict(seen(JANE, "Jane Doe", received_indirectly=3, bulk=3))[0] is Kind.AUTOMATED


def test_bulk_mail_makes_a_robot_of_a_function_too() -> None:
    assert verdict(seen("info@acme.example", "Acme", received=1, bulk=1))[0] is Kind.AUTOMATED


def test_whoever_writes_in_the_name_of_many_is_a_proxy() -> None:
    through = seen("dev@example.org", "Jane Doe via dev", "John Poe via dev", received=2, through_list=2)
    assert verdict(through) == (Kind.LIST, ReasonCode.VIA_LIST, SkipReason.LIST)
    service = judged(seen("hello@docs.example", "Jane Doe (via Docs)", received=1))
    assert (service.kind, service.reason.code) == (Kind.AUTOMATED, ReasonCode.VIA_LIST)
    assert service.display_name == ""
    once = seen(JANE, "Jane Doe", "Jane Doe via Docs", received=9)
    assert verdict(once)[0] is Kind.PERSON


def test_a_robot_has_none_of_the_names_of_people() -> None:
    assert judged(seen(NOREPLY, "Jane Doe", "John Poe", received=2)).display_name == ""
    assert judged(seen(NOREPLY, "Acme", received=2)).display_name == "Acme"


def test_what_others_call_a_contact_makes_no_robot_of_it() -> None:
    names = (NameUse("Jane Doe", 1, 0, 0, 0), NameUse("Acme Newsletter", 0, 0, 9, 0))
    assert verdict(replace(seen(JANE, received=1), names=names))[0] is Kind.PERSON


def test_a_little_mass_mail_is_a_small_sign() -> None:
    assert verdict(seen("hugo@acme.example", "Acme", received=5))[0] is Kind.PERSON
    assert verdict(seen("hugo@acme.example", "Acme", received=5, bulk=1))[0] is Kind.AUTOMATED


# Reasons are phrases.


@pytest.mark.parametrize(
    ("address", "counts", "text"),
    [
        (JANE, {"sent_to": 1}, "you wrote to them once"),
        (JANE, {"sent_to": 1, "sent_cc": 1}, "you wrote to them twice"),
        (JANE, {"sent_to": 4, "received": 9}, "you wrote to them 4 times"),
        (JANE, {"received": 1}, "they wrote to you once"),
        (JANE, {"received": 2, "received_indirectly": 3}, "they wrote to you 5 times"),
        (JANE, {"together": 1}, "seen with others in 1 message"),
        (JANE, {"together": 2, "reply_to": 1, "sender": 1}, "seen with others in 4 messages"),
        (JANE, {"received": 1, "bulk": 1}, "mass mail: 1 message, and you never wrote to it"),
        (JANE, {"received": 3, "bulk": 2}, "mass mail: 2 messages, and you never wrote to it"),
        (JANE, {"received": 1, "generated": 1}, "its mail says that a program made it"),
        (NOREPLY, {"received": 1}, "its address is one of a program"),
        ("info@acme.example", {"received": 1}, "its address is one of a function"),
        (LIST, {"together": 1, "list_address": 1}, "mailing list: 1 message came through it"),
        (LIST, {"together": 2, "list_address": 2}, "mailing list: 2 messages came through it"),
        (LIST, {"together": 1}, "its domain is one of mailing lists"),
    ],
)
def test_a_reason_is_one_phrase_with_the_right_number(
    address: str, counts: dict[str, Any], text: str
) -> None:
    assert judged(seen(address, **counts)).reason.text == text


# Policies.


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
