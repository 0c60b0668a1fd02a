"""Answers that are sent as they come: what feeds them ends with them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from mailbox_svc.rest.streams import Streamed, begun


class Source:
    """Yields pieces, and knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            yield b"two"
        finally:
            self.closed = True


async def test_a_source_is_closed_when_the_client_is_gone_before_the_first_piece() -> None:
    source = Source()
    pieces = source.pieces()
    rest = await begun(pieces)  # both are held here, so that no collector closes them
    response = Streamed(rest, pieces, "text/plain", {})

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        raise OSError("gone")

    with pytest.raises(ClientDisconnect):
        await response({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
    assert source.closed


async def test_a_stream_that_has_begun_yields_the_first_piece_too() -> None:
    assert [piece async for piece in await begun(Source().pieces())] == [b"one", b"two"]
