"""Streams whose beginning is waited for, so that what is refused is answered with a status of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

Item = TypeVar("Item")


async def begun(stream: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """Wait for the first item, and return a stream that yields it and the rest. Raises what comes instead."""
    try:
        first = await anext(stream)
    except StopAsyncIteration:
        return _empty()
    return _rest(first, stream)


async def _rest(first: Item, stream: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    async with aclosing(stream):
        yield first
        async for item in stream:
            yield item


async def _empty() -> AsyncGenerator[Item, None]:
    nothing: tuple[Item, ...] = ()
    for item in nothing:
        yield item
