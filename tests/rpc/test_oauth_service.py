"""The four RPCs of OAuthService over the real parts: SQLite, vault, and a certified provider."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailboxes.v1 import mailbox_pb2
from mailboxes.v1 import oauth_service_pb2 as pb
from support.browser_user import authorize
from support.logs import logs_as_in_production
from support.oauth_service import ADDRESS, Service, oauth_service
from support.oidc import OidcProvider, running_provider
from support.rpc import BOB, Failure, eventually, failure_of

STATE, CODE = "CANARY-state", "CANARY-code"


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
async def service(oidc: OidcProvider, tmp_path: Path) -> AsyncIterator[Service]:
    async with oauth_service(tmp_path, oidc.provider()) as here:
        yield here


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
