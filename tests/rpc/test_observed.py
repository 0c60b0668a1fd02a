"""What an operator sees of a call: its id, one log line, the metrics; and what he never sees."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2
from structlog.contextvars import get_contextvars

from mailbox_svc.errors import RateLimited
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.model.check import Code, ConnectionReport, Stage
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig, UseCases
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.logs import lines_of, logs_as_in_production
from support.probe import call, path, probe
from support.rpc import (
    ANN,
    SERVICE,
    Served,
    bearing,
    eventually,
    failure_of,
    health_of,
    serving,
    without_data,
)


async def request_id_of(served: Served, wish: str | None) -> str:
    metadata = bearing(ANN) if wish is None else bearing(ANN, x_request_id=wish)
    call = served.stub.List(pb.ListRequest(), metadata=metadata)
    await call
    trailers: dict[str, Any] = dict(await call.trailing_metadata())
    return str(trailers["x-request-id"])


async def logged(capsys: pytest.CaptureFixture[str], lines: int) -> list[dict[str, Any]]:
    """Wait for so many lines: a call's line comes after its answer."""
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        found.extend(lines_of(capsys))
        return len(found) >= lines

    await eventually(enough)
    return found


@pytest.mark.parametrize("wish", ["a", "A1._-", "x" * 64])
async def test_a_clients_request_id_comes_back(wish: str, no_data: UseCases) -> None:
    async with serving(no_data) as served:
        assert await request_id_of(served, wish) == wish
        failed = failure_of(served.stub.List(pb.ListRequest(), metadata=(("x-request-id", wish),)))
        assert (await failed).trailers["x-request-id"] == wish


@pytest.mark.parametrize("wish", [None, "", "x" * 65, "a b", 'a"b', "a/b"])
async def test_a_request_id_that_is_not_sane_is_replaced(wish: str | None, no_data: UseCases) -> None:
    async with serving(no_data) as served:
        first, second = await request_id_of(served, wish), await request_id_of(served, wish)
        assert re.fullmatch("[0-9a-f]{16}", first)
        assert first != second


async def test_a_call_is_one_line_in_the_log(no_data: UseCases, capsys: pytest.CaptureFixture[str]) -> None:
    async def answer(request: object, _context: object) -> object:
        return request

    with logs_as_in_production():
        async with serving(no_data, handlers=probe(UnaryUnary=answer)) as served:
            method: Any = served.channel.unary_unary(path("UnaryUnary"))
            await method(b"", metadata=bearing(ANN, x_request_id="abc"))
            (line,) = await logged(capsys, 1)
            assert line.pop("duration_ms") >= 0
            assert line.pop("timestamp")
            assert line == {
                "level": "info",
                "logger": "mailbox_svc.rpc",
                "event": "call",
                "method": path("UnaryUnary"),
                "code": "OK",
                "reason": "",
                "user_id": "ann",
                "request_id": "abc",
            }


async def test_a_read_that_succeeds_is_logged_at_debug_only(
    no_data: UseCases, capsys: pytest.CaptureFixture[str]
) -> None:
    for level, lines in (("INFO", 0), ("DEBUG", 1)):
        with logs_as_in_production(level):
            async with serving(no_data) as served:
                request_id = await request_id_of(served, "abc")
                seen = [line for line in lines_of(capsys) if line["event"] == "call"]
                assert [line["request_id"] for line in seen] == [request_id] * lines


