import pytest

from mailbox_svc.harvest.header_addresses import Mention, parse_addresses

CASES = [
    (b"ada@example.org", [("", "ada@example.org")]),
    (b"Ada Lovelace <ada@example.org>", [("Ada Lovelace", "ada@example.org")]),
    (b'"Lovelace, Ada" <Ada@Example.ORG.>', [("Lovelace, Ada", "Ada@example.org")]),
    (b"undisclosed-recipients:;", []),
]


@pytest.mark.parametrize(("value", "expected"), CASES)
def test_addresses_are_read(value: bytes, expected: list[tuple[str, str]]) -> None:
    assert parse_addresses(value) == [Mention(*pair) for pair in expected]
