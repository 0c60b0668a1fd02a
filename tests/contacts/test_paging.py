"""A page token leads on in the list it was made for, and nowhere else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.contacts import paging
from mailbox_svc.contacts.paging import cursor_from, cursor_of, token_of
from mailbox_svc.errors import InvalidFields
from mailbox_svc.model.contact import Cursor, Filter, Kind, Order, SkipReason
from support.made_contacts import contact_of

WHICH = Filter(
    group_id="g", mailbox_id="m", kinds=frozenset({Kind.PERSON, Kind.ROLE}), words=("anna", "berg")
)
CURSOR = Cursor(58.25, "id-1")
TOKEN = token_of(CURSOR, "ann", WHICH, Order.RANK)


def refused(token: str, user_id: str = "ann", which: Filter = WHICH, order: Order = Order.RANK) -> bool:
    try:
        cursor_from(token, user_id, which, order)
    except InvalidFields as error:
        return [violation.field for violation in error.violations] == ["page_token"]
    return False


def forged(body: object, order: Order) -> str:
    """Make a token with a right checksum, as a caller can who has read the code."""
    data = json.dumps(body).encode()
    return urlsafe_b64encode(paging._check(data, "ann", WHICH, order) + data).decode()


def test_a_token_leads_back_to_where_the_page_has_ended() -> None:
    assert cursor_from(TOKEN, "ann", WHICH, Order.RANK) == CURSOR
    assert cursor_from("", "ann", WHICH, Order.RANK) is None


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
def test_any_name_comes_back_exactly(name: str) -> None:
    cursor = Cursor(name, "id-1")
    assert cursor_from(token_of(cursor, "ann", WHICH, Order.NAME), "ann", WHICH, Order.NAME) == cursor


@given(st.floats(min_value=-2000, max_value=2000))
def test_any_score_comes_back_exactly(score: float) -> None:
    cursor = Cursor(score, "id-1")
    assert cursor_from(token_of(cursor, "ann", WHICH, Order.RANK), "ann", WHICH, Order.RANK) == cursor


@pytest.mark.parametrize(
    "other",
    [
        replace(WHICH, group_id=None),
        replace(WHICH, mailbox_id="n"),
        replace(WHICH, kinds=frozenset({Kind.PERSON})),
        replace(WHICH, words=("anna",)),
        replace(WHICH, kept=False),
        replace(WHICH, skipped=frozenset({SkipReason.LIST})),
    ],
)
def test_a_token_of_another_filter_is_refused(other: Filter) -> None:
    assert refused(TOKEN, which=other)


def test_a_token_of_another_order_or_user_is_refused() -> None:
    assert refused(TOKEN, order=Order.RECENT)
    assert refused(TOKEN, user_id="bob")


def test_the_order_in_which_kinds_were_named_does_not_matter() -> None:
    same = replace(WHICH, kinds=frozenset([Kind.ROLE, Kind.PERSON]))
    assert cursor_from(TOKEN, "ann", same, Order.RANK) == CURSOR


def test_a_token_with_one_character_changed_is_refused() -> None:
    for at, char in enumerate(TOKEN):
        before, after = TOKEN[:at], TOKEN[at + 1 :]
        assert refused(before + ("B" if char == "A" else "A") + after)
        assert refused(before + after)
        assert refused(f"{before}!{char}{after}")


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    assert refused(text) or not text


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (["x", "id"], Order.RANK),
        ([float("nan"), "id"], Order.RANK),
        ([float("inf"), "id"], Order.RANK),
        ([10**400, "id"], Order.RECENT),
        ([2**64, "id"], Order.RECENT),
        ([None, "id"], Order.RECENT),
        ([1, "id"], Order.NAME),
        (["\0", "id"], Order.NAME),
        (["\ud800", "id"], Order.NAME),
        (["x", 1], Order.NAME),
        (["x", "\0"], Order.NAME),
        (["x", ["id"]], Order.NAME),
        (["x"], Order.NAME),
        ("xy", Order.RANK),
        (1, Order.RANK),
        ({}, Order.RANK),
    ],
)
def test_a_forged_token_brings_nothing_a_database_would_choke_on(body: object, order: Order) -> None:
    assert refused(forged(body, order), order=order)


def test_a_forged_token_of_endless_depth_is_refused() -> None:
    body = b"[" * 3000
    token = urlsafe_b64encode(paging._check(body, "ann", WHICH, Order.RANK) + body).decode()
    assert refused(token)


def test_the_place_of_a_contact_is_its_value_in_the_order_asked_for() -> None:
    contact = contact_of("Åsa Berg", "Asa@example.org", score=58.25, last_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert cursor_of(contact, Order.RANK) == Cursor(58.25, contact.id)
    assert cursor_of(contact, Order.RECENT) == Cursor(1767225600, contact.id)
    assert cursor_of(replace(contact, last_at=None), Order.RECENT) == Cursor(0, contact.id)
    assert cursor_of(contact, Order.NAME) == Cursor("asa berg\tasa@example.org", contact.id)
