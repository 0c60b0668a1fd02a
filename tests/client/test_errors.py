"""What a failed call raises, with the service's own error details."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mailboxes
from mailboxes._status import ErrorDetails, error_details
from mailboxes.v1 import error_reason_pb2
from support.scripted_service import Abort, Both, Script, serving


def status(*details: Message, code: int = 3) -> bytes:
    message = status_pb2.Status(code=code, message="Some sentence.")
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        message.details.append(packed)
    return bytes(message.SerializeToString())


def info(reason: str, domain: str = "mailboxes.v1") -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata={"request_id": "r-1"})


async def raised(kind: str, code: grpc.StatusCode, details: bytes = b"") -> mailboxes.MailboxError:
    trailers: list[tuple[str, str | bytes]] = [("x-request-id", "r-1")]
    if details:
        trailers.append(("grpc-status-details-bin", details))
    async with serving(Script([Abort(code, "Some sentence.", tuple(trailers))])) as target:
        client = Both(kind, target)
        with pytest.raises(mailboxes.MailboxError) as caught:
            await client.call("delete", "a")
        await client.close()
    return caught.value


ROWS = [
    ("INTERNAL", grpc.StatusCode.INTERNAL, mailboxes.MailboxError),
    ("INVALID_FIELDS", grpc.StatusCode.INVALID_ARGUMENT, mailboxes.InvalidFields),
    ("MAILBOX_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("HARVEST_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("CONTACT_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("GROUP_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("GROUP_NAME_TAKEN", grpc.StatusCode.ALREADY_EXISTS, mailboxes.GroupNameTaken),
    ("MERGE_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("MERGED_SINCE", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.MergedSince),
    ("NOT_MERGEABLE", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.NotMergeable),
    ("PASSWORD_REQUIRED", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.PasswordRequired),
    ("ETAG_MISMATCH", grpc.StatusCode.ABORTED, mailboxes.StaleEtag),
    ("MAILBOX_LIMIT_REACHED", grpc.StatusCode.RESOURCE_EXHAUSTED, mailboxes.MailboxLimitReached),
    ("GROUP_LIMIT_REACHED", grpc.StatusCode.RESOURCE_EXHAUSTED, mailboxes.GroupLimitReached),
    ("RATE_LIMITED", grpc.StatusCode.RESOURCE_EXHAUSTED, mailboxes.RateLimited),
    ("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED, mailboxes.RateLimited),
    ("TOKEN_MISSING", grpc.StatusCode.UNAUTHENTICATED, mailboxes.Unauthenticated),
    ("TOKEN_INVALID", grpc.StatusCode.UNAUTHENTICATED, mailboxes.Unauthenticated),
    ("TOKEN_EXPIRED", grpc.StatusCode.UNAUTHENTICATED, mailboxes.Unauthenticated),
    ("NOT_ALLOWED", grpc.StatusCode.PERMISSION_DENIED, mailboxes.NotAllowed),
    ("SECRET_UNREADABLE", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.MailboxError),
    ("STORAGE_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, mailboxes.Unavailable),
    ("KEYS_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, mailboxes.Unavailable),
    ("NOT_CONNECTED", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.NotConnected),
    ("OAUTH_PROVIDER_NOT_FOUND", grpc.StatusCode.NOT_FOUND, mailboxes.NotFound),
    ("OAUTH_STATE_INVALID", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_DENIED", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_SCOPE_MISSING", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_GRANT_INCOMPLETE", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_ACCOUNT_MISMATCH", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_GRANT_REFUSED", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_CLIENT_REFUSED", grpc.StatusCode.FAILED_PRECONDITION, mailboxes.AuthorizationFailed),
    ("OAUTH_PROVIDER_UNAVAILABLE", grpc.StatusCode.UNAVAILABLE, mailboxes.Unavailable),
    ("STREAM_ENDED", grpc.StatusCode.UNAVAILABLE, mailboxes.Unavailable),
    ("DEADLINE_PASSED", grpc.StatusCode.DEADLINE_EXCEEDED, mailboxes.TimedOut),
]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(("reason", "code", "error"), ROWS, ids=[row[0] for row in ROWS])
async def test_each_reason_has_its_error(
    kind: str, reason: str, code: grpc.StatusCode, error: type[mailboxes.MailboxError]
) -> None:
    caught = await raised(kind, code, status(info(reason)))
    assert type(caught) is error
    assert (caught.code, caught.reason, caught.message) == (code, reason, "Some sentence.")
    assert caught.request_id == "r-1"


def test_the_table_above_has_every_reason_of_the_contract() -> None:
    names = [name.removeprefix("ERROR_REASON_") for name, _ in error_reason_pb2.ErrorReason.items()]
    assert sorted(names) == sorted(["UNSPECIFIED", *(row[0] for row in ROWS)])


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_wrong_fields_are_named(kind: str) -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="host", description="The host has spaces — it must not.")
    bad.field_violations.add(field="port", description="")
    caught = await raised(kind, grpc.StatusCode.INVALID_ARGUMENT, status(info("INVALID_FIELDS"), bad))
    assert caught.field_violations == {"host": "The host has spaces — it must not.", "port": ""}
    assert caught.retry_after is None


@pytest.mark.parametrize("seconds", [0, 0.25, 1.5, 3600])
async def test_the_time_to_wait_is_told(seconds: float) -> None:
    delay = Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
    retry = error_details_pb2.RetryInfo(retry_delay=delay)
    caught = await raised("sync", grpc.StatusCode.RESOURCE_EXHAUSTED, status(retry, info("RATE_LIMITED")))
    assert caught.retry_after == seconds


async def test_an_error_reads_well() -> None:
    caught = await raised("async", grpc.StatusCode.NOT_FOUND, status(info("MAILBOX_NOT_FOUND")))
    assert str(caught) == "Some sentence. [MAILBOX_NOT_FOUND] (request r-1)"
    assert str(mailboxes.Unavailable(grpc.StatusCode.UNAVAILABLE, "Gone.")) == "Gone. [UNAVAILABLE]"


async def test_an_error_survives_pickling() -> None:
    caught = await raised("sync", grpc.StatusCode.NOT_FOUND, status(info("MAILBOX_NOT_FOUND")))
    copy = pickle.loads(pickle.dumps(caught))
    assert type(copy) is mailboxes.NotFound
    assert vars(copy) == vars(caught)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, mailboxes.Unauthenticated),
        (grpc.StatusCode.UNAVAILABLE, mailboxes.Unavailable),
        (grpc.StatusCode.NOT_FOUND, mailboxes.MailboxError),
        (grpc.StatusCode.UNIMPLEMENTED, mailboxes.MailboxError),
    ],
)
@pytest.mark.parametrize(
    "details", [b"", b"\xff\xff\xff", status(info("MAILBOX_NOT_FOUND", "elsewhere.test"))]
)
async def test_without_our_details_the_code_decides(
    code: grpc.StatusCode, error: type[mailboxes.MailboxError], details: bytes
) -> None:
    caught = await raised("async", code, details)
    assert type(caught) is error
    assert caught.reason == ""


def test_a_text_that_is_not_utf8_is_left_out() -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field="host", description="text")
    broken = status(info("INVALID_FIELDS"), bad).replace(b"text", b"te\xfft")
    assert error_details(broken) == ErrorDetails("INVALID_FIELDS")


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\x18\x05")  # a number where the details should be
def test_no_bytes_break_the_reader(noise: bytes) -> None:
    assert isinstance(error_details(noise), ErrorDetails)
    assert isinstance(error_details(b"\x1a" + bytes([len(noise) % 128]) + noise), ErrorDetails)


@settings(deadline=None)
@given(st.text(max_size=50), st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=5))
def test_the_reader_agrees_with_googles_definitions(reason: str, fields: dict[str, str]) -> None:
    violations: Iterable[error_details_pb2.BadRequest.FieldViolation] = [
        error_details_pb2.BadRequest.FieldViolation(field=name, description=text)
        for name, text in fields.items()
    ]
    unknown = error_details_pb2.Help(links=[error_details_pb2.Help.Link(url="https://help.test")])
    found = error_details(
        status(unknown, error_details_pb2.BadRequest(field_violations=violations), info(reason))
    )
    assert found == ErrorDetails(reason, fields, None)
