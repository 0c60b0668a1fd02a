"""The four RPCs of OAuthService over the real parts: SQLite, vault, and a certified provider."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig
from mailboxes.v1 import mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as mailbox_pb
from mailboxes.v1 import oauth_service_pb2 as pb
from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceStub
from support.browser_user import SentBack, authorize
from support.logs import logs_as_in_production
from support.oidc import OidcProvider, running_provider
from support.parts import parts
from support.rpc import ANN, BOB, Failure, Served, bearing, eventually, failure_of, serving

if TYPE_CHECKING:  # in the type stubs only
    from mailboxes.v1.oauth_service_pb2_grpc import OAuthServiceAsyncStub

ADDRESS = "ann@example.org"
#: Nobody listens there; for what ends before a provider is asked, or because none answers.
DOWN = OidcProvider("http://127.0.0.1:9", "http://127.0.0.1:9/callback", 3600).provider()
STATE, CODE = "CANARY-state", "CANARY-code"

NAMES = {method.name for method in pb.DESCRIPTOR.services_by_name["OAuthService"].methods}
REQUESTS: list[tuple[str, Any]] = [
    ("ListProviders", pb.ListProvidersRequest()),
    ("StartAuthorization", pb.StartAuthorizationRequest(provider="example")),
    ("CompleteAuthorization", pb.CompleteAuthorizationRequest(state=STATE, code=CODE)),
    ("Revoke", pb.RevokeRequest(mailbox_id=str(uuid.uuid4()))),
]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service that knows one provider that is set up, and one that is not."""

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


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
async def service(oidc: OidcProvider, tmp_path: Path) -> AsyncIterator[Service]:
    async with oauth_service(tmp_path, oidc.provider()) as here:
        yield here


@pytest.fixture
async def lonely(tmp_path: Path) -> AsyncIterator[Service]:
    """A service whose provider does not answer."""
    async with oauth_service(tmp_path, DOWN) as here:
        yield here


async def test_all_providers_are_listed_also_those_that_are_not_set_up(lonely: Service) -> None:
    answer = await lonely.call("ListProviders", pb.ListProvidersRequest())
    assert [(one.id, one.configured) for one in answer.providers] == [("example", True), ("other", False)]


async def test_an_account_becomes_a_mailbox(service: Service) -> None:
    started = await service.start(login_hint=ADDRESS)
    assert started.HasField("expire_time")
    back = await authorize(started.authorization_url)
    assert back.state == started.state
    mailbox = await service.complete(state=back.state, code=back.code, iss=back.iss)
    assert (mailbox.user, mailbox.auth, mailbox.oauth_provider) == (
        ADDRESS,
        mailbox_pb2.AUTH_OAUTH,
        "example",
    )
    assert (mailbox.has_password, mailbox.status) == (False, mailbox_pb2.MAILBOX_STATUS_PENDING)
    assert await service.list() == [mailbox]
    assert await service.list(BOB) == []


async def test_a_state_is_good_once_and_only_for_its_user(service: Service) -> None:
    back = await service.sent_back()
    answer = {"state": back.state, "code": back.code, "iss": back.iss}
    bobs = await failure_of(service.complete(BOB, **answer))
    nobodys = await failure_of(service.complete(BOB, **{**answer, "state": STATE}))
    assert (bobs.code, bobs.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "OAUTH_STATE_INVALID")
    assert (bobs.code, bobs.reason, bobs.message) == (nobodys.code, nobodys.reason, nobodys.message)
    assert (await service.complete(**answer)).user == ADDRESS  # bob has not used it up
    assert (await failure_of(service.complete(**answer))).reason == "OAUTH_STATE_INVALID"
    assert await service.list(BOB) == []


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ({"error": "access_denied"}, "OAUTH_DENIED"),
        ({"unticks": ["mail.read"]}, "OAUTH_SCOPE_MISSING"),
    ],
)
async def test_a_user_who_says_no_is_no_defect(service: Service, does: dict[str, Any], reason: str) -> None:
    back = await service.sent_back(**does)
    given = {name: getattr(back, name) for name in ("state", "code", "iss", "error")}
    failure = await failure_of(service.complete(**{name: value for name, value in given.items() if value}))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, reason)
    assert await service.list() == []


async def test_a_permission_is_given_back_and_the_mailbox_stays(service: Service, oidc: OidcProvider) -> None:
    mailbox = await service.connected()
    before = oidc.counts().revocations
    revoked = await service.call("Revoke", pb.RevokeRequest(mailbox_id=mailbox.id))
    assert revoked.told_provider
    assert oidc.counts().revocations == before + 1
    assert revoked.mailbox.id == mailbox.id
    assert revoked.mailbox.status == mailbox_pb2.MAILBOX_STATUS_NEEDS_REAUTH
    assert await service.list() == [revoked.mailbox]


async def test_anothers_mailbox_is_not_found_in_the_same_words_as_none_at_all(service: Service) -> None:
    anns = await service.connected()

    async def answers(mailbox_id: str) -> list[tuple[grpc.StatusCode, str, str]]:
        attempts: list[Failure] = [
            await failure_of(service.start(BOB, mailbox_id=mailbox_id)),
            await failure_of(service.call("Revoke", pb.RevokeRequest(mailbox_id=mailbox_id), BOB)),
        ]
        return [(failure.code, failure.reason, failure.message) for failure in attempts]

    found = await answers(anns.id)
    assert found == await answers(str(uuid.uuid4()))
    assert {(code, reason) for code, reason, _ in found} == {(grpc.StatusCode.NOT_FOUND, "MAILBOX_NOT_FOUND")}
    assert await service.list() == [anns]


