"""The four RPCs over the real parts: SQLite, vault, IMAP client, and a server on a socket."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from mailboxes.v1 import connection_test_pb2, mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.imap_server import running, server_context
from support.parts import GOOD_PASSWORD, honest_server, parts
from support.rpc import ANN, BOB, Failure, Served, bearing, failure_of, serving


@dataclass(frozen=True, slots=True)
class Service:
    """A running service, and an IMAP server that it may reach."""

    served: Served
    imap_port: int

    def request(self, **changes: Any) -> pb.SaveRequest:
        fields: dict[str, Any] = {
            "label": "Work",
            "host": "localhost",
            "port": self.imap_port,
            "tls": True,
            "user": "ann@example.org",
            "password": GOOD_PASSWORD,
        }
        return pb.SaveRequest(**{**fields, **changes})

    async def save(self, token: str = ANN, **changes: Any) -> mailbox_pb2.Mailbox:
        saved = await self.served.stub.Save(self.request(**changes), metadata=bearing(token), timeout=10)
        return saved.mailbox

    async def list(self, token: str = ANN) -> list[mailbox_pb2.Mailbox]:
        answer = await self.served.stub.List(pb.ListRequest(), metadata=bearing(token), timeout=10)
        return list(answer.mailboxes)

    async def test(self, token: str = ANN, **target: Any) -> pb.TestResponse:
        request = pb.TestRequest(**target)
        return await self.served.stub.Test(request, metadata=bearing(token), timeout=10)

    async def delete(self, mailbox_id: str, token: str = ANN) -> pb.DeleteResponse:
        request = pb.DeleteRequest(id=mailbox_id)
        return await self.served.stub.Delete(request, metadata=bearing(token), timeout=10)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with (
        running(honest_server, tls=server_context()) as imap,
        parts(tmp_path, imap.port) as real,
        serving(real.use_cases) as served,
    ):
        yield Service(served, imap.port)


async def test_a_saved_mailbox_is_listed_tested_and_deleted(service: Service) -> None:
    saved = await service.save()
    assert saved.has_password
    assert (saved.status, saved.auth) == (mailbox_pb2.MAILBOX_STATUS_PENDING, mailbox_pb2.AUTH_PASSWORD)
    assert await service.list() == [saved]

    report = await service.test(id=saved.id)
    assert report.ok, report
    assert report.stage == connection_test_pb2.TEST_STAGE_LIST
    assert [check.ok for check in report.checks] == [True] * len(report.checks)
    (tested,) = await service.list()
    assert tested.status == mailbox_pb2.MAILBOX_STATUS_OK
    assert tested.HasField("last_tested_at")
    assert tested.etag == saved.etag

    assert (await service.delete(saved.id)).ok
    assert await service.list() == []


async def test_a_failed_login_is_an_answer_and_is_remembered(service: Service) -> None:
    saved = await service.save(password="CANARY-wrong-password")
    report = await service.test(id=saved.id)
    assert not report.ok
    assert report.code == connection_test_pb2.TEST_CODE_AUTH_INVALID_CREDENTIALS
    assert report.stage == connection_test_pb2.TEST_STAGE_AUTH
    assert "password" in report.wrong_fields
    (tested,) = await service.list()
    assert tested.status == mailbox_pb2.MAILBOX_STATUS_ERROR
    assert tested.last_error == report.error != ""
    assert tested.last_remedy == report.remedy
    assert report.remedy.text


async def test_a_draft_is_tested_and_not_stored(service: Service) -> None:
    assert (await service.test(draft=service.request())).ok
    assert await service.list() == []


async def test_a_password_goes_in_and_never_comes_out(service: Service) -> None:
    saved = await service.save()
    report = await service.test(id=saved.id)
    answers = [saved, *await service.list(), report]
    assert all(GOOD_PASSWORD.encode() not in answer.SerializeToString() for answer in answers)


async def test_every_bad_field_is_named_at_once(service: Service) -> None:
    failure = await failure_of(service.save(label="", host="http://x", port=70000, user="a\r\nb"))
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert set(failure.violations) == {"label", "host", "port", "user"}


async def test_a_test_needs_a_target(service: Service) -> None:
    failure = await failure_of(service.test())
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert list(failure.violations) == ["target"]


async def test_a_new_destination_needs_the_password_again(service: Service) -> None:
    saved = await service.save()
    moved = pb.SaveRequest(id=saved.id, label="Work", host="evil.example.org", port=993, tls=True, user="ann")
    call = service.served.stub.Save(moved, metadata=bearing(ANN))
    failure = await failure_of(call)
    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PASSWORD_REQUIRED")
    assert await service.list() == [saved]


async def test_an_old_etag_is_refused(service: Service) -> None:
    saved = await service.save()
    await service.save(id=saved.id, etag=saved.etag, label="Home")
    failure = await failure_of(service.save(id=saved.id, etag=saved.etag, label="Other"))
    assert (failure.code, failure.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_anothers_mailbox_is_not_found_in_the_same_words_as_none_at_all(service: Service) -> None:
    """Every RPC of bob with an id of ann's, against an id that nobody has."""
    saved = await service.save()
    nobodys = str(uuid.uuid4())

    async def answers(mailbox_id: str) -> list[tuple[grpc.StatusCode, str, str]]:
        update = pb.SaveRequest(
            id=mailbox_id,
            label="x",
            host="localhost",
            port=service.imap_port,
            tls=True,
            user="ann@example.org",
        )
        attempts: list[Failure] = [
            await failure_of(service.delete(mailbox_id, BOB)),
            await failure_of(service.test(BOB, id=mailbox_id)),
            await failure_of(service.test(BOB, draft=update)),
            await failure_of(service.served.stub.Save(update, metadata=bearing(BOB))),
        ]
        return [(failure.code, failure.reason, failure.message) for failure in attempts]

    anns = await answers(saved.id)
    assert anns == await answers(nobodys)
    assert {(code, reason) for code, reason, _ in anns} == {(grpc.StatusCode.NOT_FOUND, "MAILBOX_NOT_FOUND")}
    taken = await failure_of(service.save(BOB, id=saved.id))  # with a password, so meant as a new one
    assert taken.reason == "MAILBOX_NOT_FOUND"
    assert await service.list(BOB) == []
    assert await service.list() == [saved]
