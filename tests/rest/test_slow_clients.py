"""Clients that take their time: a connection is not theirs for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from support.gateway import TOKEN, Gateway, running_gateway
from support.scripted_service import Script

BEGINNING = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"


@asynccontextmanager
async def connection(gateway: Gateway) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    try:
        async with asyncio.timeout(60):
            yield reader, writer
    finally:
        writer.close()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, as long as anybody takes it."""
    try:
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        return


async def test_a_head_that_never_ends_closes_the_connection() -> None:
    async with (
        running_gateway(Script(), head_seconds=0.5) as gateway,
        connection(gateway) as (reader, writer),
    ):
        writer.write(BEGINNING)
        dripping = asyncio.create_task(drip(writer))
        with suppress(ConnectionResetError):  # a byte that comes too late
            assert await reader.read() == b""
        await dripping


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with running_gateway(Script(), head_seconds=0.5) as gateway, connection(gateway) as (reader, _):
        assert await reader.read() == b""


async def test_a_head_in_pieces_is_waited_for_and_the_next_one_too() -> None:
    async with running_gateway(Script(), head_seconds=3) as gateway, connection(gateway) as (reader, writer):
        for _ in range(2):
            writer.write(BEGINNING[:10])
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.write(BEGINNING[10:] + b"\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert json.loads(await reader.readexactly(11)) == {"ok": True}


async def test_a_body_that_never_comes_is_not_waited_for() -> None:
    head = (
        "POST /api/auth/google/start HTTP/1.1\r\nhost: localhost\r\n"
        f"authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    )
    async with (
        running_gateway(Script(), body_seconds=0.5) as gateway,
        connection(gateway) as (reader, writer),
    ):
        writer.write(head.encode())
        answer = await reader.read()
        assert gateway.methods == []
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "REQUEST_TIMEOUT"


async def test_a_long_answer_is_no_slow_body() -> None:
    async with running_gateway(Script([1.5]), body_seconds=0.5) as gateway:
        answer = await gateway.http.get("/api/auth/providers", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200


async def test_what_is_no_http_is_refused_in_the_one_shape() -> None:
    async with running_gateway(Script()) as gateway, connection(gateway) as (reader, writer):
        writer.write(b"EHLO example.org\r\n\r\n")
        answer = await reader.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"no-store" in head
    assert json.loads(body)["code"] == "BAD_REQUEST"
