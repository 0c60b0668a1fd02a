import pytest

from mailbox_svc.imap import sasl
from mailbox_svc.model.check import AccessToken, Password
from mailbox_svc.model.secret import Secret


def password(text: str) -> Password:
    return Password(Secret(text))


def token(text: str) -> AccessToken:
    return AccessToken(Secret(text))


def oauthbearer(user: str, access_token: AccessToken) -> sasl.Mechanism:
    return sasl.oauthbearer(user, access_token, host="imap.example.com", port=993)


def test_plain_sends_utf8_in_composed_form() -> None:
    mechanism = sasl.plain("ju\u0308rgen", password("CANARY-pa\u0308ss"))

    assert mechanism.initial == b"\0" + "jürgen".encode() + b"\0" + "CANARY-päss".encode()


def test_xoauth2_is_what_google_documents() -> None:
    mechanism = sasl.xoauth2("someuser@example.com", token("CANARY-ya29.vF9dft4"))

    assert mechanism.initial == b"user=someuser@example.com\x01auth=Bearer CANARY-ya29.vF9dft4\x01\x01"
    assert mechanism.error_answer == b""


def test_oauthbearer_is_what_the_rfc_shows() -> None:
    # RFC 7628 §4.1, with a shorter token
    mechanism = sasl.oauthbearer(
        "user@example.com", token("CANARY-vF9dft4"), host="server.example.com", port=143
    )

    assert mechanism.initial == (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer CANARY-vF9dft4\x01\x01"
    )
    assert mechanism.error_answer == b"\x01"


def test_oauthbearer_escapes_the_user_name() -> None:
    mechanism = oauthbearer("a=b,c@example.com", token("CANARY-t"))

    assert mechanism.initial.startswith(b"n,a=a=3Db=2Cc@example.com,\x01")


@pytest.mark.parametrize("bad", ["CANARY\x01auth=x", "CANARY a", "CANARY\n", "CANARYä", ""])
def test_a_token_that_could_break_out_of_its_message_is_refused(bad: str) -> None:
    for mechanism in (sasl.xoauth2, oauthbearer):
        with pytest.raises(ValueError, match="printable") as refusal:
            mechanism("alice", token(bad))
        assert "CANARY" not in str(refusal.value)


def test_a_user_name_that_could_break_out_of_its_message_is_refused() -> None:
    for mechanism in (sasl.xoauth2, oauthbearer):
        with pytest.raises(ValueError, match="control characters"):
            mechanism("alice\x01auth=Bearer x", token("CANARY-t"))


@pytest.mark.parametrize(("user", "secret"), [("a\0b", "CANARY-x"), ("a", "CANARY\0x")])
def test_nul_cannot_move_the_fields_of_plain(user: str, secret: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        sasl.plain(user, password(secret))


def test_a_mechanism_does_not_show_its_message() -> None:
    assert "CANARY" not in repr(sasl.plain("alice", password("CANARY-pw")))
