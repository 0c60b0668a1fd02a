"""How reading ends when the server, the sink or the caller ends it."""

from __future__ import annotations

import asyncio

import pytest

from mailbox_svc.model.check import Code, Stage
from mailbox_svc.ports.mail import FolderGone, ReadingFailed
from support.imap_server import Peer
from support.mail_server import Fetch, Held, Keeper, honestly, reading, serving
from support.watch import nothing_left

MANY = Held({uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in range(1, 20_001)})


def saying(text: bytes, *, at: int) -> Fetch:
    """Answer the range that begins here with this, the others honestly."""

    async def fetch(peer: Peer, held: Held, first: int, last: int) -> None:
        if first == at:
            await peer.send(held.within(first, first + 9))
            await peer.reply(text)
        else:
            await honestly(peer, held, first, last)

    return fetch


@pytest.mark.parametrize("at", [1, 5001, 15_001])
async def test_a_refused_range_means_that_the_folder_is_gone_and_the_reader_goes_on(at: int) -> None:
    sink = Keeper()
    async with (
        nothing_left(),
        reading(serving(MANY, saying(b"NO gone", at=at))) as here,
        here.reader() as reader,
    ):
        await reader.examine(b"INBOX")
        with pytest.raises(FolderGone):
            await reader.read(0, sink)
        assert max(sink.reached_at, default=0) == at - 1
        assert max(sink.messages) == at + 9
        again = Keeper()
        await reader.examine(b"Other")
        await reader.read(15_100, again)
    assert len(again.messages) == 4900


async def test_nothing_more_is_asked_for_when_the_newest_range_was_refused_before_its_turn() -> None:
    async def hasty(peer: Peer, held: Held, first: int, last: int) -> None:
        tag = peer.tag
        await peer.send(held.within(first, first + 3749))
        await peer.command()
        await peer.reply(b"NO gone")
        await peer.send(held.within(first + 3750, last - 1))
        await asyncio.sleep(0.1)
        await peer.send(held.within(last, last) + tag + b" OK done\r\n")

    sink = Keeper()
    async with reading(serving(MANY, hasty)) as here, here.reader() as reader:
        await reader.examine(b"INBOX")
        with pytest.raises(FolderGone):
            await reader.read(0, sink)
        assert await reader.folders()

    assert sink.reached_at == [5000]
    assert here.fetches == [b"1:5000", b"5001:10000"]


async def test_messages_that_were_expunged_meanwhile_are_no_refusal() -> None:
    sink = Keeper()
    answer = saying(b"NO [ExpungeIssued] some are gone", at=5001)
    async with reading(serving(MANY, answer)) as here:
        await here.read(sink)

    assert sink.reached_at == [5000, 10_000, 15_000, 20_000]
    assert len(sink.messages) == 15_010


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", Code.RATE_LIMITED),
        (b"NO [OVERQUOTA] Account exceeded command or bandwidth limits.", Code.RATE_LIMITED),
        (b"BAD what?", Code.PROTOCOL_ERROR),
    ],
)
async def test_a_refusal_that_is_not_about_the_folder_ends_the_reading(text: bytes, code: Code) -> None:
    async with nothing_left(), reading(serving(MANY, saying(text, at=5001))) as here:
        sink = Keeper()
        with pytest.raises(ReadingFailed) as failure:
            await here.read(sink)

    assert (failure.value.report.code, failure.value.report.stage) == (code, Stage.LIST)
    assert sink.reached_at == [5000]
    assert sink.checkpoints == 1
    if code is Code.RATE_LIMITED:
        assert failure.value.report.retry_after
    assert b"LOGOUT" not in here.server.received


async def test_a_changed_uidvalidity_means_that_the_folder_is_gone() -> None:
    async def renewed(peer: Peer, held: Held, first: int, last: int) -> None:
        await peer.send(held.within(first, first + 9) + b"* OK [UIDVALIDITY 8] new\r\n")
        await honestly(peer, held, first, last)

    sink = Keeper()
    async with reading(serving(MANY, renewed)) as here, here.reader() as reader:
        await reader.examine(b"INBOX")
        with pytest.raises(FolderGone):
            await reader.read(0, sink)
        assert await reader.folders()

    assert sink.reached_at == []
    assert sorted(sink.messages) == list(range(1, 11))


class Full(Exception):
    """The disk is full."""


class Refusing(Keeper):
    """A sink that fails at the given message or end."""

    def __init__(self, *, message: int = 0, reached: int = 0, checkpoint: int = 0) -> None:
        super().__init__()
        self._at = (message, reached, checkpoint)

    def message(self, uid: int, header: bytes) -> None:
        super().message(uid, header)
        if uid == self._at[0]:
            raise Full

    def reached(self, uid: int) -> None:
        super().reached(uid)
        if uid == self._at[1]:
            raise Full

    async def checkpoint(self) -> None:
        await super().checkpoint()
        if self.checkpoints == self._at[2]:
            raise Full


@pytest.mark.parametrize(
    "sink",
    [
        Refusing(message=1),
        Refusing(message=20_000),
        Refusing(reached=5000),
        Refusing(reached=20_000),
        Refusing(checkpoint=1),
        Refusing(checkpoint=4),
    ],
    ids=["first message", "last message", "first end", "last end", "first checkpoint", "last checkpoint"],
)
async def test_what_the_sink_raises_ends_the_reading_and_the_connection(sink: Refusing) -> None:
    async with nothing_left(), reading(serving(MANY)) as here:
        with pytest.raises(Full):
            await here.read(sink)
        assert b"LOGOUT" not in here.server.received


