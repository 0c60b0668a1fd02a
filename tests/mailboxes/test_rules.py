"""What Save takes and refuses, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailbox_svc.errors import InvalidFields
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.rules import checked, checked_user_id
from mailbox_svc.model.secret import Secret

GOOD = Draft(
    label="Work",
    host="imap.example.org",
    port=993,
    tls=True,
    user="alice@example.org",
    password=Secret("CANARY-rules"),
)


def wrong_fields(draft: Draft) -> list[str]:
    with pytest.raises(InvalidFields) as caught:
        checked(draft)
    return [v.field for v in caught.value.violations]


def test_a_good_draft_passes_unchanged() -> None:
    result = checked(GOOD)
    assert (result.label, result.destination.host, result.destination.port) == ("Work", GOOD.host, 993)
    assert result.password is not None
    assert result.password.reveal() == "CANARY-rules"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("label", "   "),
        ("label", "x" * 101),
        ("label", "bad\x07bell"),
        ("host", ""),
        ("host", "imap example org"),
        ("host", " imap.example.org"),
        ("host", "imap.example.org\n"),
        ("host", "https://imap.example.org"),
        ("host", "imap.example.org/inbox"),
        ("host", "imap.example.org:993"),
        ("host", "alice@example.org"),
        ("host", "-imap.example.org"),
        ("host", "imap..example.org"),
        ("host", "."),
        ("host", "a" * 64 + ".example.org"),
        ("host", "a." * 130 + "org"),
        ("host", "imap.example.org\x00"),
        ("host", "fe80::1%eth0"),
        ("host", "[imap.example.org]"),
        ("port", 0),
        ("port", 70000),
        ("user", ""),
        ("user", "  "),
        ("user", "alice\r\nA1 LOGOUT"),
        ("user", "x" * 321),
        ("password", Secret("")),
        ("password", Secret("   ")),
        ("password", Secret("CANARY-" + "x" * 10_000)),
        ("password", Secret("CANARY-\x00")),
        ("password", Secret("CANARY-a\r\nb")),
        ("password", Secret("CANARY-\ud800")),
        ("id", "not-a-uuid"),
        ("id", ""),
        ("etag", "without-an-id"),
    ],
)
def test_a_wrong_value_is_reported_at_its_field_and_only_there(field: str, value: Any) -> None:
    assert wrong_fields(replace(GOOD, **{field: value})) == [field]


def test_every_wrong_field_is_reported_at_once() -> None:
    draft = Draft(label="", host="http://x", port=0, tls=True, user="", id="7", password=Secret(""))
    assert wrong_fields(draft) == ["id", "label", "host", "port", "user", "password"]


def test_no_violation_repeats_the_value_it_is_about() -> None:
    draft = replace(GOOD, password=Secret("CANARY-bad\n"), host="CANARY host", user="CANARY\x00")
    with pytest.raises(InvalidFields) as caught:
        checked(draft)
    assert "CANARY" not in str(caught.value)
    assert "CANARY" not in repr(caught.value)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("IMAP.Example.ORG", "imap.example.org"),
        ("imap.example.org.", "imap.example.org"),
        ("mail.bücher.example", "mail.bücher.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8:0::1", "2001:db8::1"),
        ("localhost", "localhost"),
        ("imap_internal.example.org", "imap_internal.example.org"),
    ],
)
def test_a_host_has_one_stored_spelling(typed: str, stored: str) -> None:
    assert checked(replace(GOOD, host=typed)).destination.host == stored


@pytest.mark.parametrize("host", ["imap.gmail.com", "IMAP.GMAIL.COM.", "imap.googlemail.com"])
@pytest.mark.parametrize(
    "typed", ["abcd efgh ijkl mnop", " abcd efgh ijkl mnop ", "abcd\u00a0efgh ijkl mnop"]
)
def test_google_app_passwords_lose_their_spaces(host: str, typed: str) -> None:
    result = checked(replace(GOOD, host=host, password=Secret(typed)))
    assert result.password is not None
    assert result.password.reveal() == "abcdefghijklmnop"


@pytest.mark.parametrize("host", ["imap.example.org", "imap.gmail.com.evil.example", "notgmail.com"])
def test_other_passwords_keep_their_spaces(host: str) -> None:
    result = checked(replace(GOOD, host=host, password=Secret(" CANARY with spaces ")))
    assert result.password is not None
    assert result.password.reveal() == " CANARY with spaces "


def test_ids_are_stored_in_lower_case() -> None:
    upper = "0B6E3C1A-8F53-4E57-9E0E-0B1A2C3D4E5F"
    assert checked(replace(GOOD, id=upper)).id == upper.lower()


def test_a_draft_to_be_tested_needs_no_label() -> None:
    assert checked(replace(GOOD, label=""), label_needed=False).label == ""


@pytest.mark.parametrize("user_id", ["", "x" * 256, "a\nb", "a\x00"])
def test_odd_user_ids_are_refused(user_id: str) -> None:
    with pytest.raises(InvalidFields):
        checked_user_id(user_id)
