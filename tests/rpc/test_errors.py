"""Every error becomes one status with its details, and nothing else reaches a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from mailbox_svc import errors
from mailbox_svc.errors import FieldViolation, InvalidFields, MailboxSvcError
from mailbox_svc.rpc.errors import CODES, INTERNAL
from mailbox_svc.rpc.server import UseCases
from mailboxes.v1 import error_reason_pb2
from support.logs import lines_of, logs_as_in_production
from support.probe import KINDS, call, path, probe, raising
from support.rpc import ANN, Failure, bearing, failure_of, serving

SECRET = "CANARY-text-of-a-driver"


def concrete(parent: type[MailboxSvcError] = MailboxSvcError) -> Iterator[type[MailboxSvcError]]:
    """The errors that can reach a caller: the leaves of our tree."""
    children = [child for child in parent.__subclasses__() if child.__module__.startswith("mailbox_svc.")]
    for child in children:
        yield from concrete(child)
    if not children and parent is not errors.ConfigError:
        yield parent


def test_every_error_has_a_row_and_every_row_an_error() -> None:
    assert set(CODES) == set(concrete())


def test_the_reasons_of_our_errors_are_those_of_the_contract() -> None:
    contract = {name.removeprefix("ERROR_REASON_") for name in error_reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    ours = {error.reason for error in concrete()} | {INTERNAL.reason}
    assert ours == contract - {"UNSPECIFIED"}


def test_no_two_errors_share_a_reason_but_those_of_an_old_etag() -> None:
    reasons = [error.reason for error in concrete() if not issubclass(error, errors.Stale)]
    assert len({*reasons, errors.Stale.reason}) == len(reasons) + 1


def made(kind: type[MailboxSvcError]) -> MailboxSvcError:
    if kind is InvalidFields:
        return InvalidFields(FieldViolation("host", "No URL."), FieldViolation("port", "Too big."))
    if issubclass(kind, errors.Throttled | errors.Unavailable):
        return kind(retry_after=2.5)
    return kind()


async def fails_with(error: BaseException, use_cases: UseCases, kind: str = "UnaryUnary") -> Failure:
    async with serving(use_cases, handlers=probe(**raising(error))) as served:
        return await failure_of(call(served.channel, kind, "x", metadata=bearing(ANN), timeout=20))


@pytest.mark.parametrize("kind", CODES, ids=lambda kind: kind.__name__)
async def test_an_error_reaches_the_caller_with_all_its_details(
    kind: type[MailboxSvcError], no_data: UseCases
) -> None:
    error = made(kind)
    failure = await fails_with(error, no_data)
    assert failure.code is CODES[kind]
    assert failure.message == error.message
    (info,) = failure.infos
    assert (info.reason, info.domain) == (kind.reason, "mailboxes.v1")
    assert info.metadata["request_id"] == failure.trailers["x-request-id"]
    assert failure.violations == ({"host": "No URL.", "port": "Too big."} if kind is InvalidFields else {})
    tells_when = issubclass(kind, errors.Throttled | errors.Unavailable)
    assert failure.retry_after == (2.5 if tells_when else None)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_has_the_same_details_in_every_kind_of_call(kind: str, no_data: UseCases) -> None:
    failure = await fails_with(errors.RateLimited(retry_after=7), no_data, kind)
    assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (failure.reason, failure.retry_after) == ("RATE_LIMITED", 7)


class Unlisted(errors.MailboxNotFound):
    """CANARY-an error without a row."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(SECRET),
        NotImplementedError(SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        MailboxSvcError(SECRET),
        errors.ConfigError(SECRET),
        Unlisted(SECRET),
        asyncio.CancelledError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_the_text_of_an_unexpected_error_reaches_neither_the_caller_nor_the_log(
    error: BaseException, kind: str, no_data: UseCases, capsys: pytest.CaptureFixture[str]
) -> None:
    error.__cause__ = KeyError(SECRET)  # what led to it is as secret as itself
    with logs_as_in_production():
        failure = await fails_with(error, no_data, kind)
    assert (failure.code, failure.message) == (grpc.StatusCode.INTERNAL, "internal error")
    assert failure.reason == "INTERNAL"
    assert SECRET not in repr(failure)
    (line,) = [line for line in lines_of(capsys) if line["level"] == "error"]
    assert line["request_id"] == failure.trailers["x-request-id"]
    assert line["error_type"].startswith(type(error).__module__.removeprefix("builtins"))
    assert any("support.probe" in frame for frame in line["stack"])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cancelled_inner_task_still_gives_the_caller_a_status(kind: str, no_data: UseCases) -> None:
    failure = await fails_with(asyncio.CancelledError(), no_data, kind)
    assert (failure.code, failure.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")


async def test_an_inner_timeout_is_a_passed_deadline(no_data: UseCases) -> None:
    failure = await fails_with(TimeoutError(SECRET), no_data)
    assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
    assert SECRET not in repr(failure)


async def test_a_status_that_a_handler_sends_itself_is_left_alone(no_data: UseCases) -> None:
    async def abort(_request: object, context: grpc.aio.ServicerContext[object, object]) -> None:
        await context.abort(grpc.StatusCode.DATA_LOSS, "by hand")

    async with serving(no_data, handlers=probe(UnaryUnary=abort)) as served:
        failure = await failure_of(call(served.channel, "UnaryUnary", "x", metadata=bearing(ANN)))
    assert (failure.code, failure.message) == (grpc.StatusCode.DATA_LOSS, "by hand")
    assert failure.trailers["x-request-id"]


async def test_a_method_that_nobody_has_written_yet_is_unimplemented(no_data: UseCases) -> None:
    def generated(_request: object, context: grpc.ServicerContext) -> None:  # as protoc writes it
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        raise NotImplementedError("Method not implemented!")

    async with serving(no_data, handlers=probe(UnaryUnary=generated)) as served:
        failure = await failure_of(call(served.channel, "UnaryUnary", "x", metadata=bearing(ANN)))
    assert failure.code is grpc.StatusCode.UNIMPLEMENTED


async def test_a_method_that_does_not_exist_is_unimplemented(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        unknown: Any = served.channel.unary_unary("/mailboxes.v1.MailboxService/Nonsense")
        assert (await failure_of(unknown(b""))).code is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("kind", KINDS)
async def test_bytes_that_are_no_message_are_an_invalid_request(kind: str, no_data: UseCases) -> None:
    async def read(requests: object, _context: object) -> object:
        if hasattr(requests, "__aiter__"):
            async for _ in requests:
                pass
        return None

    async with serving(no_data, handlers=probe(**dict.fromkeys(KINDS, read))) as served:
        raw: Any = served.channel.stream_stream(path(kind))
        answers = raw(iter([b"\xff\xff CANARY-password"]), metadata=bearing(ANN))
        failure = await failure_of(anext(aiter(answers)))
    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.reason == "INVALID_FIELDS"
    assert "CANARY" not in repr(failure)