@pytest.mark.parametrize("where", ["fetch", "checkpoint"])
async def test_a_cancelled_reading_closes_the_connection_at_once(where: str) -> None:
    came, gone = asyncio.Event(), asyncio.Event()

    class Waiting(Keeper):
        async def checkpoint(self) -> None:
            came.set()
            await asyncio.sleep(30)

    async def silent(peer: Peer, held: Held, first: int, last: int) -> None:
        if where == "checkpoint":
            await honestly(peer, held, first, last)
            return
        came.set()
        await peer.silence()
        gone.set()

    async with nothing_left(), reading(serving(MANY, silent)) as here:
        call = asyncio.create_task(here.read(Waiting()))
        await asyncio.wait_for(came.wait(), 30)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        if where == "fetch":
            await asyncio.wait_for(gone.wait(), 20)


async def test_silence_ends_the_reading_when_the_patience_is_over() -> None:
    async def half(peer: Peer, held: Held, first: int, last: int) -> None:
        if first > 5000:
            await peer.send(held.within(first, first + 9))
            await peer.silence()
        await honestly(peer, held, first, last)

    loop, sink = asyncio.get_running_loop(), Keeper()
    async with nothing_left(), reading(serving(MANY, half), patience=0.4) as here:
        started = loop.time()
        with pytest.raises(ReadingFailed) as failure:
            await here.read(sink)
        took = loop.time() - started

    assert failure.value.report.code is Code.SERVER_TIMEOUT
    assert sink.reached_at == [5000]
    assert 0.4 < took < 20


async def test_a_slow_server_and_a_slow_checkpoint_are_no_silence() -> None:
    async def slow(peer: Peer, held: Held, first: int, last: int) -> None:
        for start in range(first, last, 1000):
            await peer.send(held.within(start, start + 999))
            await asyncio.sleep(0.3)
        await peer.reply(b"OK")

    class Slow(Keeper):
        async def checkpoint(self) -> None:
            await super().checkpoint()
            await asyncio.sleep(1.5)

    sink = Slow()
    async with reading(serving(MANY, slow), patience=1.2) as here:
        await here.read(sink)
    assert len(sink.messages) == 20_000


async def test_a_login_that_fails_is_told_as_a_test_would() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"* OK [CAPABILITY IMAP4rev1] x\r\n")
        await peer.answer(b"NO [AUTHENTICATIONFAILED] Authentication failed.")
        await peer.silence()

    async with nothing_left(), reading(script) as here:
        with pytest.raises(ReadingFailed) as failure:
            async with here.reader():
                pass

    assert failure.value.report.code is Code.AUTH_INVALID_CREDENTIALS
    assert failure.value.report.stage is Stage.AUTH
    assert [check.ok for check in failure.value.report.checks][-1] is False


async def test_the_way_in_has_a_deadline_of_its_own() -> None:
    async with nothing_left(), reading(Peer.silence) as here:
        with pytest.raises(ReadingFailed) as failure:
            async with here.reader(timeout=1.0):
                pass

    assert failure.value.report.code is Code.SERVER_TIMEOUT


class Unhurried(Keeper):
    """A sink that is still storing the first range when the last bytes come in."""

    async def checkpoint(self) -> None:
        await super().checkpoint()
        await asyncio.sleep(0.2)


async def test_what_has_come_is_stored_before_the_end_of_the_connection_is_told() -> None:
    rests: list[bytes] = []

    async def three_and_gone(peer: Peer, held: Held, first: int, last: int) -> None:
        await peer.send(held.within(first, first + 3749))
        rests.append(held.within(first + 3750, last) + peer.tag + b" OK\r\n")
        if len(rests) == 3:
            await peer.send(b"".join(rests))
            raise ConnectionResetError

    sink = Unhurried()
    async with nothing_left(), reading(serving(MANY, three_and_gone)) as here:
        with pytest.raises(ReadingFailed):
            await here.read(sink)

    assert sink.reached_at == [5000, 10_000, 15_000]
    assert sink.checkpoints == 3


async def test_what_comes_between_bye_and_the_end_is_stored_though_it_would_be_time_to_ask_for_more() -> None:
    async def parting(peer: Peer, held: Held, first: int, last: int) -> None:
        tag = peer.tag
        await peer.send(held.within(first, first + 3749))
        await peer.command()
        await peer.send(b"* BYE so long\r\n" + held.within(first + 3750, last) + tag + b" OK\r\n")
        await peer.send(held.within(5001, 8900))
        await asyncio.sleep(0.02)
        await peer.send(held.within(8901, 10_000) + peer.tag + b" OK\r\n")
        raise ConnectionResetError

    for _ in range(4):  # after BYE a server has 0.2 s, so a busy machine gets further tries
        sink = Unhurried()
        async with nothing_left(), reading(serving(MANY, parting)) as here:
            with pytest.raises(ReadingFailed) as failure:
                await here.read(sink)
        if sink.reached_at == [5000, 10_000]:
            break

    assert failure.value.report.code is Code.SERVER_BYE
    assert sink.reached_at == [5000, 10_000]
    assert sink.checkpoints == 2
    assert len(here.fetches) == 2
