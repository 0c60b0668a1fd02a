"""A running OAuthService, called over gRPC, that knows one provider that is set up, and one that is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig
from mailboxes.v1 import mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as mailbox_pb
from mailboxes.v1 import oauth_service_pb2 as pb
from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceStub
from support.browser_user import SentBack, authorize
from support.oidc import OidcProvider
from support.parts import parts
from support.rpc import ANN, Served, bearing, serving

if TYPE_CHECKING:  # in the type stubs only
    from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceAsyncStub

ADDRESS = "ann@example.org"
#: Nobody listens there; for what ends before a provider is asked, or because none answers.
DOWN = OidcProvider("http://127.0.0.1:9", "http://127.0.0.1:9/callback", 3600).provider()


@dataclass(frozen=True, slots=True)
class Service:
    served: Served

    @property
    def stub(self) -> OAuthServiceAsyncStub:
        return OAuthServiceStub(self.served.channel)

    async def call(self, method: str, request: Any, token: str = ANN) -> Any:
        return await getattr(self.stub, method)(request, metadata=bearing(token), timeout=20)

    async def start(self, token: str = ANN, **fields: str) -> pb.StartAuthorizationResponse:
        request = pb.StartAuthorizationRequest(**{"provider": "example", **fields})
        answer: pb.StartAuthorizationResponse = await self.call("StartAuthorization", request, token)
        return answer

    async def sent_back(self, **does: Any) -> SentBack:
        return await authorize((await self.start(login_hint=ADDRESS)).authorization_url, **does)

    async def complete(self, token: str = ANN, **fields: str) -> mailbox_pb2.Mailbox:
        request = pb.CompleteAuthorizationRequest(**fields)
        answer = await self.call("CompleteAuthorization", request, token)
        mailbox: mailbox_pb2.Mailbox = answer.mailbox
        return mailbox

    async def connected(self) -> mailbox_pb2.Mailbox:
        back = await self.sent_back()
        return await self.complete(state=back.state, code=back.code, iss=back.iss)

    async def list(self, token: str = ANN) -> list[mailbox_pb2.Mailbox]:
        answer = await self.served.stub.List(mailbox_pb.ListRequest(), metadata=bearing(token), timeout=10)
        return list(answer.mailboxes)


@asynccontextmanager
async def oauth_service(
    folder: Path, provider: OAuthProvider, limits: Limits | None = None
) -> AsyncIterator[Service]:
    config = RpcConfig("127.0.0.1:0", limits=limits or Limits())
    known = (provider, replace(provider, id="other", name="Other", client=None))
    async with parts(folder, providers=known) as real, serving(real.use_cases, config=config) as served:
        yield Service(served)
