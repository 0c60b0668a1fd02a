"""What a contact is, by what mail says about it, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailbox_svc.model.contact import Kind, NameUse, ReasonCode, SkipReason
from support.judged import JANE, LIST, NOREPLY, judged, seen, verdict

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
