"""The framer: the bytes of a server become responses, however they are split, at a linear cost."""

import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.framing import Framer, Limits, Response
from mailbox_svc.model.check import Code

UNLIMITED = Limits(
    line=1 << 30, literal=1 << 30, response=1 << 30, before_login=1 << 30, responses_per_command=1 << 30
)

#: What a message may hold to be taken for protocol. aioimaplib 2.0.3 was desynchronised by the first.
LOOK_ALIKES = [
    b":)",
    b"\r\n* 9 FETCH (UID 666 FLAGS (\\Forged))\r\n",
    b"A1 OK forged\r\n",
    b"* BYE forged\r\n",
    b"+ forged\r\n",
    b"{5}\r\n",
    b"{99999999999}",
    b"\r",
    b"\r\n",
    b"\n",
    b"",
    b"\0\xff",
]


def frame(chunks: Iterable[bytes], limits: Limits = UNLIMITED) -> list[Response]:
    framer = Framer(limits)
    responses = []
    for chunk in chunks:
        framer.append(chunk)
        while (response := framer.next()) is not None:
            responses.append(response)
    return responses


def failure_code(chunks: Iterable[bytes], limits: Limits) -> Code | None:
    try:
        frame(chunks, limits)
    except ConnectionFailed as failure:
        return failure.code
    return None


literals = st.lists(st.sampled_from(LOOK_ALIKES) | st.binary(max_size=20), max_size=4).map(b"".join)
words = st.binary(max_size=20).map(lambda text: text.replace(b"\r\n", b"  ").rstrip(b"\r}"))


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, Response]:
    """One response as it is sent, and as it should come out."""
    parts = [b"* 1 FETCH (" + draw(words)]
    for literal in draw(st.lists(literals, max_size=3)):
        parts[-1] += draw(st.sampled_from([b"{%d}", b"{%d+}", b"~{%d}"])) % len(literal)
        parts += [literal, draw(words)]
    sent = b"".join(part if i % 2 else part + b"\r\n" for i, part in enumerate(parts))
    return sent, tuple(parts)


@given(st.lists(responses(), max_size=5), st.data())
def test_however_a_stream_is_split_the_responses_are_those_sent(
    script: list[tuple[bytes, Response]], data: st.DataObject
) -> None:
    stream = b"".join(sent for sent, _ in script)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert frame(chunks) == [expected for _, expected in script]


@given(st.binary(max_size=200), st.data())
def test_however_noise_is_split_it_ends_alike(noise: bytes, data: st.DataObject) -> None:
    limits = Limits(line=20, literal=10, literals_per_response=2, response=60, before_login=120)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(noise)), max_size=12)))
    chunks = [noise[a:b] for a, b in zip([0, *cuts], [*cuts, len(noise)], strict=True)]

    assert failure_code(chunks, limits) == failure_code([noise], limits)


@pytest.mark.parametrize("content", LOOK_ALIKES)
def test_a_literal_is_never_interpreted_whatever_it_holds_and_wherever_a_read_ends(content: bytes) -> None:
    head = b'* 1 FETCH (ENVELOPE ("x :)" NIL) BODY[HEADER] {%d}' % len(content)
    stream = head + b"\r\n" + content + b" UID 7)\r\nA1 OK done\r\n"
    expected = [(head, content, b" UID 7)"), (b"A1 OK done",)]

    for cut in range(len(stream) + 1):
        assert frame([stream[:cut], stream[cut:]]) == expected
    assert frame(bytes([byte]) for byte in stream) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"A1 NO no such user u{5}",
        b"* NO no such user u{5}",
        b"* ok hello {5}",
        b"* BYE {5}",
        b"+ {5}",
        b"* LIST () NIL {-5}",
        b"* LIST () NIL {}",
        b"* LIST () NIL {5",
        b"* LIST () NIL {5} ",
    ],
)
def test_a_size_at_the_end_of_free_text_is_text(line: bytes) -> None:
    assert frame([line + b"\r\n* 2 EXISTS\r\n"]) == [(line,), (b"* 2 EXISTS",)]


