import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.model.address import canonical, display_address, match_key

SAME = [
    ("Ada@Example.ORG", "ada@example.org"),
    ("ada@example.org.", "ada@example.org"),
    ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
    ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
    ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
    ("ada@例え。example", "ada@xn--r8jz45g.example"),
    ("ada@faß.example", "ada@xn--fa-hia.example"),
    ("ada@ｅxa_mple.org", "ada@exa_mple.org"),  # noqa: RUF001
    ("ADÉLE@example.org", "adéle@example.org"),
    ("ade\u0301le@example.org", "adéle@example.org"),
    ("ÄDA@BÜCHER.example.", "äda@xn--bcher-kva.example"),
]

KEYS = [
    ("ada.love.lace@gmail.com", "adalovelace@gmail.com"),
    ("ada.lovelace+list@googlemail.com", "adalovelace@gmail.com"),
    ("ada+list@example.org", "ada@example.org"),
    ("ada+a+b@example.org", "ada@example.org"),
    ("ada.lovelace@example.org", "ada.lovelace@example.org"),
    ("ada.lovelace@mail.gmail.com", "ada.lovelace@mail.gmail.com"),
    ("+4930123456@sms.example", "+4930123456@sms.example"),
    ('"a+b c"@example.org', '"a+b c"@example.org'),
    ("...@gmail.com", "...@gmail.com"),
    ("+list@gmail.com", "+list@gmail.com"),
    ("no-at-sign", "no-at-sign"),
]


@pytest.mark.parametrize(("written", "identity"), SAME)
def test_spellings_of_one_address_have_one_identity(written: str, identity: str) -> None:
    assert canonical(written) == identity


@pytest.mark.parametrize("domain", ["a..b", "-", "ü" * 80, "\u200d", "xn--ü", "xn--\x80", "[1.2.3.ü]", ""])
def test_a_domain_that_idna_refuses_stays_in_lower_case(domain: str) -> None:
    assert canonical(f"Ada@{domain}") == f"ada@{domain}"
    assert canonical(f"Ada@{domain}.") == f"ada@{domain}"


@pytest.mark.parametrize(("identity", "key"), KEYS)
def test_the_key_folds_what_reaches_the_same_account(identity: str, key: str) -> None:
    assert match_key(identity) == key


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ada@xn--bcher-kva.example", "Ada@bücher.example"),
        ("ada@XN--BCHER-KVA.example", "ada@bücher.example"),
        ("Ada@Example.org", "Ada@Example.org"),
        ("ada@xn--zzzzzzzzzz--.example", "ada@xn--zzzzzzzzzz--.example"),
        ("xn--bcher-kva@example.org", "xn--bcher-kva@example.org"),
    ],
)
def test_a_domain_is_shown_as_people_write_it(written: str, shown: str) -> None:
    assert display_address(written) == shown


@given(st.text() | st.text("aAüÜßİǅ。.xn-@\u0308\u200d").map("ada@xn--{}".format))
def test_any_text_has_an_identity_which_is_its_own(text: str) -> None:
    identity = canonical(text)

    assert canonical(identity) == identity
    assert canonical(display_address(identity)) == identity


@given(st.text(), st.text())
def test_a_key_keeps_a_local_part_and_is_its_own_key(local: str, domain: str) -> None:
    key = match_key(canonical(f"x{local}@{domain}"))

    assert key.rpartition("@")[0]
    assert match_key(key) == key
