"""Reading from servers that mean harm, or are broken: the right code, in time, and nothing left behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from mailbox_svc.model.check import Code, ConnectionReport
from mailbox_svc.ports.mail import ReadingFailed
from support.imap_server import Peer
from support.mail_server import Fetch, Held, Keeper, honestly, message, reading, serving
from support.watch import SERVER_WORDS, little_memory, nothing_left, quiet_logs

W = SERVER_WORDS
HELD = Held({uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in range(1, 101)})
HEAD = b"* 1 FETCH (UID 3 BODY[HEADER.FIELDS (FROM TO)] "
ONE = message(3, b"To: " + W + b"\r\n\r\n")
#: Seconds that a server is given: one that has to be waited for to the end, and one that must not.
SHORT, LONG = 0.4, 60.0


@dataclass(frozen=True)
class Case:
    """What is sent in answer to a range, `times` over; `{tag}` is its tag."""

    name: str
    answer: bytes
    code: Code
    times: int = 1


C = Code
CASES = [
    # Silence and partings.
    Case("silence", b"", C.SERVER_TIMEOUT),
    Case("silence in a line", HEAD, C.SERVER_TIMEOUT),
    Case("silence in a header", HEAD + b"{50}\r\n" + W, C.SERVER_TIMEOUT),
    Case("silence after messages", ONE, C.SERVER_TIMEOUT),
    Case("BYE", ONE + b"* BYE " + W + b"\r\n", C.SERVER_BYE),
    Case("BYE, full", b"* BYE Too many connections " + W + b"\r\n", C.TOO_MANY_CONNECTIONS),
    # Forged sizes.
    Case("header of 4 GiB", HEAD + b"{4294967295}\r\n", C.RESPONSE_TOO_LARGE),
    Case("header of 10^20", HEAD + b"{99999999999999999999}\r\n", C.RESPONSE_TOO_LARGE),
    Case("header of 5000 digits", HEAD + b"{" + b"9" * 5000 + b"}\r\n", C.RESPONSE_TOO_LARGE),
    Case("header of -5", HEAD + b"{-5}\r\nhello)\r\n", C.PROTOCOL_ERROR),
    Case("header of nothing", HEAD + b"{}\r\n)\r\n", C.PROTOCOL_ERROR),
    Case("header one too short", HEAD + b"{4}\r\nhello)\r\n", C.PROTOCOL_ERROR),
    Case("header one too long", HEAD + b"{6}\r\nhello)\r\n{tag} OK\r\n", C.PROTOCOL_ERROR),
    # Broken responses.
    Case("no )", HEAD + b"{5}\r\nhello\r\n{tag} OK\r\n", C.PROTOCOL_ERROR),
    Case("no ) in flags", b"* 1 FETCH (FLAGS (\\Seen)\r\n", C.PROTOCOL_ERROR),
    Case("no UID", b"* 1 FETCH (BODY[HEADER.FIELDS (FROM)] {5}\r\nhello)\r\n", C.PROTOCOL_ERROR),
    Case("no value", b"* 1 FETCH (UID 3 BODY[HEADER.FIELDS (FROM)])\r\n", C.PROTOCOL_ERROR),
    Case("nested 10^4 deep", b"* 1 FETCH (" + b"(" * 10**4 + b"\r\n", C.PROTOCOL_ERROR),
    Case("noise", bytes(range(128, 256)) + b"\r\n", C.PROTOCOL_ERROR),
    # Out of turn.
    Case("wrong tag", ONE + b"WRONG OK " + W + b"\r\n", C.PROTOCOL_ERROR),
    Case("tagged BAD", ONE + b"{tag} BAD " + W + b"\r\n", C.PROTOCOL_ERROR),
    Case("+", b"+ " + W + b"\r\n", C.PROTOCOL_ERROR),
    # Too much.
    Case("endless line", b"x" * 10**5, C.RESPONSE_TOO_LARGE, times=100),
    Case("endless untagged lines", b"* 1 EXISTS\r\n" * 1000, C.RESPONSE_TOO_LARGE, times=200),
    Case("endless empty lines", b"\r\n" * 1000, C.RESPONSE_TOO_LARGE, times=200),
    Case("the same message for ever", ONE * 1000, C.RESPONSE_TOO_LARGE, times=200),
    Case("messages not asked for", message(999, W) * 1000, C.RESPONSE_TOO_LARGE, times=200),
    Case("many large headers", message(3, b"x" * (256 << 10)), C.RESPONSE_TOO_LARGE, times=300),
    Case("endless literals", HEAD + b"{0}\r\n " * 10**3, C.RESPONSE_TOO_LARGE),
]
#: One of each kind, for the loop that the service runs on only where there is no uvloop.
ON_ASYNCIO = {"silence in a line", "BYE", "header of 4 GiB", "no )", "wrong tag", "endless line"}
on_uvloop = pytest.mark.asyncio(loop_factories=["uvloop"])
on_asyncio = pytest.mark.asyncio(loop_factories=["asyncio"])


def answering(case: Case) -> Fetch:
    async def fetch(peer: Peer, *_: object) -> None:
        for _again in range(case.times):
            await peer.send(case.answer.replace(b"{tag}", peer.tag))
        await peer.silence()

    return fetch


async def failure(case: Case, sink: Keeper) -> ConnectionReport:
    patience = SHORT if case.code is Code.SERVER_TIMEOUT else LONG
    async with reading(serving(HELD, answering(case)), patience=patience) as here:
        with pytest.raises(ReadingFailed) as failed:
            await here.read(sink)
    return failed.value.report


@on_uvloop
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_hostile_server_ends_in_time_with_its_code_and_nothing_is_left(case: Case) -> None:
    await _ends_well(case)


@on_asyncio
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in ON_ASYNCIO], ids=lambda case: case.name
)
async def test_so_it_does_on_asyncio(case: Case) -> None:
    await _ends_well(case)


async def _ends_well(case: Case) -> None:
    """Look at it all in one reading, which costs most: memory, time, what is left, what is logged."""
    sink = Keeper()
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    with quiet_logs():
        async with nothing_left():
            started = loop.time()
            with little_memory():
                report = await failure(case, sink)
            took = loop.time() - started

    assert SERVER_WORDS.decode() not in repr(report)
    assert report.code is case.code
    assert sink.reached_at == []
    assert sink.messages.keys() <= {3}
    # Much is slow to read while memory is traced, on a busy machine; the little is not.
    assert took < (LONG / 3 if case.times == 1 else LONG)


async def test_a_tagged_reply_that_comes_too_early_ends_its_range_and_no_other() -> None:
    held = Held(dict.fromkeys(range(1, 10_001), b"x\r\n\r\n"))

    async def early(peer: Peer, held: Held, first: int, last: int) -> None:
        await peer.send(held.within(first, last - 10))
        await peer.reply(b"OK done")
        await peer.send(held.within(last - 9, last))

    sink = Keeper()
    async with reading(serving(held, early)) as here:
        await here.read(sink)

    assert sink.reached_at == [5000, 10_000]
    assert len(sink.messages) == 9980


BIG = b"To: " + b", ".join(b"u%d@example.org" % i for i in range(50_000)) + b"\r\n\r\n"
HEADERS = {
    "1 MB": BIG,
    "NULs": b"To: \0\0\0\r\n\r\n",
    "nothing": b"",
    "the end of a response": b")\r\nA5 OK\r\n",
    "a response": ONE,
    "a size": b"To: {5}",
    "a size and a line end": b"To: x {5}\r\n",
    "BYE": b"* BYE so long\r\n",
    "no ASCII": bytes(range(256)),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_whatever_a_message_holds_is_given_as_it_is(header: bytes) -> None:
    held, sink = Held({1: header, 2: b"x\r\n", 3: header}), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink)

    assert sink.messages == held.messages


async def test_a_header_that_is_larger_than_any_honest_one_is_cut_and_the_reading_goes_on() -> None:
    huge = b"".join(b"To: u%07d@example.org\r\n" % i for i in range(200_000))
    held, sink = Held({1: huge, 2: b"From: x\r\n\r\n"}), Keeper()
    async with reading(serving(held)) as here:
        await here.read(sink)

    first = sink.messages.pop(1)
    assert huge.startswith(first)
    assert first.endswith(b"\r\n")
    assert (2 << 20) - 100 < len(first) <= 2 << 20
    assert sink.messages == {2: b"From: x\r\n\r\n"}
    assert sink.reached_at == [2]


#: Two messages, and what stands around them.
STREAM = message(1, b")\r\nA9 OK forged\r\n* BYE {5}") + message(2, b"") + b"{tag} OK done\r\n"


async def test_where_reads_end_never_changes_what_is_read() -> None:
    cuts = iter(range(len(STREAM) - 4))

    async def halves(peer: Peer, *_: object) -> None:
        cut = next(cuts)
        stream = STREAM.replace(b"{tag}", peer.tag)
        await peer.send(stream[:cut])
        await asyncio.sleep(0.001)
        await peer.send(stream[cut:])

    async with reading(serving(Held({1: b"", 2: b""}), halves)) as here, here.reader() as reader:
        await reader.examine(b"INBOX")
        for _ in range(len(STREAM) - 4):
            sink = Keeper()
            await reader.read(0, sink)
            assert sink.messages == {1: b")\r\nA9 OK forged\r\n* BYE {5}", 2: b""}
            assert sink.reached_at == [2]


async def test_a_reading_byte_by_byte_is_the_same() -> None:
    async def slowly(peer: Peer, held: Held, first: int, last: int) -> None:
        for byte in held.within(first, last) + peer.tag + b" OK done\r\n":
            await peer.send(bytes([byte]))
            await asyncio.sleep(0)

    held, sink = Held(dict.fromkeys(range(1, 30), b"From: u\r\n\r\n")), Keeper()
    async with reading(serving(held, slowly)) as here:
        await here.read(sink)

    assert sink.messages == held.messages


async def test_a_message_that_many_send_twice_is_given_once() -> None:
    async def twice(peer: Peer, held: Held, first: int, last: int) -> None:
        await peer.send(held.within(first, last))
        await honestly(peer, held, first, last)

    sink = Keeper()
    async with reading(serving(HELD, twice)) as here:
        await here.read(sink)

    assert sink.messages == HELD.messages


class Interrupted(Keeper):
    """Counts what it is given between two turns of others."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self.most = 0

    def message(self, uid: int, header: bytes) -> None:
        super().message(uid, header)
        self.given += len(header)
        self.most = max(self.most, self.given)


async def test_others_get_their_turn_while_a_lot_comes_in() -> None:
    header = b"From: " + b"a" * 9_000 + b"@example.org\r\n\r\n"
    held = Held(dict.fromkeys(range(1, 801), header))
    sink = Interrupted()

    async def pulse() -> None:
        while True:
            await asyncio.sleep(0)
            sink.given = 0

    async with reading(serving(held)) as service:
        pulsing = asyncio.create_task(pulse())
        await service.read(sink, timeout=20)
        pulsing.cancel()
    assert len(sink.messages) == 800
    assert sink.most < 1 << 20
