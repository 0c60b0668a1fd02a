import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap import utf7

#: The examples of RFC 3501 §5.1.3, and what real servers hold.
NAMES = [
    (b"INBOX", "INBOX"),
    (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
    (b"Entw&APw-rfe", "Entwürfe"),
    (b"R&-D", "R&D"),
    (b"&-", "&"),
    (b"&-&-", "&&"),
    (b"&Jjo-!", "☺!"),
    (b"&2D3eAA-", "😀"),
    (b"&,wAAJQ-", "\uff00%"),
    (b"[Gmail]/Wa&AXw-ne", "[Gmail]/Ważne"),
    (b'a b"c\\d', 'a b"c\\d'),
    (b"", ""),
]


@pytest.mark.parametrize(("wire", "name"), NAMES)
def test_a_name_is_decoded(wire: bytes, name: str) -> None:
    assert utf7.decode(wire) == name


@pytest.mark.parametrize("name", ["", "INBOX", "Entwürfe", "R&D", "&&", "台北/日本語", "😀", "ÿ/ÿ", "a\tb"])
def test_an_encoded_name_is_printable_ascii_and_decodes_to_itself(name: str) -> None:
    wire = utf7.encode(name)

    assert all(0x20 <= byte <= 0x7E for byte in wire)
    assert utf7.decode(wire) == name


def test_the_encoding_is_the_one_of_the_rfc() -> None:
    assert utf7.encode("~peter/mail/台北/日本語") == b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"


@pytest.mark.parametrize(
    "wire",
    [
        b"&",
        b"&AP",
        b"&AP-",
        b"&A-",
        b"&2D0-",
        b"&!-",
        b"a\xffb",
        b"Entw\xc3\xbcrfe",
        b"tab\there",
        b"nul\0",
        b"&AP w-",
    ],
)
def test_what_is_not_modified_utf7_is_refused(wire: bytes) -> None:
    with pytest.raises(ValueError, match="not modified UTF-7"):
        utf7.decode(wire)


@given(st.text())
def test_every_name_survives_the_round_trip(name: str) -> None:
    assert utf7.decode(utf7.encode(name)) == name


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(wire: bytes) -> None:
    try:
        name = utf7.decode(wire)
    except ValueError:
        return
    assert utf7.decode(utf7.encode(name)) == name
