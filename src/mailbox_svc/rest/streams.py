"""Streams as bodies: what is refused at the start has a status of its own, what fails later is cut off."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mailbox_svc.rest.problems import problem_of
from mailboxes import MailboxError

Item = TypeVar("Item")


class CutOff(Exception):
    """A body that cannot be completed. The connection is closed, so that nobody takes it for a whole one."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Streamed(StreamingResponse):
    """An answer that is sent as it comes. `source` ends with it, whoever ends it and however early.

    Starlette leaves that to the collector of garbage, and the service would go on for a client that is gone.
    """

    def __init__(
        self,
        content: AsyncGenerator[bytes, None],
        source: AsyncGenerator[Any, None],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._to_close = (content, source)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            for stream in self._to_close:
                await stream.aclose()


async def begun(stream: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """Wait for the first item, and return a stream that yields it and the rest. Raises what comes instead."""
    try:
        first = [await anext(stream)]
    except StopAsyncIteration:
        first = []
    return _with_rest(first, stream)


async def or_cut_off(stream: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    """Yield the items. Raises CutOff when the service does not go on."""
    try:
        async for item in stream:
            yield item
    except MailboxError as failure:
        raise CutOff(problem_of(failure).code) from None


async def _with_rest(first: list[Item], stream: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
    for item in first:
        yield item
    async for item in stream:
        yield item
