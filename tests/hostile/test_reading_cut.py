"""Connections that end at every step of a reading: nothing is lost, nothing doubled, nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from mailbox_svc.model.check import Code
from mailbox_svc.ports.mail import ReadingFailed
from support.imap_server import Peer, Script
from support.mail_server import Held, Keeper, message, reading, serving
from support.watch import nothing_left

HELD = Held({uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in range(1, 20_001)})
#: LOGIN, CAPABILITY, EXAMINE, the places to cut, and four ranges.
STEPS = range(1, 9)
#: Seconds that a server is given: one that has to be waited for to the end, and one that must not.
SHORT, LONG = 0.6, 20.0


class _Stopping(Peer):
    """Follows the script up to a command, then says something else and ends."""

    def __init__(self, peer: Peer, step: int, last: bytes, end: Callable[[Peer], Awaitable[None]]) -> None:
        super().__init__(peer._reader, peer._writer, peer._record)
        self._stop = SimpleNamespace(left=step, last=last, end=end)

    async def command(self) -> bytes:
        command = await super().command()
        self._stop.left -= 1
        if self._stop.left == 0:
            await self.send(self._stop.last)
            await self._stop.end(self)
            raise ConnectionResetError
        return command


def stops_once(step: int, last: bytes, end: Callable[[Peer], Awaitable[None]]) -> Script:
    """A good server whose first connection ends so."""
    connections = iter([step])

    async def script(peer: Peer) -> None:
        await serving(HELD)(_Stopping(peer, next(connections, 0), last, end))

    return script


async def leave(_: Peer) -> None:
    """Close."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("last", "end", "code"),
    [
        (b"", Peer.reset, Code.SERVER_DISCONNECTED),
        (b"", leave, Code.SERVER_DISCONNECTED),
        (b"* 1 FETCH (UID 3 BODY[HEADER.FIELDS (TO)] {500}\r\nTo: half", leave, Code.SERVER_DISCONNECTED),
        (message(3, b"x") + message(5001, b"x") + b"* BYE so long\r\n", leave, Code.SERVER_BYE),
        (b"* BYE so long\r\n", Peer.silence, Code.SERVER_BYE),
        (b"", Peer.silence, Code.SERVER_TIMEOUT),
    ],
    ids=["reset", "close", "cut header", "BYE and close", "BYE and silence", "half-open"],
)
async def test_a_server_can_leave_at_any_step_and_the_next_reading_completes_it(
    step: int, last: bytes, end: Callable[[Peer], Awaitable[None]], code: Code
) -> None:
    cut, rest = Keeper(), Keeper()
    patience = SHORT if code is Code.SERVER_TIMEOUT else LONG
    loop = asyncio.get_running_loop()
    async with nothing_left(), reading(stops_once(step, last, end), patience=patience) as here:
        started = loop.time()
        with pytest.raises(ReadingFailed) as failure:
            await here.read(cut, timeout=1.0 if code is Code.SERVER_TIMEOUT else LONG)
        assert loop.time() - started < LONG / 2
        await here.read(rest, after=max(cut.reached_at, default=0))

    assert failure.value.report.code is code
    assert cut.checkpoints == len(cut.reached_at)
    assert cut.kept() | rest.messages == HELD.messages
    assert not cut.kept().keys() & rest.messages.keys()
    assert len(cut.reached_at) <= max(0, step - 5)


@pytest.mark.parametrize("step", STEPS)
async def test_a_caller_can_leave_at_any_step(step: int) -> None:
    came, gone = asyncio.Event(), asyncio.Event()

    async def wait(peer: Peer) -> None:
        came.set()
        try:
            await peer.silence()
        finally:
            gone.set()

    async with nothing_left(), reading(stops_once(step, b"", wait)) as here:
        call = asyncio.ensure_future(here.read(Keeper()))
        await asyncio.wait_for(came.wait(), 30)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(20):
            await gone.wait()
