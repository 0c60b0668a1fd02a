"""Surrounds every request: its id, its size, its headers, one line in the log, and what nobody expected.

The line has the route's pattern and never the path or the query, which hold codes, states and ids.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from contextvars import ContextVar
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from mailbox_svc.rest.problems import INTERNAL
from mailbox_svc.rest.streams import CutOff

log = logging.getLogger(__name__)

REQUEST_ID: Final = "x-request-id"
#: Bytes of a request's body; a thousand ids in a list are 40 KB.
MAX_BODY: Final = 64 * 1024

# As the service takes them: what may stand in a log line and in a header without any escaping.
_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: For answers that say nothing else. No answer may be kept, framed, sniffed, or name us as a referrer.
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

#: The id of the request that the running task serves; the service uses the same.
current_request_id: ContextVar[str] = ContextVar("current_request_id")


class Boundary:
    """The outermost layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        current_request_id.set(request_id)
        bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def complete(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, complete)
        finally:
            facts = {
                "method": scope["method"],
                "path": getattr(scope.get("route"), "path_format", ""),
                "status": status,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
            }
            log.info("request", extra=facts)


class LastResort:
    """The innermost layer: no error gets beyond it, so that nobody prints its text."""

    def __init__(self, app: ASGIApp, body_seconds: float) -> None:
        self._app = app
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, _limited(receive, self._body_seconds), watched)
        except CutOff as cut:
            log.warning("answer cut off", extra={"code": cut.code})
        except Exception:
            log.exception("unexpected error")  # `logs` writes its type and stack, and never its text
            if not begun:
                await INTERNAL.response()(scope, receive, send)


def _limited(receive: Receive, seconds: float) -> Receive:
    """Count the body and the time it takes; FastAPI's own limit answers in plain text, and has no clock."""
    size = 0
    complete = False
    end = asyncio.get_running_loop().time() + seconds

    async def limited() -> Message:
        nonlocal size, complete
        if complete:  # what comes now is that the client goes, however late
            return await receive()
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        complete = not message.get("more_body", False)
        return message

    return limited


def _request_id(headers: Headers) -> str:
    wish = headers.get(REQUEST_ID, "")
    # An id, not a secret: no system call for it.
    return wish if _SANE_REQUEST_ID.fullmatch(wish) else f"{random.getrandbits(64):016x}"
