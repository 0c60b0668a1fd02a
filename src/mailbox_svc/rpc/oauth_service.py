"""Owns the four RPCs of OAuthService: convert, call the use case, convert back; nothing else."""
# ruff: noqa: ARG002, N802  (names are the contract's, and grpc hands every method a context)

from __future__ import annotations

from typing import Any

import grpc

from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth.service import Connections
from mailbox_svc.rpc.call import calling_user
from mailbox_svc.rpc.convert import mailbox_to_pb
from mailbox_svc.rpc.convert_oauth import code_from_pb, provider_to_pb, started_to_pb
from mailboxes.v1 import oauth_service_pb2 as pb
from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]


class OAuthServicer(OAuthServiceServicer):
    """OAuthService on top of the use cases."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def ListProviders(
        self, request: pb.ListProvidersRequest, context: Context
    ) -> pb.ListProvidersResponse:
        return pb.ListProvidersResponse(providers=map(provider_to_pb, self._connections.providers))

    async def StartAuthorization(
        self, request: pb.StartAuthorizationRequest, context: Context
    ) -> pb.StartAuthorizationResponse:
        started = await self._connections.start(
            calling_user(),
            request.provider,
            login_hint=request.login_hint if request.HasField("login_hint") else None,
            mailbox_id=request.mailbox_id if request.HasField("mailbox_id") else None,
        )
        return started_to_pb(started)

    async def CompleteAuthorization(
        self, request: pb.CompleteAuthorizationRequest, context: Context
    ) -> pb.CompleteAuthorizationResponse:
        mailbox = await self._connections.complete(
            calling_user(),
            Secret(request.state),
            code=code_from_pb(request),
            iss=request.iss if request.HasField("iss") else None,
            error=request.error if request.HasField("error") else None,
        )
        return pb.CompleteAuthorizationResponse(mailbox=mailbox_to_pb(mailbox))

    async def Revoke(self, request: pb.RevokeRequest, context: Context) -> pb.RevokeResponse:
        mailbox, told_provider = await self._connections.revoke(calling_user(), request.mailbox_id)
        return pb.RevokeResponse(mailbox=mailbox_to_pb(mailbox), told_provider=told_provider)
