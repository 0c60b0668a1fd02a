"""A provider's endpoints on a real local port, which answer as they are told: also what no good one does.

async with token_server() as server:
    server.answers("/token", status(503), granted())   # the last one stays
    ... server.provider() ...
    server.asked[-1].form["refresh_token"]
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from mailbox_svc.model.oauth import OAuthClient, OAuthProvider
from mailbox_svc.model.secret import Secret

#: Writes one whole HTTP answer, or whatever it does instead.
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

CLIENT_ID = "service-1"
CLIENT_SECRET = "CANARY-client-secret"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    #: By their names in lower case.
    headers: dict[str, str] = field(repr=False)
    form: dict[str, str] = field(repr=False)


class TokenServer:
    """Counts and keeps what it is asked; before it is told anything it answers 404."""

    def __init__(self) -> None:
        self.base = ""
        self.asked: list[Asked] = []
        #: Connections that are open now, and that were at most.
        self.open = 0
        self.most_open = 0
        self._scripts: dict[str, list[Answer]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    def answers(self, path: str, *script: Answer) -> None:
        """Answer the requests to this path one after the other so, and all further ones as the last."""
        self._scripts[path] = list(script)

    def provider(self, **changes: Any) -> OAuthProvider:
        """Return this provider as the service sees it, registered."""
        provider = OAuthProvider(
            id="example",
            name="Example",
            authorize_url=f"{self.base}/authorize",
            token_url=f"{self.base}/token",
            revoke_url=f"{self.base}/revoke",
            userinfo_url=f"{self.base}/userinfo",
            issuer="https://issuer.example.org",
            sends_issuer=False,
            scopes=("openid", "email", "mail.read"),
            needed_scopes=("mail.read",),
            authorize_params=(("prompt", "consent"),),
            address_claims=("email",),
            client_auth="client_secret_basic",
            imap_host="localhost",
            imap_port=993,
            imap_tls=True,
            mechanism=None,
            client=OAuthClient(CLIENT_ID, Secret(CLIENT_SECRET), "http://127.0.0.1:9/callback"),
        )
        return replace(provider, **changes)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            asked = await _read(reader)
            self.asked.append(asked)
            script = self._scripts.get(asked.path, [status(404)])
            await (script.pop(0) if len(script) > 1 else script[0])(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def stop(self) -> None:
        """End the answers that have no end."""
        for task in [*self._serving]:  # Python 3.12 and later wait for them
            task.cancel()
        if self._serving:
            await asyncio.wait([*self._serving])


@asynccontextmanager
async def token_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[TokenServer]:
    """Run one; with `tls` it is reached as https://localhost."""
    here = TokenServer()
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    here.base = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield here
    finally:
        server.close()
        await here.stop()
        await server.wait_closed()


def status(code: int, body: bytes = b"", *headers: str) -> Answer:
    """An answer with this status and body, and further header lines."""
    return raw(_head(code, *headers, f"content-length: {len(body)}") + body)


def says(content: object, code: int = 200, *headers: str) -> Answer:
    """An answer in JSON."""
    return status(code, json.dumps(content).encode(), "content-type: application/json", *headers)


def granted(**changes: Any) -> Answer:
    """A good answer of the token endpoint; a change to None leaves a member out."""
    good = {
        "access_token": "CANARY-access-token",
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": "CANARY-refresh-token-2",
        "scope": "openid email mail.read",
    }
    return says({name: value for name, value in (good | changes).items() if value is not None})


def refuses(error: str, code: int = 400) -> Answer:
    """An error as RFC 6749 §5.2 has it, with words that must not get further."""
    return says({"error": error, "error_description": "CANARY-words-of-the-provider"}, code)


def raw(answer: bytes) -> Answer:
    """These bytes, then the end."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return write


def after(seconds: float, answer: Answer) -> Answer:
    """The answer, late."""

    async def write(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await answer(writer)

    return write


def when(open_now: asyncio.Event, answer: Answer) -> Answer:
    """The answer, once the event is set."""

    async def write(writer: asyncio.StreamWriter) -> None:
        await open_now.wait()
        await answer(writer)

    return write


def dripping(pace: float = 0.02) -> Answer:
    """A good answer's beginning, a byte at a time, for ever."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, "content-type: application/json", "content-length: 100000"))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(pace)

    return write


def endless() -> Answer:
    """As many bytes as are taken, without an announced end."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, "content-type: application/json"))
        while True:
            writer.write(b" " * 65536)
            await writer.drain()

    return write


def cut() -> Answer:
    """An answer whose connection ends in the middle."""
    return raw(_head(200, "content-length: 1000") + b'{"access_token": "CANARY-half')


def id_token(**changes: Any) -> str:
    """An ID token with a signature that nobody made; a change to None leaves a claim out."""
    good = {
        "iss": "https://issuer.example.org",
        "aud": CLIENT_ID,
        "sub": "1",
        "exp": int(time.time()) + 600,
        "email": "ann@example.org",
    }
    claims = {name: value for name, value in (good | changes).items() if value is not None}
    return f"{_segment({'alg': 'RS256'})}.{_segment(claims)}.c2ln"


def _segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _head(code: int, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code} X", *headers, "connection: close", "", ""]).encode()


async def _read(reader: asyncio.StreamReader) -> Asked:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, dict(parse_qsl(body.decode(), keep_blank_values=True)))
