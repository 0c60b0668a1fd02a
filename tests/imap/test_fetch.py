"""FETCH responses: every form is understood, and where reads end never changes what is taken."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.fetch import LARGEST_HEADER, NOBODY, Fetched, Taker, parse_fetch, skim
from mailbox_svc.imap.framing import Framer, Limits, Response
from mailbox_svc.model.check import Code

H = b"From: a@example.org\r\n\r\n"
LIMITS = Limits(literal=LARGEST_HEADER, response=2 * LARGEST_HEADER, command=64 << 20, cuts_literals=True)

#: What a header may hold to be taken for protocol.
LOOK_ALIKES = [
    b")\r\nA5 OK done\r\n",
    b")\r\n* 9 FETCH (UID 1 BODY[HEADER.FIELDS (TO)] {5}\r\n",
    b"To: {5}\r\n",
    b"{5}",
    b"~{9}\r\n",
    b'"',
    b"\\",
    b"\0\xff",
    b"\r",
    b"\n",
    b"",
]

Taken = tuple[list[tuple[int, bytes]], list[Response], Code | None]


def take(chunks: Iterable[bytes], *, limits: Limits = LIMITS, fast: bool = True) -> Taken:
    """What is given for UIDs 1 to 99, what else is said, and how it ends."""
    given_: list[tuple[int, bytes]] = []
    others: list[Response] = []
    taker = Taker(1, 99, lambda uid, header: given_.append((uid, header)))
    nobody = Taker(1, 0, lambda _, __: None)

    def taker_of(uid: int) -> Taker:
        return taker if 1 <= uid <= 99 else nobody

    framer = Framer(limits)
    framer.start_command(limits)
    try:
        for chunk in chunks:
            framer.append(chunk)
            while not (fast and framer.skim(partial(skim, taker_of))):
                response = framer.next()
                if response is None:
                    break
                fetched = parse_fetch(response)
                if fetched is None:
                    others.append(response)
                elif fetched.uid is not None and fetched.header is not None:
                    taker_of(fetched.uid).give(fetched.uid, fetched.header)
    except ConnectionFailed as failure:
        return given_, others, failure.code
    return given_, others, None


def usual(uid: int, header: bytes) -> bytes:
    return b"* 5 FETCH (UID %d BODY[HEADER.FIELDS (FROM TO)] {%d}\r\n%b)\r\n" % (uid, len(header), header)


@pytest.mark.parametrize(
    "parts",
    [
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM TO)] {%d}" % len(H), H, b")"),
        (b"* 5 FETCH (BODY[HEADER.FIELDS (FROM TO)] {%d}" % len(H), H, b" UID 7)"),
        (b"* 5 fetch (uid 7 body[header.fields (from to)] {%d}" % len(H), H, b")"),
        (b'* 5 FETCH (UID 7 BODY[HEADER.FIELDS ("From" "T)]o")] {%d}' % len(H), H, b")"),
        (b"* 5 FETCH (UID 7 FLAGS (\\Seen $a[b x]y) BODY[HEADER.FIELDS (FROM)] {%d}" % len(H), H, b")"),
        (b"* 5 FETCH (BODY[HEADER.FIELDS (FROM)] {%d}" % len(H), H, b" FLAGS () MODSEQ (12) UID 7)"),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)]<0> ~{%d}" % len(H), H, b" )"),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {%d+}" % len(H), H, b")"),
        (
            b'* 5 FETCH (ENVELOPE ("x :)" {3}', b'")(', b' (("a" NIL "b" "c")) NIL) UID 7 BODY[TEXT] {2}',
            b"A5", b" BODY[HEADER.FIELDS (FROM)] {%d}" % len(H), H, b")",
        ),
        (
            b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {%d}" % len(H), H,
            b' BODYSTRUCTURE ((("a\\"))" NIL) "]") 5) RFC822.SIZE 12)',
        ),
    ],
)  # fmt: skip
def test_a_header_is_found_among_items_of_any_kind_and_order(parts: Response) -> None:
    assert parse_fetch(parts) == Fetched(5, 7, H)


@pytest.mark.parametrize(
    ("line", "fetched"),
    [
        (b"* 5 FETCH (FLAGS (\\Seen))", Fetched(5, None, None)),
        (b"* 5 FETCH (UID 7 FLAGS (\\Seen))", Fetched(5, 7, None)),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] NIL)", Fetched(5, 7, b"")),
        (b'* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] "")', Fetched(5, 7, b"")),
        (
            b'* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] "From: \\"a\\" <b>")',
            Fetched(5, 7, b'From: "a" <b>'),
        ),
        (b"* 5 FETCH ()", Fetched(5, None, None)),
        (b"* 5 EXISTS", None),
        (b"* OK FETCH (UID 7", None),
        (b"A1 OK FETCH", None),
    ],
)
def test_what_has_no_header_is_told_from_an_empty_one(line: bytes, fetched: Fetched | None) -> None:
    assert parse_fetch((line,)) == fetched


@pytest.mark.parametrize(
    "parts",
    [
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {3}", b"abc", b""),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {3}", b"abc", b" FLAGS"),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {3}", b"abc", b") FLAGS ()"),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {-3}",),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)",),
        (b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)])",),
        (b"* 5 FETCH (UID -7 FLAGS ())",),
        (b"* 5 FETCH (UID 12345678901 FLAGS ())",),
        (b'* 5 FETCH (UID "7" x" FLAGS ())',),
        (b"* 5 FETCH (FLAGS (\\Seen)",),
        (b"* 5 FETCH (UID 7",),
        (b"* 5 FETCH (BODY[HEADER.FIELDS (FROM)] NIL)",),
        (b"* 5 FETCH (UID 7 FLAGS {3}", b"abc", b" ("),
        (b"* 5 FETCH ({3}", b"abc", b")"),
        (b"* 5 FETCH (" + b"(" * 9000 + b")",),
    ],
)
def test_a_broken_fetch_is_an_error_because_it_may_hide_a_message(parts: Response) -> None:
    with pytest.raises(ConnectionFailed) as failure:
        parse_fetch(parts)
    assert failure.value.code is Code.PROTOCOL_ERROR


@given(st.binary(max_size=80), st.binary(max_size=20), st.binary(max_size=20))
def test_noise_in_a_fetch_is_an_answer_or_a_protocol_error(noise: bytes, literal: bytes, end: bytes) -> None:
    for parts in ((b"* 5 FETCH (" + noise,), (b"* 5 FETCH (" + noise + b"{%d}" % len(literal), literal, end)):
        with suppress(ConnectionFailed):
            parse_fetch(parts)


def test_deep_and_long_noise_costs_linear_time() -> None:
    started = time.process_time()
    for line in (b"(" * 60_000, b'"' + b"\\" * 60_000, b"BODY[" + b'""' * 30_000, b"A (" + b") (" * 20_000):
        with pytest.raises(ConnectionFailed):
            parse_fetch((b"* 5 FETCH (" + line,))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("content", LOOK_ALIKES)
def test_a_literal_is_never_interpreted_wherever_a_read_ends(content: bytes) -> None:
    uid_last = b"* 6 FETCH (BODY[HEADER.FIELDS (FROM TO)] {%d}\r\n%b UID 8)\r\n" % (len(content), content)
    stream = usual(7, content) + uid_last + usual(9, H) + b"A1 OK done\r\n"
    expected: Taken = [(7, content), (8, content), (9, H)], [(b"A1 OK done",)], None

    for cut in range(len(stream) + 1):
        assert take([stream[:cut], stream[cut:]]) == expected
    assert take(bytes([byte]) for byte in stream) == expected
    assert take([stream], fast=False) == expected


headers = st.lists(st.sampled_from([*LOOK_ALIKES, H]) | st.binary(max_size=20), max_size=4).map(b"".join)
PIECES = [
    b"* 5 FETCH (UID 3 FLAGS (\\Seen))\r\n",
    b"* 5 FETCH (UID 4 BODY[HEADER.FIELDS (FROM)] NIL)\r\n",
    b'* 5 FETCH (UID 5 BODY[HEADER.FIELDS (FROM)] "x")\r\n',
    b"* 5 FETCH (FLAGS () UID 6 BODY[HEADER.FIELDS (FROM)] {2}\r\nab)\r\n",
    b"* 5 FETCH (BODY[HEADER.FIELDS (FROM)] {2}\r\nab UID 9)\r\n",
    b"* 5 FETCH (BODY[HEADER.FIELDS (FROM)] {2}\r\nab FLAGS () UID 9)\r\n",
    b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {2}\r\nab)",
    b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {2}\r\nabc)\r\n",
    b"* 5 FETCH (UID 100 BODY[HEADER.FIELDS (FROM)] {2}\r\nab)\r\n",
    b"* 5 FETCH (UID 8 BODY[HEADER.FIELDS (FROM)\r\n] {2}\r\nab)\r\n",
    b"* 5 FETCH (UID 8 BODY[HEADER.FIELDS (FROM) X] {2}\r\nab)\r\n",
    b"* 5 FETCH (UID 8 BODY[HEADER.FIELDS (FROM)] {9999999}\r\n",
    b"* 6 EXPUNGE\r\n",
    b"* OK {3}\r\n",
    b"A5 OK done\r\n",
    b"\r\n",
    b"{5}\r\n",
]


@given(
    st.lists(st.sampled_from(PIECES) | st.builds(usual, st.integers(1, 120), headers), max_size=8),
    st.sets(st.integers(0, 500), max_size=8),
)
def test_where_reads_end_and_which_way_is_taken_never_changes_what_comes_out(
    pieces: list[bytes], cuts: set[int]
) -> None:
    stream = b"".join(pieces)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    slowly = take([stream], fast=False)

    assert take([stream]) == slowly
    assert take(stream[a:b] for a, b in pairwise(edges)) == slowly
    assert take(bytes([byte]) for byte in stream) == slowly


@pytest.mark.parametrize("fast", [True, False])
def test_the_limits_of_a_command_hold_in_both_ways(fast: bool) -> None:
    stream = b"".join(usual(uid, H) for uid in range(1, 11))
    few = Limits(command=64 << 20, responses_per_command=4)
    small = Limits(command=4 * len(usual(1, H)) + 30)

    for limits in (few, small):
        given_, _, code = take([stream], limits=limits, fast=fast)
        assert [uid for uid, _ in given_] == [1, 2, 3, 4]
        assert code is Code.RESPONSE_TOO_LARGE


@pytest.mark.parametrize("chunk", [1000, 65536, 1 << 30])
def test_of_a_header_that_is_too_large_the_first_whole_lines_are_given(chunk: int) -> None:
    line = b"To: " + b"x" * 996 + b"\r\n"
    large = line * 3000
    kept = line * (LARGEST_HEADER // len(line))
    one_line = b"x" * (LARGEST_HEADER + 1)
    stream = usual(7, large) + usual(8, one_line) + usual(9, H) + b"A1 OK done\r\n"

    taken = take(stream[i : i + chunk] for i in range(0, len(stream), chunk))

    assert taken == ([(7, kept), (8, b""), (9, H)], [(b"A1 OK done",)], None)


def test_messages_that_nobody_asked_for_leave_nothing_behind_in_what_all_readings_share() -> None:
    NOBODY.give(7, H)

    assert NOBODY.taken == 0


def test_the_largest_header_is_given_whole() -> None:
    large = b"x" * LARGEST_HEADER

    assert take([usual(7, large)])[0] == [(7, large)]


@pytest.mark.parametrize("size", [b"99999999999999999999", b"9" * 5000, b"4294967295"])
def test_a_header_larger_than_all_that_was_asked_for_is_refused_when_announced(size: bytes) -> None:
    stream = b"* 5 FETCH (UID 7 BODY[HEADER.FIELDS (FROM)] {" + size + b"}\r\n"

    assert take([stream])[2] is Code.RESPONSE_TOO_LARGE


def test_a_header_that_comes_in_small_reads_costs_linear_time() -> None:
    def cost(kib: int) -> float:
        stream = usual(7, b"x" * (kib << 10))
        started = time.process_time()
        assert len(take(stream[i : i + 16] for i in range(0, len(stream), 16))[0]) == 1
        return time.process_time() - started

    small = min(cost(64) for _ in range(3))
    large = min(cost(1024) for _ in range(3))

    # 16 when linear, 256 when every read looks at all of it again
    assert large <= 64 * small
