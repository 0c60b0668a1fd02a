"""Whatever a header holds: no exception, no invented address, no dependence on folding, linear time."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbox_svc.harvest.header_addresses import parse_addresses
from mailbox_svc.harvest.unlabelled import header_text

#: What the parser looks for, so that random lists of them meet all its branches.
PIECES = [
    b"ada@example.org", b"<ada@example.org>", b'"Lovelace, Ada"', b"Ada", b"ada", b"@", b"example.org",
    b".", b"<", b">", b"(", b")", b'"', b"\\", b",", b";", b":", b" ", b"\t", b"'", b"[", b"]", b"@[",
    b"mailto:", b"=", b"=?utf-8?Q?", b"?=", b"=?", b"=?utf-8?B?w7Y=?=", b"=?x?q?=F6_?=", b"\xc3\xb6",
    b"\xf6", b"\xb0\xa1", b"\x00", b"\x1b$B", b"\x1b(B", b";3", b"\xe2\x80\x8e", b"\xc2\xa0", b"@a,@b:",
]  # fmt: skip
#: Five times as many as elsewhere, for the pieces make many sorts of headers.
MANY = 5 * settings().max_examples
VALUES = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join) | st.binary(max_size=100)

#: Repeated, each of these once took or might take quadratic time.
ROWS = [
    b"(", b")(", b"(( ) ", b"(\\)", b"(a@b.c", b'"', b'\\"', b'"\\', b'"a,', b'"<a@b.c>,', b'" "@x.y ',
    b"<", b"<@", b"<@a:", b'<"', b'<"a"', b"<a@b.c", b"<a@b.c> ", b"a@b.c ", b"a@b.c,", b"@[", b"@[a",
    b"x@[a:", b":", b"mailto:", b"mailto ", b"=?", b"=?a?q?", b"=?a?q?x", b"=?a?q?x?=",
    b"=?x?q?=E4?= =?y?q?=E4?= ", b"=?utf-8?b?YQ?= ", b"\xe9", b"\xe9,", b"\xb0\xa1", b"\xcc\x81\xcc\x96",
    b"\x1b$B", b"\x1b$B;3\x1b(B", b"\r\n ", b" ", b" @ ", b"a.", b"_@_",
]  # fmt: skip


def bare(text: str) -> str:
    """Leave out blanks, quotation marks and escapes, which an address is given without."""
    return "".join(text.split()).replace('"', "").replace("\\", "").lower()


@settings(max_examples=MANY)
@given(VALUES)
def test_no_address_is_invented(value: bytes) -> None:
    text = bare(header_text(value))

    for name, address in parse_addresses(value):
        # A comment may stand in the midst of an address.
        assert bare(address) in text or (
            "(" in text and all(part in text for part in bare(address).split("@"))
        )
        assert name == unicodedata.normalize("NFC", " ".join(name.split()))
        assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name + address)


@settings(max_examples=MANY)
@given(VALUES.filter(lambda value: b"\r" not in value and b"\n" not in value))
def test_folding_changes_nothing(value: bytes) -> None:
    folded = value.replace(b" ", b"\r\n ").replace(b"\t", b"\r\n\t")

    assert parse_addresses(folded) == parse_addresses(value)


@settings(max_examples=MANY)
@given(st.sampled_from([b"", b"Ada ", b'"Ada, L" ', b"Ad\xc3\xa9le "]), VALUES)
def test_the_quick_way_reads_what_the_long_way_reads(phrase: bytes, value: bytes) -> None:
    """An empty comment in front sends the first item the long way."""
    for item in (value, phrase + b"<" + value + b">", phrase + b"<ada@example.org>" + value):
        assert parse_addresses(b"()" + item) == parse_addresses(item)


def test_long_lists_are_read() -> None:
    plain = [b"Person %d <person%d@example.org>" % (i, i) for i in range(20_000)]
    odd = [b"person%d@example.org (Person %d)" % (i, i) for i in range(20_000)]

    for items in (plain, odd):
        found = parse_addresses(b",\r\n\t".join(items))

        assert [mention.address for mention in found] == [f"person{i}@example.org" for i in range(20_000)]
        assert found[-1].name == "Person 19999"


@pytest.mark.parametrize("start", [b"", b'"', b"(", b"<", b"<a@b.c>", b'"\\"'])
@pytest.mark.parametrize("row", ROWS)
def test_time_is_linear(row: bytes, start: bytes) -> None:
    """Four times as much may take ten times as long, never sixteen; a busy machine gets further tries."""

    def seconds(size: int) -> float:
        value = start + row * (size // len(row))
        begin = time.process_time()
        parse_addresses(value)
        return time.process_time() - begin

    assert any(seconds(24_000) < 10 * max(seconds(6_000), 0.001) for _ in range(4))
