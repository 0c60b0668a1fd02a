"""HTTP/1.1 as the gateway speaks it: uvicorn's, with a limit of time for heads, and refusals in our shape."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailbox_svc.rest.problems import Problem

_UNREADABLE: Final = Problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "This is not HTTP that can be read.")


class GatewayProtocol(H11Protocol):
    """One connection. uvicorn waits for a head for ever: one byte now and then would keep it open."""

    def __init__(self, head_seconds: float, **settings: Any) -> None:
        super().__init__(**settings)
        self._head_seconds = head_seconds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # IDLE is where h11 stays until a head is complete.
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (its text is uvicorn's)
        headers = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("connection", "close"),
        ]
        status = _UNREADABLE.status
        for event in (
            h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()),
            h11.Data(data=json.dumps(_UNREADABLE.content).encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
