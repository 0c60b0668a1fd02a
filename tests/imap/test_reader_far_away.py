"""Reading over a long way, and over one that breaks anywhere."""

from __future__ import annotations

import asyncio

import pytest

from mailbox_svc.ports.mail import ReadingFailed
from support.delay_proxy import delaying
from support.imap_server import Peer
from support.mail_server import Held, Keeper, reading, serving

MANY = Held({uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in range(1, 30_001)})


async def test_a_server_far_away_that_takes_its_time_never_waits_for_us() -> None:
    """It has the next range to answer before it is done with the last, however long the way."""
    waited_for: list[bool] = []

    async def by_and_by(peer: Peer, held: Held, first: int, last: int) -> None:
        for start in range(first, last, 1250):
            await peer.send(held.within(start, start + 1249))
            await asyncio.sleep(0.15)
        waited_for.append(not peer.has_said_more)
        await peer.reply(b"OK done")

    sink = Keeper()
    async with reading(serving(MANY, by_and_by)) as here, delaying(here.server.port, delay=0.04) as proxy:
        here.through(proxy.port)
        async with here.reader() as reader:
            await reader.examine(b"INBOX")
            await reader.read(0, sink)

    assert sink.messages == MANY.messages
    assert len(sink.reached_at) == len(waited_for) == 6
    # Nothing is asked for behind the last. One by one, all would be waited for; a busy machine may be late.
    assert sum(waited_for[:-1]) <= 2


async def test_a_connection_cut_anywhere_loses_and_doubles_nothing_when_the_next_goes_on() -> None:
    held = Held({uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in range(1, 12_001)})
    positions = set()
    async with reading(serving(held)) as here, delaying(here.server.port) as proxy:
        here.through(proxy.port)
        await here.read(Keeper())
        whole = proxy.bytes_back
        for cut_after in range(0, whole - 1000, whole // 20):
            proxy.cut_after = cut_after
            cut = Keeper()
            with pytest.raises(ReadingFailed):
                await here.read(cut)
            proxy.cut_after = None
            rest, position = Keeper(), max(cut.reached_at, default=0)
            await here.read(rest, after=position)
            assert cut.checkpoints == len(cut.reached_at)
            assert cut.kept() | rest.messages == held.messages
            assert not cut.kept().keys() & rest.messages.keys()
            positions.add(position)

    assert positions == {0, 5000, 10_000}
