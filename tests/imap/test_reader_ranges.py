"""When ranges are asked for, and what becomes of them when a server answers in an order of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from support.imap_server import Peer
from support.mail_server import Held, Keeper, honestly, reading, serving
from support.rpc import eventually


def letters(*uids: int) -> dict[int, bytes]:
    return {uid: b"From: u%d@example.org\r\n\r\n" % uid for uid in uids}


async def test_the_next_range_is_asked_for_when_the_last_is_three_quarters_in_and_no_earlier() -> None:
    held, sink = Held(letters(*range(1, 10_001))), Keeper()
    early: list[bytes] = []

    async def stingy(peer: Peer, held: Held, first: int, last: int) -> None:
        if first == 1:
            tag = peer.tag
            await peer.send(held.within(1, 3749))
            with suppress(TimeoutError):
                early.append(await asyncio.wait_for(peer.command(), 0.3))
            await peer.send(held.within(3750, 3750))
            await peer.command()
            await peer.send(held.within(3751, last) + tag + b" OK done\r\n")
            first, last = 5001, 10_000
        await honestly(peer, held, first, last)

    async with reading(serving(held, stingy)) as here:
        await here.read(sink)

    assert early == []
    assert here.fetches == [b"1:5000", b"5001:10000"]
    assert sink.messages == held.messages


async def test_the_next_range_is_asked_for_at_once_when_the_last_held_fewer_messages_than_it_should() -> None:
    held = Held(letters(*range(1, 10_001)))
    asked: list[int] = []

    class Slow(Keeper):
        async def checkpoint(self) -> None:
            await super().checkpoint()
            await eventually(lambda: len(here.fetches) == 2)
            await asyncio.sleep(0.1)  # for more than should
            asked.append(len(here.fetches))

    async def few(peer: Peer, held: Held, first: int, _: int) -> None:
        await honestly(peer, held, first, first + 9)

    async with reading(serving(held, few)) as here:
        await here.read(Slow())

    assert asked == [2, 2]


async def test_no_more_than_three_ranges_are_asked_for_that_are_not_yet_stored() -> None:
    held = Held(letters(*range(1, 25_001)))
    asked: list[tuple[int, int]] = []

    class Slow(Keeper):
        async def checkpoint(self) -> None:
            await super().checkpoint()
            await eventually(lambda: len(here.fetches) == min(self.checkpoints + 2, 5))
            await asyncio.sleep(0.2)  # for more than should
            asked.append((self.checkpoints, len(here.fetches)))

    async with reading(serving(held)) as here:
        await here.read(Slow())

    assert asked == [(1, 3), (2, 4), (3, 5), (4, 5), (5, 5)]


async def test_messages_go_on_coming_in_during_a_checkpoint() -> None:
    held = Held(letters(*range(1, 15_001)))
    seen: list[int] = []

    class Slow(Keeper):
        async def checkpoint(self) -> None:
            await super().checkpoint()
            await eventually(lambda: len(self.messages) == 15_000)
            seen.append(self.checkpoints)

    async with reading(serving(held)) as here:
        await here.read(Slow())

    assert seen == [1, 2, 3]


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
async def test_ranges_that_are_answered_in_another_order_are_given_in_order(order: tuple[int, ...]) -> None:
    held, sink = Held(letters(*range(1, 15_001))), Keeper()
    waiting: list[tuple[bytes, int, int]] = []

    async def shuffle(peer: Peer, held: Held, first: int, last: int) -> None:
        await peer.send(held.within(first, first + 3749))
        waiting.append((peer.tag, first + 3750, last))
        if len(waiting) == 3:
            for tag, start, end in (waiting[i] for i in order):
                await peer.send(held.within(start, end) + tag + b" OK done\r\n")

    async with reading(serving(held, shuffle)) as here:
        await here.read(sink)

    assert list(sink.messages) == sorted(held.messages)
    assert sink.reached_at == [5000, 10_000, 15_000]


@pytest.mark.parametrize("size", [10, 4000])
async def test_ranges_that_are_answered_side_by_side_lose_nothing_however_much_comes_too_early(
    size: int,
) -> None:
    # 4,000 bytes a message are more than is kept; the ranges are asked for again then.
    header = b"To: " + b"x" * size + b"\r\n\r\n"
    held, sink = Held(dict.fromkeys(range(1, 20_001), header)), Keeper()
    waiting: list[tuple[bytes, int, int]] = []

    async def side_by_side(peer: Peer, held: Held, first: int, last: int) -> None:
        if len(waiting) == 3:
            await honestly(peer, held, first, last)
            return
        await peer.send(held.within(first, first + 3749))
        waiting.append((peer.tag, first, last))
        if len(waiting) == 3:
            for shift in range(3750, 5000, 250):
                for _, start, _ in waiting:
                    await peer.send(held.within(start + shift, start + shift + 249))
            for tag, _, _ in waiting:
                await peer.send(tag + b" OK done\r\n")

    async with reading(serving(held, side_by_side)) as here:
        await here.read(sink)

    assert sink.messages == held.messages
    assert sink.reached_at == [5000, 10_000, 15_000, 20_000]
    assert len(here.fetches) == (4 if size == 10 else 6)
