"""A service of the tests' own, with one method of each handler kind, to look at what surrounds a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue

NAME = "probe.v1.Probe"
_KINDS: dict[str, Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
    "UnaryUnary": grpc.unary_unary_rpc_method_handler,
    "UnaryStream": grpc.unary_stream_rpc_method_handler,
    "StreamUnary": grpc.stream_unary_rpc_method_handler,
    "StreamStream": grpc.stream_stream_rpc_method_handler,
}
KINDS = tuple(_KINDS)


def probe(**behaviors: Any) -> dict[str, Any]:
    """Return the service's handlers, by kind: `probe(UnaryUnary=answer)`."""
    return {
        kind: _KINDS[kind](behavior, StringValue.FromString, StringValue.SerializeToString)
        for kind, behavior in behaviors.items()
    }


def path(kind: str) -> str:
    """The full name of the method of this kind."""
    return f"/{NAME}/{kind}"


async def call(channel: Any, kind: str, *words: str, **options: Any) -> list[str]:
    """Call the method of this kind with some words and return all it answers.

    The channel is Any because grpc's type hints want one message type for each call.
    """
    coders = {
        "request_serializer": StringValue.SerializeToString,
        "response_deserializer": StringValue.FromString,
    }
    requests = [StringValue(value=word) for word in words]
    match kind:
        case "UnaryUnary":
            answers = [await channel.unary_unary(path(kind), **coders)(requests[0], **options)]
        case "UnaryStream":
            answers = [a async for a in channel.unary_stream(path(kind), **coders)(requests[0], **options)]
        case "StreamUnary":
            answers = [await channel.stream_unary(path(kind), **coders)(iter(requests), **options)]
        case _:
            answers = [
                a async for a in channel.stream_stream(path(kind), **coders)(iter(requests), **options)
            ]
    return [answer.value for answer in answers]


def raising(error: BaseException) -> dict[str, Any]:
    """Handlers of all four kinds that raise this; the streaming ones after a first response."""

    async def unary(_request: Any, _context: Any) -> StringValue:
        raise error

    async def stream(_request: Any, _context: Any) -> Any:
        yield StringValue(value="first")
        raise error

    return {"UnaryUnary": unary, "UnaryStream": stream, "StreamUnary": unary, "StreamStream": stream}