async def test_a_refused_call_is_logged_with_its_reason(
    no_data: UseCases, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_as_in_production():
        async with serving(no_data) as served:
            await failure_of(served.stub.List(pb.ListRequest(), metadata=bearing("CANARY-forged")))
            await failure_of(served.stub.List(pb.ListRequest(), metadata=bearing(ANN, x_user_id="bob")))
            invalid, not_allowed = await logged(capsys, 2)
            assert (invalid["code"], invalid["reason"]) == ("UNAUTHENTICATED", "TOKEN_INVALID")
            assert (not_allowed["code"], not_allowed["reason"]) == ("PERMISSION_DENIED", "NOT_ALLOWED")
            assert "user_id" not in invalid or invalid["user_id"] == ""


@pytest.mark.parametrize(("timeout", "code"), [(None, "CANCELLED"), (0.3, "DEADLINE_EXCEEDED")])
async def test_a_call_that_its_client_gave_up_is_no_error_of_ours(
    timeout: float | None,
    code: str,
    no_data: UseCases,
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = asyncio.Event()

    async def wait(_request: object, _context: object) -> None:
        began.set()
        await asyncio.sleep(60)

    with logs_as_in_production():
        async with serving(no_data, handlers=probe(UnaryUnary=wait)) as served:
            method: Any = served.channel.unary_unary(path("UnaryUnary"))
            running = method(b"", metadata=bearing(ANN), timeout=timeout)
            await began.wait()
            if timeout is None:
                running.cancel()
            await eventually(lambda: served.slots_in_use == 0)
            (line,) = await logged(capsys, 1)
            assert (line["level"], line["code"]) == ("info", code)


async def test_health_checks_do_not_fill_the_log(
    no_data: UseCases, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_as_in_production():
        async with serving(no_data) as served:
            await health_of(served).Check(health_pb2.HealthCheckRequest())
            assert lines_of(capsys) == []
            await failure_of(health_of(served).Check(health_pb2.HealthCheckRequest(service="nonsense")))
            (line,) = await logged(capsys, 1)
            assert line["code"] == "NOT_FOUND"


async def test_what_is_bound_for_one_call_is_not_seen_by_another(no_data: UseCases) -> None:
    async def bound(_request: object, _context: object) -> StringValue:
        await asyncio.sleep(0.05)  # so that the calls overlap
        return StringValue(value=f"{get_contextvars()['user_id']} {get_contextvars()['request_id']}")

    async with serving(no_data, handlers=probe(UnaryUnary=bound)) as served:

        async def one(user: str) -> list[str]:
            metadata = bearing(SERVICE, x_user_id=user, x_request_id=f"id-{user}")
            return await call(served.channel, "UnaryUnary", "x", metadata=metadata)

        users = [f"user-{number}" for number in range(20)]
        assert await asyncio.gather(*map(one, users)) == [[f"{user} id-{user}"] for user in users]


class FixedReports(Mailboxes):
    """Answers tests with a fixed report, then says that there were too many."""

    def __init__(self, *codes: Code) -> None:
        self._codes = list(codes)

    async def test_draft(self, user_id: str, draft: Draft, *, timeout: float) -> ConnectionReport:  # noqa: ARG002
        if not self._codes:
            raise RateLimited
        return ConnectionReport(self._codes.pop(0), Stage.AUTH)


async def test_calls_and_tests_are_counted_by_outcome_and_by_nothing_personal() -> None:
    mailboxes = FixedReports(Code.OK, Code.AUTH_UNKNOWN, Code.AUTH_UNKNOWN)
    async with serving(without_data(mailboxes)) as served:
        draft = pb.TestRequest(draft=pb.SaveRequest(host="mail.example.org", user="CANARY-user"))
        for _ in range(3):
            await served.stub.Test(draft, metadata=bearing(ANN))
        await failure_of(served.stub.Test(draft, metadata=bearing(ANN)))

        def value(name: str, **labels: str) -> float | None:
            return served.registry.get_sample_value(name, labels)

        method = "/mailboxes.v1.MailboxService/Test"
        # A call is counted after its answer was sent.
        await eventually(lambda: value("mailbox_rpc_in_flight", method=method) == 0)
        assert value("mailbox_rpc_calls_total", method=method, code="OK") == 3
        assert value("mailbox_rpc_calls_total", method=method, code="RESOURCE_EXHAUSTED") == 1
        assert value("mailbox_rpc_seconds_count", method=method) == 4
        assert value("mailbox_rpc_in_flight", method=method) == 0
        assert value("mailbox_connection_tests_total", code="OK") == 1
        assert value("mailbox_connection_tests_total", code="AUTH_UNKNOWN") == 2
        labels = {
            label: text
            for metric in served.registry.collect()
            for sample in metric.samples
            for label, text in sample.labels.items()
        }
        assert set(labels) <= {"method", "code", "le"}


async def test_calls_in_flight_are_seen(no_data: UseCases) -> None:
    may_end = asyncio.Event()

    async def wait(_request: object, _context: object) -> StringValue:
        await may_end.wait()
        return StringValue()

    config = RpcConfig("127.0.0.1:0", limits=Limits())
    async with serving(no_data, config=config, handlers=probe(UnaryUnary=wait)) as served:

        def in_flight() -> float | None:
            labels = {"method": path("UnaryUnary")}
            return served.registry.get_sample_value("mailbox_rpc_in_flight", labels)

        method: Any = served.channel.unary_unary(path("UnaryUnary"))
        calls = [method(b"", metadata=bearing(ANN)) for _ in range(3)]
        await eventually(lambda: in_flight() == 3)
        may_end.set()
        await asyncio.gather(*calls)
        assert in_flight() == 0
