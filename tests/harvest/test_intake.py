"""What one message, and many, count."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest

from mailbox_svc.harvest.dates import Dates
from mailbox_svc.harvest.intake import Intake, TooManyAddresses
from mailbox_svc.harvest.key_set import KeySet
from mailbox_svc.model.tally import Chunk, Tally

ME = "anna@example.org"
MONDAY, TUESDAY = 1_795_437_045, 1_795_523_445
_DATES = {MONDAY: "Mon, 23 Nov 2026 12:30:45 +0000", TUESDAY: "Tue, 24 Nov 2026 12:30:45 +0000"}


def new_intake(own: str = ME) -> Intake:
    return Intake(own={own}, counted=KeySet(), dates=Dates())


_ids = iter(range(10**9))


def header(*, at: int = MONDAY, message_id: str | None = None, **fields: str) -> bytes:
    """Return a header block; `From_` and the like are spelled with a trailing underscore."""
    lines = [f"{name.strip('_').replace('_', '-')}: {value}" for name, value in fields.items()]
    lines.append(f"Message-ID: {message_id or f'<{next(_ids)}@test>'}")
    lines.append(f"Date: {_DATES[at]}")
    return "\r\n".join([*lines, "", ""]).encode()


def counted(*headers: bytes, own: str = ME) -> dict[str, dict[str, int]]:
    """Return what was counted for each address, zeros left out."""
    intake = new_intake(own)
    for one in headers:
        intake.take_in(one)
    return tallies(intake.chunk(1))


def tallies(*chunks: Chunk) -> dict[str, dict[str, int]]:
    sums: dict[str, Tally] = {}
    for chunk in chunks:
        for delta in chunk.addresses:
            sums.setdefault(delta.address, Tally()).add(delta.tally)
    return {a: {k: v for k, v in asdict(tally).items() if v} for a, tally in sums.items()}


def names(chunk: Chunk) -> set[tuple[str, str, int, int, int]]:
    return {(n.address, n.name, n.by_self, n.by_user, n.by_others) for n in chunk.names}


def test_mail_of_mine_counts_for_its_recipients() -> None:
    got = counted(
        header(From_=f"Anna <{ME}>", To="bob@example.com", Cc="cy@example.com", Bcc="di@example.com")
    )
    seen = {"first_at": MONDAY, "last_at": MONDAY, "last_sent_at": MONDAY}
    assert got == {
        "bob@example.com": {"sent_to": 1, **seen},
        "di@example.com": {"sent_to": 1, **seen},
        "cy@example.com": {"sent_cc": 1, **seen},
    }


def test_who_is_in_to_and_cc_counts_once() -> None:
    got = counted(header(From_=ME, To="bob@example.com", Cc="Bob <BOB@example.com>"))
    assert got["bob@example.com"]["sent_to"] == 1
    assert "sent_cc" not in got["bob@example.com"]


def test_mail_to_me_counts_for_its_writer_and_those_beside_me() -> None:
    got = counted(header(From_="Bob <bob@example.com>", To=f"{ME}, cy@example.com"))
    assert got == {
        "bob@example.com": {
            "received": 1,
            "first_at": MONDAY,
            "last_at": MONDAY,
            "last_received_at": MONDAY,
        },
        "cy@example.com": {"together": 1, "first_at": MONDAY, "last_at": MONDAY},
    }


def test_mail_that_does_not_name_me_is_received_indirectly() -> None:
    got = counted(header(From_="bob@example.com", To="team@example.com"))
    assert got["bob@example.com"]["received_indirectly"] == 1
    assert "received" not in got["bob@example.com"]


def test_an_alias_of_mine_is_me() -> None:
    got = counted(header(From_="anna+shop@EXAMPLE.org", To="bob@example.com"))
    assert got["bob@example.com"]["sent_to"] == 1


def test_a_writer_who_copies_himself_is_not_seen_together_with_himself() -> None:
    got = counted(header(From_="bob@example.com", To=ME, Cc="bob@example.com"))
    assert got["bob@example.com"].keys() == {"received", "first_at", "last_at", "last_received_at"}


def test_reply_to_and_sender_count_where_they_are_not_the_writer() -> None:
    got = counted(
        header(From_="bob@example.com", To=ME, Reply_To="Bob <bob@home.example>", Sender="pa@example.com"),
        header(From_="bob@example.com", To=ME, Reply_To="bob@example.com", Sender="bob@example.com"),
    )
    assert got["bob@home.example"]["reply_to"] == 1
    assert got["pa@example.com"]["sender"] == 1
    assert got["bob@example.com"]["received"] == 2
    assert {"reply_to", "sender"}.isdisjoint(got["bob@example.com"])


def test_of_mail_of_mine_neither_reply_to_nor_sender_count() -> None:
    got = counted(header(From_=ME, To="bob@example.com", Reply_To="x@example.com", Sender="y@example.com"))
    assert got.keys() == {"bob@example.com"}


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"Auto_Submitted": "auto-generated"}, "generated"),
        ({"auto_submitted": "auto-generated"}, "generated"),
        ({"Auto_Submitted": "auto-replied"}, "auto_replied"),
        ({"List_Unsubscribe": "<https://example.com/u>"}, "bulk"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "list"}, "bulk"),
        ({"Precedence": "bulk", "Sender": "owner-dev@example.com"}, "through_list"),
        ({"Precedence": "bulk", "List_Id": "<dev.example.com>"}, "through_list"),
        ({"Precedence": "bulk", "Sender": "bob@example.com"}, "bulk"),
        ({"List_Unsubscribe": "<https://example.com/u>", "Sender": "bounce@example.com"}, "bulk"),
        ({"List_Unsubscribe": "<https://example.com/u>", "Reply_To": "bob@example.com"}, "bulk"),
        ({"List_Unsubscribe": "<https://example.com/u>", "Reply_To": ME}, "bulk"),
        ({"List_Unsubscribe": "<https://example.com/u>", "Reply_To": "desk@example.com"}, "bulk"),
        ({"List_Unsubscribe": "<https://example.com/u>", "Reply_To": "x@groups.io"}, "through_list"),
        ({"List_Id": "<dev.example.com>"}, "through_list"),
        ({"List_Post": "<mailto:dev@example.com>"}, "through_list"),
    ],
)
def test_what_a_message_says_of_itself_counts_for_its_writer(fields: dict[str, Any], column: str) -> None:
    got = counted(header(From_="bob@example.com", To=ME, **fields), header(From_="bob@example.com", To=ME))
    marks = {"generated", "auto_replied", "bulk", "through_list"} & got["bob@example.com"].keys()
    assert (marks, got["bob@example.com"][column]) == ({column}, 1)


def test_a_list_where_answers_go_to_the_list_is_no_newsletter() -> None:
    fields: dict[str, Any] = {
        "List_Unsubscribe": "<mailto:leave@lists.example.com>",
        "Precedence": "bulk",
    }
    to_list: dict[str, Any] = {"To": "dev@lists.example.com", "Reply_To": "Dev <DEV@lists.example.com>"}
    got = counted(header(From_="bob@example.com", **to_list, **fields))
    assert got["bob@example.com"]["through_list"] == 1
    assert "bulk" not in got["bob@example.com"]


@pytest.mark.parametrize(
    ("recipients", "both"),
    [
        ({"To": "undisclosed-recipients:;"}, 1),
        ({"To": "Undisclosed recipients: ;"}, 1),
        ({"To": "<Undisclosed-Recipient:;@mx.example.com>"}, 1),
        ({"To": "undisclosed-recipients:;", "Cc": ME}, 0),
        ({"To": f"friends: {ME};"}, 0),
        ({"To": "friends"}, 0),
        ({"To": ""}, 0),
        ({}, 0),
    ],
)
def test_mail_to_undisclosed_recipients_counts_as_bulk_and_as_through_a_list(
    recipients: dict[str, Any], both: int
) -> None:
    got = counted(header(From_="bob@example.com", **recipients))["bob@example.com"]
    assert (got.get("bulk", 0), got.get("through_list", 0)) == (both, both)


def test_a_newsletter_with_an_id_counts_as_both() -> None:
    fields: dict[str, Any] = {
        "List_Unsubscribe": "<https://example.com/u>",
        "List_Id": "<77.news.example.com>",
    }
    got = counted(header(From_="bob@example.com", To=ME, **fields))
    assert (got["bob@example.com"]["bulk"], got["bob@example.com"]["through_list"]) == (1, 1)


def test_a_list_that_can_be_written_to_is_no_newsletter() -> None:
    got = counted(
        header(
            From_="bob@example.com",
            To="dev@lists.example.com",
            List_Post="<mailto:dev@lists.example.com>",
            List_Unsubscribe="<https://example.com/u>",
        )
    )
    assert "bulk" not in got["bob@example.com"]
    assert got["dev@lists.example.com"] == {
        "together": 1,
        "list_address": 1,
        "first_at": MONDAY,
        "last_at": MONDAY,
    }


def test_a_list_is_known_by_its_id_among_the_recipients_only() -> None:
    got = counted(
        header(From_="bob@example.com", Cc="dev@lists.example.com", List_Id="Dev <dev.lists.example.com>"),
        header(From_="bob@example.com", To=ME, List_Id="<ops.lists.example.com>"),
    )
    assert got["dev@lists.example.com"]["list_address"] == 1
    assert "ops@lists.example.com" not in got


def test_names_are_counted_by_who_wrote_them() -> None:
    intake = new_intake()
    intake.take_in(header(From_="Bob Berg <bob@example.com>", To=f"{ME}, Cy <cy@example.com>"))
    intake.take_in(header(From_=ME, To="Bobby <bob@example.com>"))
    intake.take_in(header(From_="cy@example.com", To="Bob B. <bob@example.com>"))
    assert names(intake.chunk(3)) == {
        ("bob@example.com", "Bob Berg", 1, 0, 0),
        ("bob@example.com", "Bobby", 0, 1, 0),
        ("bob@example.com", "Bob B.", 0, 0, 1),
        ("cy@example.com", "Cy", 0, 0, 1),
    }


def test_the_span_of_dates_does_not_depend_on_the_order() -> None:
    monday, tuesday = header(at=MONDAY, From_="b@example.com"), header(at=TUESDAY, From_="b@example.com")
    for order in ([monday, tuesday], [tuesday, monday]):
        got = counted(*order)["b@example.com"]
        assert (got["first_at"], got["last_at"], got["last_received_at"]) == (MONDAY, TUESDAY, TUESDAY)


def test_a_message_without_a_usable_date_moves_no_date() -> None:
    dateless = b"From: b@example.com\r\nTo: c@example.com\r\nMessage-ID: <1>\r\nDate: never\r\n\r\n"
    assert counted(dateless) == {
        "b@example.com": {"received_indirectly": 1},
        "c@example.com": {"together": 1},
    }
    both = counted(dateless, header(From_="b@example.com", To="c@example.com"))
    assert [both[a]["first_at"] for a in sorted(both)] == [MONDAY, MONDAY]


def test_a_copy_counts_once_whatever_its_other_lines() -> None:
    intake = new_intake()
    intake.take_in(header(message_id="<1@x>", From_="b@example.com"))
    intake.take_in(header(message_id="<1@x>", From_="b@example.com", List_Id="<dev.example.com>"))
    chunk = intake.chunk(9)
    assert (chunk.counted, chunk.duplicates, len(chunk.keys)) == (1, 1, 8)
    assert tallies(chunk)["b@example.com"]["received_indirectly"] == 1


def test_the_keys_of_one_run_make_its_messages_known_to_the_next() -> None:
    intake = new_intake()
    one = header(From_="b@example.com")
    intake.take_in(one)
    known = KeySet()
    known.update(intake.chunk(1).keys)
    later = Intake(own={ME}, counted=known, dates=Dates())
    later.take_in(one)
    assert (later.chunk(2).counted, later.waiting) == (0, 0)


def test_folded_lines_and_odd_spellings_are_read() -> None:
    got = counted(
        b"FROM:bob@example.com\r\nto: anna@example.org,\r\n\tcy@example.com,\r\n di@example.com\r\n"
        b"MESSAGE-ID:\r\n <odd@x>\r\ndate: Mon, 23 Nov 2026 12:30:45 +0000\r\n\r\n"
    )
    assert {a: t["first_at"] for a, t in got.items()} == dict.fromkeys(
        ["bob@example.com", "cy@example.com", "di@example.com"], MONDAY
    )


def test_two_lines_of_one_field_are_both_read() -> None:
    got = counted(
        b"From: bob@example.com\r\nFrom: bob@example.com\r\nTo: cy@example.com\r\nTo: di@example.com\r\n\r\n"
    )
    assert got["bob@example.com"]["received_indirectly"] == 1
    assert {"cy@example.com", "di@example.com"} <= got.keys()


@pytest.mark.parametrize(
    "junk", [b"", b"\r\n", b":\r\n::\r\n", b"From\r\n\r\n", b"\x00" * 99, b"From: \xff\xfe\r\n"]
)
def test_a_header_without_an_address_is_a_message_all_the_same(junk: bytes) -> None:
    intake = new_intake()
    intake.take_in(junk)
    assert (intake.waiting, intake.chunk(1).addresses) == (1, ())


def test_an_address_that_no_server_takes_is_left_out() -> None:
    assert counted(header(From_="a" * 250 + "@example.com", To="b@example.com")).keys() == {"b@example.com"}


def test_a_stretch_with_more_addresses_than_memory_should_hold_is_refused() -> None:
    intake = new_intake()
    blocks = [", ".join(f"p{n}@example.com" for n in range(b, b + 10_000)) for b in range(0, 210_000, 10_000)]
    for people in blocks[:-2]:
        intake.take_in(header(From_="b@example.com", To=people))
    letter = header(From_="b@example.com", To=", ".join(blocks[-2:]))
    with pytest.raises(TooManyAddresses):
        intake.take_in(letter)


def _letters(chance: random.Random) -> list[bytes]:
    people = [f"p{n}@example.com" for n in range(40)] + [ME]
    shown = [f"Person {n} <{address}>" if n % 3 else address for n, address in enumerate(people)]
    letters = []
    for number in range(400):
        to = ", ".join(chance.sample(shown, chance.randint(1, 5)))
        fields = {"From_": chance.choice(shown), "To": to, "Cc": chance.choice(shown)}
        if number % 4 == 0:
            fields["List_Id"] = "<dev.example.com>"
        if number % 7 == 0:
            fields["Sender"] = chance.choice(shown)
        letters.append(header(at=chance.choice([MONDAY, TUESDAY]), **fields))
    return letters


def test_chunks_add_up_to_the_same_wherever_they_end() -> None:
    chance = random.Random(3)
    letters = _letters(chance)
    whole = new_intake()
    for letter in letters:
        whole.take_in(letter)
    expected = whole.chunk(1)
    for _ in range(5):
        intake, chunks = new_intake(), []
        for letter in letters:
            intake.take_in(letter)
            if chance.random() < 0.05:
                chunks.append(intake.chunk(1))
        chunks.append(intake.chunk(1))
        assert tallies(*chunks) == tallies(expected)
        total: Counter[tuple[str, str, str]] = Counter()
        for name in [n for chunk in chunks for n in chunk.names]:
            for who in ("by_self", "by_user", "by_others"):
                total[name.address, name.name, who] += getattr(name, who)
        assert +total == Counter(
            {
                (n.address, n.name, who): getattr(n, who)
                for n in expected.names
                for who in ("by_self", "by_user", "by_others")
                if getattr(n, who)
            }
        )


def test_what_is_remembered_from_chunk_to_chunk_changes_no_count() -> None:
    letters = _letters(random.Random(5))
    fresh = []
    intake = new_intake()
    known = KeySet()
    for letter in letters:
        alone = Intake(own={ME}, counted=known, dates=Dates())
        alone.take_in(letter)
        fresh.append(alone.chunk(1))
        intake.take_in(letter)
    assert tallies(intake.chunk(1)) == tallies(*fresh)
