"""A service that records each call and answers as the test says, and both clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

import mailboxes
from mailboxes.v1 import contact_service_pb2, harvest_service_pb2, mailbox_service_pb2, oauth_service_pb2

SERVICES = [
    service
    for file in (mailbox_service_pb2, harvest_service_pb2, contact_service_pb2, oauth_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
]
TOKEN = "CANARY-client-token"

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Abort:
    """A failure to answer with."""

    code: grpc.StatusCode
    message: str = "Some sentence."
    trailers: tuple[tuple[str, str | bytes], ...] = ()


@dataclass(slots=True)
class Received:
    """One call as it arrived."""

    method: str
    request: Any
    metadata: dict[str, str | bytes]
    seconds: float


@dataclass(slots=True)
class Script:
    """Answers calls of all services in order; the last answer is for all further calls.

    An answer is a message, an `Abort`, or seconds to wait before an empty message; for a stream it is a
    list of them.
    """

    answers: list[Any] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    #: Set when a client has left a stream.
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def _next(self, method: str, request: Any, context: Context, default: Any) -> Any:
        metadata: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        # Without a deadline of the client grpc.aio says None, whatever its type hints say.
        self.received.append(Received(method, request, metadata, context.time_remaining() or 0.0))
        if not self.answers:
            return default
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def handler(self, method: MethodDescriptor) -> grpc.RpcMethodHandler[Any, Any]:
        """Return what answers calls of this method."""
        request_type, response_type = map(GetMessageClass, (method.input_type, method.output_type))
        default = response_type(ok=True) if "ok" in method.output_type.fields_by_name else response_type()

        async def unary(request: Any, context: Context) -> Any:
            return await _given(self._next(method.name, request, context, default), context, default)

        async def stream(request: Any, context: Context) -> Any:
            try:
                for answer in self._next(method.name, request, context, []):
                    yield await _given(answer, context, default)
            except asyncio.CancelledError:
                self.left.set()
                raise

        coders = (request_type.FromString, response_type.SerializeToString)
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, *coders)
        return grpc.unary_unary_rpc_method_handler(unary, *coders)


async def _given(answer: Any, context: Context, default: Any) -> Any:
    if isinstance(answer, Abort):
        await context.abort(answer.code, answer.message, answer.trailers)
    if isinstance(answer, float):
        await asyncio.sleep(answer)
        return default
    return answer


@asynccontextmanager
async def serving(
    script: Script, credentials: grpc.ServerCredentials | None = None, *, port: int = 0
) -> AsyncIterator[str]:
    """Serve on a free port, or on this one; yield the target."""
    server = grpc.aio.server()
    for service in SERVICES:
        handlers = {method.name: script.handler(method) for method in service.methods}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    if credentials is None:
        port = server.add_insecure_port(f"127.0.0.1:{port}")
    else:
        port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
    await server.start()
    try:
        yield f"localhost:{port}"
    finally:
        await server.stop(0)


class Both:
    """Calls one of the two clients, so that one test serves both."""

    def __init__(self, kind: str, target: str, token: Any = TOKEN, **settings: Any) -> None:
        self.client: mailboxes.Client | mailboxes.AsyncClient
        if kind == "sync":
            self.client = mailboxes.Client(target, token, **settings)
        else:
            self.client = mailboxes.AsyncClient(target, token, **settings)

    async def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self.client, mailboxes.Client):
            return await asyncio.to_thread(getattr(self.client, method), *args, **kwargs)
        return await getattr(self.client, method)(*args, **kwargs)

    async def all(self, method: str, *args: Any, **kwargs: Any) -> list[Any]:
        """Return all that a method yields."""
        if isinstance(self.client, mailboxes.Client):
            return await asyncio.to_thread(lambda: list(getattr(self.client, method)(*args, **kwargs)))
        return [one async for one in getattr(self.client, method)(*args, **kwargs)]

    async def first(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Return the first that a method yields, and leave it."""
        if isinstance(self.client, mailboxes.Client):

            def first() -> Any:
                with closing(getattr(self.client, method)(*args, **kwargs)) as them:
                    return next(them)

            return await asyncio.to_thread(first)
        async with aclosing(getattr(self.client, method)(*args, **kwargs)) as them:
            return await anext(them)

    async def close(self) -> None:
        await self.call("close")