@pytest.mark.parametrize(
    ("fields", "violated"),
    [
        ({}, {"state"}),
        ({"code": CODE}, {"state"}),
        ({"state": "", "code": CODE}, {"state"}),
        ({"state": STATE + "x" * 1000, "code": CODE}, {"state"}),
        ({"state": STATE}, {"code"}),
        ({"state": STATE, "code": ""}, {"code"}),
        ({"state": STATE, "code": CODE + "x" * 10_000}, {"code"}),
    ],
)
async def test_an_answer_that_no_provider_gives_is_refused_by_its_fields(
    lonely: Service, fields: dict[str, str], violated: set[str]
) -> None:
    failure = await failure_of(lonely.complete(**fields))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert set(failure.violations) == violated
    assert "CANARY" not in repr((failure.message, failure.violations))


@pytest.mark.parametrize("provider", ["", "other", "nonsense", "Example"])
async def test_a_provider_that_is_not_set_up_cannot_be_used(lonely: Service, provider: str) -> None:
    failure = await failure_of(lonely.start(provider=provider))
    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "OAUTH_PROVIDER_NOT_FOUND")


async def test_a_mailbox_with_a_password_has_nothing_to_give_back(lonely: Service) -> None:
    save = mailbox_pb.SaveRequest(
        label="Work", host="mail.example.org", port=993, tls=True, user=ADDRESS, password="CANARY-password"
    )
    saved = (await lonely.served.stub.Save(save, metadata=bearing(ANN), timeout=10)).mailbox
    failure = await failure_of(lonely.call("Revoke", pb.RevokeRequest(mailbox_id=saved.id)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_CONNECTED")
    assert await lonely.list() == [saved]


async def test_a_provider_that_does_not_answer_is_no_defect_of_the_callers(lonely: Service) -> None:
    started = await lonely.start()
    failure = await failure_of(lonely.complete(state=started.state, code=CODE, iss=DOWN.issuer))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "OAUTH_PROVIDER_UNAVAILABLE")
    assert failure.retry_after is not None
    assert "CANARY" not in repr(failure)


def test_the_requests_above_are_of_every_method() -> None:
    assert {name for name, _ in REQUESTS} == NAMES


@pytest.mark.parametrize(("method", "request_"), REQUESTS)
async def test_every_method_needs_a_token(lonely: Service, method: str, request_: Any) -> None:
    anonymous = await failure_of(getattr(lonely.stub, method)(request_, timeout=10))
    forged = await failure_of(lonely.call(method, request_, "CANARY-forged"))
    assert [anonymous.reason, forged.reason] == ["TOKEN_MISSING", "TOKEN_INVALID"]


async def test_fields_of_a_newer_client_are_passed_over(lonely: Service) -> None:
    newer = b"\xfa\x3f\x06CANARY"  # field 1023, a text
    raw: Any = lonely.served.channel.unary_unary("/mailboxes.v1.OAuthService/StartAuthorization")
    request = pb.StartAuthorizationRequest(provider="example").SerializeToString() + newer
    answer = pb.StartAuthorizationResponse.FromString(await raw(request, metadata=bearing(ANN)))
    assert answer.state


async def test_neither_state_nor_code_nor_address_is_ever_logged(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_as_in_production("DEBUG"):
        good, bad = await service.start(login_hint=ADDRESS), await service.start(login_hint=ADDRESS)
    back = await authorize(good.authorization_url)  # the browser has its own log, which is none of ours
    denied = await authorize(bad.authorization_url, error="access_denied")
    given = {"state": back.state, "code": back.code, "iss": back.iss}
    with logs_as_in_production("DEBUG"):
        await failure_of(service.complete(BOB, **given))
        await failure_of(service.complete(state=STATE, code=CODE))
        await failure_of(service.complete(state=STATE, error="CANARY-error"))
        await failure_of(service.complete(state=denied.state, error=denied.error, iss=denied.iss))
        mailbox = await service.complete(**given)
        await service.call("Revoke", pb.RevokeRequest(mailbox_id=mailbox.id))
        await eventually(lambda: service.served.slots_in_use == 0)
    logged = capsys.readouterr().err
    assert "OAuthService/StartAuthorization" in logged
    assert "OAuthService/CompleteAuthorization" in logged
    for secret in (back.state, back.code, denied.state, ADDRESS, "CANARY"):
        assert secret not in logged


async def test_who_waits_for_a_provider_takes_a_slot_of_his_own_kind(tmp_path: Path) -> None:
    """The provider accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = replace(DOWN, token_url=f"http://127.0.0.1:{listener.getsockname()[1]}/token")
        limits = Limits(authorizations_per_user=1, authorizations=2)
        async with oauth_service(tmp_path, silent, limits) as service:

            async def complete(token: str = ANN) -> mailbox_pb2.Mailbox:
                state = (await service.start(token)).state
                return await service.complete(token, state=state, code=CODE, iss=DOWN.issuer)

            waiting = asyncio.ensure_future(failure_of(complete()))
            await eventually(lambda: service.served.slots_in_use == 3)
            failure = await failure_of(complete())
            assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
            assert failure.retry_after is not None
            assert "authorizations" in failure.message
            revoke = service.call("Revoke", pb.RevokeRequest(mailbox_id=str(uuid.uuid4())))
            assert (await failure_of(revoke)).reason == "OVERLOADED"
            await service.list()  # his other calls are not affected
            bobs = asyncio.ensure_future(failure_of(complete(BOB)))
            await eventually(lambda: service.served.slots_in_use == 6)
            for task in (waiting, bobs):
                task.cancel()
            await eventually(lambda: service.served.slots_in_use == 0)
