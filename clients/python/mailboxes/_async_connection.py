"""What all methods of the async client go through: its channel, its token, its errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Self, TypeVar

import grpc

from mailboxes import _calls
from mailboxes._calls import Tls
from mailboxes.errors import error_from
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceStub

if TYPE_CHECKING:  # the type stubs alone know these classes
    from mailboxes.v1.contact_service_pb2_grpc import ContactServiceAsyncStub
    from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceAsyncStub
    from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceAsyncStub
    from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceAsyncStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class Connection:
    """A channel and who uses it. Make it, use it and close it in one event loop."""

    def __init__(
        self,
        target: str,
        token: str | Callable[[], str | Awaitable[str]],
        *,
        tls: Tls = None,
        user_id: str | None = None,
        timeout: float = _calls.TIMEOUT,
        test_timeout: float = _calls.TEST_TIMEOUT,
        channel: grpc.aio.Channel | None = None,
    ) -> None:
        """Connect on the first call.

        `target` is host:port. `token` is a JWT, or a function, async or not, that returns one
        and is asked before each call. `tls` is on unless the target is this machine; give
        `grpc.ssl_channel_credentials(...)` for your own roots or a client certificate.
        `user_id` is for service tokens. Timeouts are in seconds. A `channel` of your own, with
        interceptors perhaps, is used instead of a new one.
        """
        self._target = target
        self._token = token
        self._user_id = user_id
        self._timeout = timeout
        self._test_timeout = test_timeout
        self._channel = channel or _open(target, tls)
        self._mailboxes: MailboxServiceAsyncStub = MailboxServiceStub(self._channel)
        self._harvests: HarvestServiceAsyncStub = HarvestServiceStub(self._channel)
        self._contacts: ContactServiceAsyncStub = ContactServiceStub(self._channel)
        self._oauth: OAuthServiceAsyncStub = OAuthServiceStub(self._channel)

    async def close(self) -> None:
        """Close the connection; running calls are cancelled."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"mailboxes.AsyncClient({self._target!r})"

    async def _call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        timeout: float,
    ) -> _Response:
        try:
            return await method(request, timeout=timeout, metadata=await self._metadata())
        except grpc.RpcError as failure:
            raise error_from(failure) from failure

    async def _stream(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[_Request, _Response],
        request: _Request,
        timeout: float | None,
    ) -> AsyncGenerator[_Response]:
        call = method(request, timeout=timeout, metadata=await self._metadata())
        try:
            async for response in call:
                yield response
        except grpc.RpcError as failure:
            raise error_from(failure) from failure
        finally:
            call.cancel()  # the caller may have had enough

    async def _metadata(self) -> tuple[tuple[str, str], ...]:
        token = self._token if isinstance(self._token, str) else self._token()
        if not isinstance(token, str):
            token = await token
        return _calls.metadata(token, self._user_id)


def _open(target: str, tls: Tls) -> grpc.aio.Channel:
    credentials = _calls.credentials(target, tls)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_calls.CHANNEL_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=_calls.CHANNEL_OPTIONS)
