"""The gateway over real sockets, in front of a service that answers as the test says."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import httpx2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mailbox_svc.rest.app import GatewayConfig
from mailbox_svc.rest.server import GatewayServer
from mailboxes.v1.mailbox_pb2 import Mailbox
from mailboxes.v1.oauth_service_pb2 import CompleteAuthorizationResponse, StartAuthorizationResponse
from support.scripted_service import Abort, Script, serving

TOKEN = "CANARY-gateway-token"
#: The page of an application that the gateway is set up for.
APP = "https://app.example.org"
STATE = "CANARY-state"
CODE = "CANARY-code"
MAILBOX_ID = "0192d0c0-0000-7000-8000-000000000001"

STARTED = StartAuthorizationResponse(
    authorization_url=f"https://provider.example.org/authorize?state={STATE}", state=STATE
)
COMPLETED = CompleteAuthorizationResponse(mailbox=Mailbox(id=MAILBOX_ID))


Kind = TypeVar("Kind", bound=Message)


def of(kind: type[Kind], /, **fields: Any) -> Kind:
    """Return a message of this kind, its fields as protobuf's JSON has them: members of enums by name."""
    return ParseDict(fields, kind())


def refusal(
    code: grpc.StatusCode,
    reason: str,
    *details: Message,
    sentence: str = "Some sentence.",
    domain: str = "mailboxes.v1",
) -> Abort:
    """What the service sends for an error with a reason."""
    status = status_pb2.Status(code=code.value[0], message=sentence)
    for detail in (error_details_pb2.ErrorInfo(reason=reason, domain=domain), *details):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return Abort(code, sentence, (("grpc-status-details-bin", status.SerializeToString()),))


@dataclass(slots=True)
class Gateway:
    """A running gateway, a browser without pages that talks to it, and the service's script."""

    http: httpx2.AsyncClient
    script: Script
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(
        self, *, origin: str | None = APP, token: str = TOKEN, provider: str = "google", **body: Any
    ) -> httpx2.Response:
        """Begin, as a page of this origin does."""
        headers = {"authorization": f"Bearer {token}"} | ({} if origin is None else {"origin": origin})
        return await self.http.post(f"/api/auth/{provider}/start", json=body, headers=headers)

    async def come_back(self, query: str = f"state={STATE}&code={CODE}", provider: str = "google") -> Any:
        """Open the callback, as the provider's redirect does."""
        return await self.http.get(f"/api/auth/{provider}/callback?{query}")

    async def all_kinds_of_answers(self) -> list[httpx2.Response]:
        """A start, a callback, a start from elsewhere, a callback without a cookie, a path that is none."""
        self.script.answers = [STARTED, COMPLETED]
        return [
            await self.start(),
            await self.come_back(),
            await self.start(origin="https://evil.example.org"),
            await self.come_back(),
            await self.http.get("/nothing"),
        ]

    @property
    def methods(self) -> list[str]:
        """The calls that the service got."""
        return [one.method for one in self.script.received]


@contextmanager
def _silent_browser() -> Iterator[None]:
    """Keep the client that stands for a browser from logging what it sends: addresses with codes, cookies."""
    loggers = [logging.getLogger(name) for name in ("httpx2", "httpcore2")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@asynccontextmanager
async def running_gateway(
    script: Script, origins: tuple[str, ...] = (APP,), *, target: str = "", **config: Any
) -> AsyncIterator[Gateway]:
    """Run both on free ports; `target` is another service than the scripted one."""
    async with serving(script) as scripted:
        server = GatewayServer(GatewayConfig("127.0.0.1:0", target or scripted, origins, **config))
        port = await server.start()
        try:
            browser = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
            with _silent_browser():
                async with browser as http:
                    yield Gateway(http, script, port)
        finally:
            await server.stop(1)


def result_in(page: str) -> Any:
    """What the page at the end tells its opener, and who may hear it."""
    text = page.partition('<script type="application/json" id="result">')[2].partition("</script>")[0]
    return json.loads(text)
