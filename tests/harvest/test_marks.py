"""What header lines say of a message."""

from __future__ import annotations

import pytest

from mailbox_svc.harvest.marks import Mark, address_of_list_id, mark_of, posting_address


@pytest.mark.parametrize(
    ("field", "body", "mark"),
    [
        (b"auto-submitted", b" no", None),
        (b"auto-submitted", b" auto-generated", Mark.GENERATED),
        (b"auto-submitted", b" Auto-Replied (vacation)", Mark.REPLIED),
        (b"auto-submitted", b" auto-replied; owner-email=ann", Mark.REPLIED),
        (b"auto-submitted", b" auto-notified", Mark.GENERATED),
        (b"auto-submitted", b"", None),
        (b"precedence", b" Bulk ", Mark.BULK),
        (b"precedence", b" junk", Mark.BULK),
        (b"precedence", b" list", Mark.LIST),
        (b"precedence", b" auto_reply", Mark.REPLIED),
        (b"precedence", b" first-class", None),
        (b"list-unsubscribe", b" <https://example.org/u>", Mark.UNSUBSCRIBE),
        (b"list-unsubscribe", b" ", None),
        (b"subject", b" bulk", None),
    ],
)
def test_a_line_marks_its_message(field: bytes, body: bytes, mark: Mark | None) -> None:
    assert mark_of(field, body) == mark


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (b" <mailto:dev@lists.example.org>", b"dev@lists.example.org"),
        (b" <MAILTO:dev@lists.example.org?subject=x>, <https://example.org>", b"dev@lists.example.org"),
        (b" <https://example.org>, <mailto:dev@lists.example.org>", b"dev@lists.example.org"),
        (b" NO", b""),
        (b" <https://example.org/post>", b""),
        (b"", b""),
    ],
)
def test_a_list_names_its_address(body: bytes, address: bytes) -> None:
    assert posting_address(body) == address


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (b" Developers <dev.lists.example.org>", "dev@lists.example.org"),
        (b" <Dev.Lists.Example.org>", "dev@lists.example.org"),
        (b" dev.lists.example.org", "dev@lists.example.org"),
        (b' "a <b>" <dev.lists.example.org> ', "dev@lists.example.org"),
        (b" <localhost>", ""),
        (b" <dev.localhost>", ""),
        (b" two words", ""),
        (b"", ""),
    ],
)
def test_a_list_id_stands_for_an_address(body: bytes, address: str) -> None:
    assert address_of_list_id(body) == address
