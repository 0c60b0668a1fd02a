"""The client for ordinary code. Safe to share between threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar, Unpack

import grpc

from mailboxes import _calls
from mailboxes._calls import DraftFields, Mailboxes, SaveFields, Tls
from mailboxes.errors import error_from
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_pb2 import Mailbox
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class Client:
    """A user's mailboxes. Every method raises `MailboxError`."""

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
        self._stub = MailboxServiceStub(self._channel)

    def list(self) -> Mailboxes:
        """Return all mailboxes, oldest first."""
        return list(self._call(self._stub.List, pb.ListRequest(), self._timeout).mailboxes)

    def save(self, **fields: Unpack[SaveFields]) -> Mailbox:
        """Create a mailbox, or update the one with the given `id`; return it as stored."""
        return self._call(self._stub.Save, _calls.save_request(**fields), self._timeout).mailbox

    def delete(self, mailbox_id: str) -> None:
        """Remove a mailbox, its password and everything harvested from it."""
        self._call(self._stub.Delete, pb.DeleteRequest(id=mailbox_id), self._timeout)

    def test(self, mailbox_id: str) -> pb.TestResponse:
        """Log in to a saved mailbox once. A failed login is an answer: look at `ok` and `error`."""
        return self._call(self._stub.Test, pb.TestRequest(id=mailbox_id), self._test_timeout)

    def test_draft(self, **fields: Unpack[DraftFields]) -> pb.TestResponse:
        """Log in with what is not saved yet. Nothing is stored."""
        return self._call(self._stub.Test, _calls.draft_request(**fields), self._test_timeout)

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
        token = self._token if isinstance(self._token, str) else self._token()
        try:
            return method(request, timeout=timeout, metadata=_calls.metadata(token, self._user_id))
        except grpc.RpcError as failure:
            raise error_from(failure) from failure


def _open(target: str, tls: Tls) -> grpc.Channel:
    credentials = _calls.credentials(target, tls)
    if credentials is None:
        return grpc.insecure_channel(target, options=_calls.CHANNEL_OPTIONS)
    return grpc.secure_channel(target, credentials, options=_calls.CHANNEL_OPTIONS)
