"""The way to the service: one channel for all requests, and a client for the caller of each.

Every call carries the caller's own token. The gateway has none, and so no rights of its own.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

import grpc
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mailbox_svc.rest.boundary import REQUEST_ID, current_request_id
from mailbox_svc.rest.problems import Problem, Refused
from mailboxes import AsyncClient

_OPTIONS: Final = (
    # A service that is started again is found again soon: gRPC's own pauses grow to two minutes.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A watched harvest may be silent for long; this finds out that the connection is gone.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
#: RFC 6750 §2.1.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")

_bearer_header = HTTPBearer(auto_error=False)


def open_channel(target: str, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    """Return a channel that passes each request's id on; without credentials it is clear text."""
    interceptors = [_PassRequestId(), _PassRequestIdOfStream()]
    if credentials is None:
        return grpc.aio.insecure_channel(target, _OPTIONS, interceptors=interceptors)
    return grpc.aio.secure_channel(target, credentials, _OPTIONS, interceptors=interceptors)


def client_with(token: str, request: Request) -> AsyncClient:
    """Return a client that calls as the token's user. It is not to be closed: the channel is everybody's.

    Raises Refused for what can be no token; all others the service judges.
    """
    if not _BEARER.fullmatch(token):
        sentence = "The token is not valid for this service."
        raise Refused(Problem(HTTPStatus.UNAUTHORIZED, "TOKEN_INVALID", sentence))
    return AsyncClient("", token, channel=request.state.channel)


def bearer_token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer_header)]) -> str:
    """Return what the caller sent as a token."""
    if credentials is None:
        sentence = "Send 'authorization: Bearer <token>'."
        raise Refused(Problem(HTTPStatus.UNAUTHORIZED, "TOKEN_MISSING", sentence))
    return credentials.credentials


BearerToken = Annotated[str, Depends(bearer_token)]


def _client(token: BearerToken, request: Request) -> AsyncClient:
    return client_with(token, request)


Client = Annotated[AsyncClient, Depends(_client)]


class _PassRequestId(grpc.aio.UnaryUnaryClientInterceptor):
    """Makes the service's log and ours call a request by the same name."""

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(_with_request_id(client_call_details), request)


class _PassRequestIdOfStream(grpc.aio.UnaryStreamClientInterceptor):
    """The same where the answer is a stream; grpc.aio takes each interceptor for one kind of calls only."""

    async def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        return await continuation(_with_request_id(client_call_details), request)


def _with_request_id(details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
    metadata = grpc.aio.Metadata(*(details.metadata or ()))
    metadata.add(REQUEST_ID, current_request_id.get())
    return grpc.aio.ClientCallDetails(
        details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
    )
