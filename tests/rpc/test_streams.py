"""All four kinds of handler pass the same guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig, UseCases
from support.probe import KINDS, call, path, probe
from support.rpc import ANN, bearing, eventually, failure_of, serving


async def words_of(requests: Any) -> list[str]:
    if isinstance(requests, StringValue):
        return [requests.value]
    return [request.value async for request in requests]


async def join(requests: Any, _context: object) -> StringValue:
    return StringValue(value="+".join(await words_of(requests)))


async def yield_back(requests: Any, _context: object) -> Any:
    for word in await words_of(requests):
        yield StringValue(value=word)
    yield StringValue(value="end")


async def write_back(requests: Any, context: Any) -> None:
    for word in await words_of(requests):
        await context.write(StringValue(value=word))
    await context.write(StringValue(value="end"))


async def read_and_write_back(_requests: Any, context: Any) -> None:
    while (request := await context.read()) is not grpc.aio.EOF:
        await context.write(request)


@pytest.mark.parametrize(
    ("kind", "handler", "answers"),
    [
        ("UnaryUnary", join, ["a"]),
        ("StreamUnary", join, ["a+b"]),
        ("UnaryStream", yield_back, ["a", "end"]),
        ("UnaryStream", write_back, ["a", "end"]),
        ("StreamStream", yield_back, ["a", "b", "end"]),
        ("StreamStream", write_back, ["a", "b", "end"]),
        ("StreamStream", read_and_write_back, ["a", "b"]),
    ],
)
async def test_every_style_of_handler_works(
    kind: str, handler: Any, answers: list[str], no_data: UseCases
) -> None:
    async with serving(no_data, handlers=probe(**{kind: handler})) as served:
        assert await call(served.channel, kind, "a", "b", metadata=bearing(ANN)) == answers
        assert served.slots_in_use == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancelled_call_ends_its_handler_at_once(kind: str, no_data: UseCases) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def wait(_requests: object, _context: object) -> None:
        try:
            began.set()
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with serving(no_data, handlers=probe(**{kind: wait})) as served:
        running = asyncio.ensure_future(call(served.channel, kind, "x", metadata=bearing(ANN)))
        await began.wait()
        assert served.slots_in_use == 1
        running.cancel()
        async with asyncio.timeout(20):  # seconds; it sleeps for sixty
            await ended.wait()
        await eventually(lambda: served.slots_in_use == 0)


async def test_a_generator_whose_client_does_not_read_is_closed_when_he_goes(no_data: UseCases) -> None:
    closed, yields = asyncio.Event(), 0

    async def generate(_request: object, _context: object) -> Any:
        nonlocal yields
        try:
            while True:
                yields += 1
                yield StringValue(value="x" * 1024 * 1024)  # it waits here, in the hands of its caller
        finally:
            closed.set()

    async with serving(no_data, handlers=probe(UnaryStream=generate)) as served:
        flood: Any = served.channel.unary_stream(path("UnaryStream"))
        answers = flood(b"", metadata=bearing(ANN))
        seen = -1
        while seen != yields:  # until the flow is blocked
            seen = yields
            await asyncio.sleep(0.2)
        assert not closed.is_set()
        answers.cancel()
        await eventually(lambda: served.slots_in_use == 0)
        assert closed.is_set()


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_call_ends_at_the_servers_deadline(kind: str, no_data: UseCases) -> None:
    async def wait(_requests: object, _context: object) -> None:
        await asyncio.sleep(60)

    config = RpcConfig("127.0.0.1:0", limits=Limits(seconds=0.1))
    async with serving(no_data, config=config, handlers=probe(**{kind: wait})) as served:
        failure = await failure_of(call(served.channel, kind, "x", metadata=bearing(ANN)))
        assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert served.slots_in_use == 0


async def never() -> AsyncIterator[bytes]:
    """The requests of a client that never sends one."""
    await asyncio.sleep(60)
    yield b""


async def test_a_single_request_that_never_comes_is_not_waited_for_for_ever(no_data: UseCases) -> None:
    config = RpcConfig("127.0.0.1:0", limits=Limits(calls=1, seconds=0.3))
    async with serving(no_data, config=config) as served:
        method: Any = served.channel.stream_unary("/mailboxes.v1.MailboxService/List")
        stranger = method(never())
        assert (await failure_of(stranger)).reason == "TOKEN_MISSING"  # nothing of his is read
        waiting = method(never(), metadata=bearing(ANN))
        await eventually(lambda: served.slots_in_use == 1)
        assert (await failure_of(method(never(), metadata=bearing(ANN)))).reason == "OVERLOADED"
        assert (await failure_of(waiting)).reason == "DEADLINE_PASSED"
        assert served.slots_in_use == 0


async def test_a_single_request_that_is_left_out_is_refused(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        method: Any = served.channel.stream_unary("/mailboxes.v1.MailboxService/List")
        failure = await failure_of(method(iter([]), metadata=bearing(ANN)))
        assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