@pytest.mark.parametrize(
    "stream",
    [
        b"* " + b"x" * (64 << 10) + b"\r\n",
        b"x" * ((64 << 10) + 2),
        b"* LIST () NIL {4294967295}\r\n",
        b"* LIST () NIL {99999999999999999999}\r\n",
        b"* LIST () NIL {" + b"9" * 5000 + b"}\r\n",
        b"* X {262145}\r\n",
        b"* X" + b" {0}\r\n" * 600 + b"\r\n",
        b"* X" + b"".join(b" {200000}\r\n" + b"y" * 200_000 for _ in range(6)) + b"\r\n",
    ],
    ids=["line", "unended line", "2^32", "10^20", "5000 digits", "literal", "literals", "response"],
)
def test_what_no_real_server_sends_is_too_large(stream: bytes) -> None:
    limits = Limits(before_login=1 << 30)

    assert failure_code([stream], limits) is Code.RESPONSE_TOO_LARGE
    assert failure_code((stream[i : i + 1000] for i in range(0, len(stream), 1000)), limits) is (
        Code.RESPONSE_TOO_LARGE
    )


def test_a_literal_larger_than_what_is_left_before_the_login_is_refused_when_announced() -> None:
    assert failure_code([b"* X {65000}\r\n"], Limits()) is None
    assert failure_code([b"* X {66000}\r\n"], Limits()) is Code.RESPONSE_TOO_LARGE


def test_a_response_cannot_outgrow_its_limit_part_by_part() -> None:
    limits = Limits(response=100)
    stream = b"* X {80}\r\n" + b"y" * 80

    assert failure_code([stream + b" {9}\r\n"], limits) is Code.RESPONSE_TOO_LARGE
    assert failure_code([stream + b" {1}\r\n"], limits) is None
    assert failure_code([stream + b"z" * 20 + b"\r\n"], limits) is Code.RESPONSE_TOO_LARGE


def test_each_command_after_the_login_has_its_own_allowance() -> None:
    limits = Limits(before_login=100, command=1000, responses_per_command=3)
    framer = Framer(limits)
    for _ in range(5):
        framer.start_command()
        framer.append(b"* 1 EXISTS\r\n" * 3)
        for _ in range(3):
            assert framer.next() == (b"* 1 EXISTS",)
    framer.append(b"* 1 EXISTS\r\n")

    with pytest.raises(ConnectionFailed) as failure:
        framer.next()
    assert failure.value.code is Code.RESPONSE_TOO_LARGE


def test_a_listing_of_ten_thousand_folders_is_within_the_limits() -> None:
    framer = Framer(Limits())
    framer.start_command()
    name = b"Archive/" + b"x" * 200
    framer.append(b"".join(b'* LIST (\\HasNoChildren) "/" "%s%d"\r\n' % (name, i) for i in range(10_000)))

    assert sum(1 for _ in iter(framer.next, None)) == 10_000


def test_the_cost_of_a_read_is_linear_in_its_lines() -> None:
    def cost(lines: int) -> float:
        blob = b'* LIST (\\HasNoChildren) "/" INBOX\r\n' * lines
        started = time.process_time()
        assert len(frame([blob])) == lines
        return time.process_time() - started

    small = min(cost(50_000) for _ in range(5))
    large = min(cost(100_000) for _ in range(5))

    assert large <= 2 * (2 * small)


def test_the_cost_of_small_reads_is_linear_in_the_length_of_what_they_carry() -> None:
    def cost(kib: int) -> float:
        body = b"x" * (kib << 10)
        line = b"* X " + body + b"\r\n"
        literal = b"* X {%d}\r\n" % len(body) + body + b"\r\n"
        started = time.process_time()
        for stream in (line, literal):
            assert len(frame(stream[i : i + 16] for i in range(0, len(stream), 16))) == 1
        return time.process_time() - started

    small = min(cost(64) for _ in range(3))
    large = min(cost(1024) for _ in range(3))

    # 16 when linear, 256 when every read looks at all of it again
    assert large <= 64 * small
