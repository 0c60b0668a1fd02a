"""A MailboxService that records each call and answers as the test says, and both clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

import mailboxes
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceServicer, add_MailboxServiceServicer_to_server

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
class Script(MailboxServiceServicer):
    """Answers in order; the last answer is for all further calls."""

    answers: list[Any] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    async def _answer(self, method: str, request: Any, context: Context, default: Any) -> Any:
        metadata: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        self.received.append(Received(method, request, metadata, context.time_remaining()))
        answer = default
        if self.answers:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Abort):
            await context.abort(answer.code, answer.message, answer.trailers)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return default
        return answer

    async def List(self, request: Any, context: Context) -> Any:  # noqa: N802
        return await self._answer("List", request, context, pb.ListResponse())

    async def Save(self, request: Any, context: Context) -> Any:  # noqa: N802
        return await self._answer("Save", request, context, pb.SaveResponse())

    async def Delete(self, request: Any, context: Context) -> Any:  # noqa: N802
        return await self._answer("Delete", request, context, pb.DeleteResponse(ok=True))

    async def Test(self, request: Any, context: Context) -> Any:  # noqa: N802
        return await self._answer("Test", request, context, pb.TestResponse(ok=True))


@asynccontextmanager
async def serving(script: Script, credentials: grpc.ServerCredentials | None = None) -> AsyncIterator[str]:
    """Serve on a free port; yield the target."""
    server = grpc.aio.server()
    add_MailboxServiceServicer_to_server(script, server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
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

    async def close(self) -> None:
        await self.call("close")
