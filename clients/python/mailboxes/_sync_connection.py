"""What all methods of the sync client go through: its channel, its token, its errors."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Self, TypeVar

import grpc

from mailboxes import _calls
from mailboxes._calls import Tls
from mailboxes.errors import error_from
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class Connection:
    """A channel and who uses it. Safe to share between threads."""

    def __init__(
        self,
        target: str,
        token: str | Callable[[], str],
        *,
        tls: Tls = None,
        user_id: str | None = None,
        timeout: float = _calls.TIMEOUT,
        test_timeout: float = _calls.TEST_TIMEOUT,
        channel: grpc.Channel | None = None,
    ) -> None:
        """Connect on the first call.

        `target` is host:port. `token` is a JWT, or a function that returns one and is asked
        before each call. `tls` is on unless the target is this machine; give
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
        # Made now: making one over a closed channel crashes grpc.
        self._mailboxes = MailboxServiceStub(self._channel)
        self._harvests = HarvestServiceStub(self._channel)
        self._contacts = ContactServiceStub(self._channel)
        self._oauth = OAuthServiceStub(self._channel)

    def close(self) -> None:
        """Close the connection; running calls are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"mailboxes.Client({self._target!r})"

    def _call(
        self, method: grpc.UnaryUnaryMultiCallable[_Request, _Response], request: _Request, timeout: float
    ) -> _Response:
        try:
            return method(request, timeout=timeout, metadata=self._metadata())
        except grpc.RpcError as failure:
            raise error_from(failure) from failure

    def _stream(
        self,
        method: grpc.UnaryStreamMultiCallable[_Request, _Response],
        request: _Request,
        timeout: float | None,
    ) -> Generator[_Response]:
        call = method(request, timeout=timeout, metadata=self._metadata())
        try:
            yield from call
        except grpc.RpcError as failure:
            raise error_from(failure) from failure
        finally:
            call.cancel()  # the caller may have had enough

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        token = self._token if isinstance(self._token, str) else self._token()
        return _calls.metadata(token, self._user_id)


def _open(target: str, tls: Tls) -> grpc.Channel:
    credentials = _calls.credentials(target, tls)
    if credentials is None:
        return grpc.insecure_channel(target, options=_calls.CHANNEL_OPTIONS)
    return grpc.secure_channel(target, credentials, options=_calls.CHANNEL_OPTIONS)
