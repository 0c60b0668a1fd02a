"""Connections to providers: few, verified, of bounded answers. Never follows a redirect or keeps a cookie."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx2

#: Bytes of one answer. Those of Microsoft, the largest, have some ten thousand.
MAX_ANSWER: Final = 256 * 1024
#: Connections to one provider: what is asked meanwhile waits, and others' providers do not notice.
MAX_CONNECTIONS: Final = 20
#: Of an answer's headers, those that are looked at. Without the others nothing decompresses it.
_HEADERS: Final = ("retry-after",)
#: No proxy of the environment stands between us and ourselves.
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class AnswerTooLarge(httpx2.TransportError):
    """The answer has more bytes than any honest one."""


class Pool(httpx2.AsyncBaseTransport):
    """One provider's connections, as a transport for clients that live for one request each."""

    def __init__(self, context: ssl.SSLContext, *, connect_timeout: float) -> None:
        self._connections = httpx2.AsyncClient(
            verify=context,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=2),
            mounts=dict.fromkeys(_LOOPBACK),
        )
        # The whole request has its deadline elsewhere, and so has the wait for a free connection.
        self._timeout = httpx2.Timeout(None, connect=connect_timeout).as_dict()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the whole answer. Raises httpx2.TransportError, AnswerTooLarge among them."""
        request.extensions = {**request.extensions, "timeout": self._timeout}
        # Raw bytes are counted and kept, so that a small compressed answer cannot become a large one.
        request.headers["accept-encoding"] = "identity"
        answer = await self._connections.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise AnswerTooLarge("more than 256 KiB")
        finally:
            await answer.aclose()
        headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        return httpx2.Response(answer.status_code, headers=headers, content=bytes(body))

    async def __aexit__(self, *_: object) -> None:
        """Stay open: a client that ends is not the last one."""

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connections.aclose()
