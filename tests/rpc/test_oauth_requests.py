"""What OAuthService answers by itself: who may call, what is wrong with a request, how long one may wait."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailbox_svc.rpc.limits import Limits
from mailboxes.v1 import mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as mailbox_pb
from mailboxes.v1 import oauth_service_pb2 as pb
from support.oauth_service import ADDRESS, DOWN, Service, oauth_service
from support.rpc import ANN, BOB, bearing, eventually, failure_of

STATE, CODE = "CANARY-state", "CANARY-code"

NAMES = {method.name for method in pb.DESCRIPTOR.services_by_name["OAuthService"].methods}
REQUESTS: list[tuple[str, Any]] = [
    ("ListProviders", pb.ListProvidersRequest()),
    ("StartAuthorization", pb.StartAuthorizationRequest(provider="example")),
    ("CompleteAuthorization", pb.CompleteAuthorizationRequest(state=STATE, code=CODE)),
    ("Revoke", pb.RevokeRequest(mailbox_id=str(uuid.uuid4()))),
]


@pytest.fixture
async def lonely(tmp_path: Path) -> AsyncIterator[Service]:
    """A service whose provider does not answer."""
    async with oauth_service(tmp_path, DOWN) as here:
        yield here


async def test_all_providers_are_listed_also_those_that_are_not_set_up(lonely: Service) -> None:
    answer = await lonely.call("ListProviders", pb.ListProvidersRequest())
    assert [(one.id, one.configured) for one in answer.providers] == [("example", True), ("other", False)]


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


@asynccontextmanager
async def silent_service(folder: Path, limits: Limits) -> AsyncIterator[Service]:
    """A service whose provider accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = replace(DOWN, token_url=f"http://127.0.0.1:{listener.getsockname()[1]}/token")
        async with oauth_service(folder, silent, limits) as service:
            yield service


async def completing(service: Service, token: str = ANN) -> mailbox_pb2.Mailbox:
    state = (await service.start(token)).state
    return await service.complete(token, state=state, code=CODE, iss=DOWN.issuer)


async def test_who_waits_for_a_provider_takes_a_slot_of_his_own_kind(tmp_path: Path) -> None:
    limits = Limits(authorizations_per_user=1, authorizations=2)
    async with silent_service(tmp_path, limits) as service:
        waiting = asyncio.ensure_future(failure_of(completing(service)))
        await eventually(lambda: service.served.slots_in_use == 3)
        failure = await failure_of(completing(service))
        assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert failure.retry_after is not None
        assert "authorizations" in failure.message
        revoke = service.call("Revoke", pb.RevokeRequest(mailbox_id=str(uuid.uuid4())))
        assert (await failure_of(revoke)).reason == "OVERLOADED"
        await service.list()  # his other calls are not affected
        bobs = asyncio.ensure_future(failure_of(completing(service, BOB)))
        await eventually(lambda: service.served.slots_in_use == 6)
        for task in (waiting, bobs):
            task.cancel()
        await eventually(lambda: service.served.slots_in_use == 0)


async def test_a_provider_is_waited_for_as_long_as_calls_of_this_kind_may_last(tmp_path: Path) -> None:
    async with silent_service(tmp_path, Limits(seconds=60, oauth_seconds=0.5)) as service:
        started = time.perf_counter()
        failure = await failure_of(completing(service))
        assert time.perf_counter() - started < 30  # other calls have a minute
    assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
