"""A call over a limit is refused at once, nobody else suffers, and every slot comes back."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from mailbox_svc.errors import Overloaded
from mailbox_svc.mailboxes.limits import TestRates
from mailbox_svc.rpc.limits import Limits, Slots
from mailbox_svc.rpc.methods import Kind
from mailbox_svc.rpc.server import RpcConfig
from mailboxes.v1 import connection_test_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from support.parts import parts
from support.rpc import (
    ANN,
    SERVICE,
    Failure,
    Served,
    bearing,
    connected,
    eventually,
    failure_of,
    health_of,
    serving,
)

#: No limit but those that are looked at here.
UNRATED = TestRates(per_user_per_minute=10**6, per_destination_per_minute=10**6)


@dataclass(frozen=True, slots=True)
class BlackHole:
    """A service whose tests go to a server that never says a word."""

    served: Served
    request: pb.TestRequest

    def test(self, user: str, *, timeout: float | None = None) -> Any:
        return self.served.stub.Test(self.request, metadata=bearing(SERVICE, x_user_id=user), timeout=timeout)

    async def running(self, tests: int) -> None:
        """Wait until exactly so many tests run; each holds three slots."""
        await eventually(lambda: self.served.slots_in_use == 3 * tests)

    async def list(self) -> float:
        """List, and return the seconds it took."""
        started = time.perf_counter()
        await self.served.stub.List(pb.ListRequest(), metadata=bearing(ANN), timeout=20)
        return time.perf_counter() - started


@asynccontextmanager
async def black_hole(folder: Path, limits: Limits | None = None) -> AsyncIterator[BlackHole]:
    config = RpcConfig("127.0.0.1:0", limits=limits or Limits())
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)  # the kernel accepts, and nobody ever reads
        port = listener.getsockname()[1]
        async with (
            parts(folder, port, rates=UNRATED) as real,
            serving(real.use_cases, config=config) as served,
        ):
            draft = pb.SaveRequest(host="127.0.0.1", port=port, user="ann", password="CANARY-password")
            yield BlackHole(served, pb.TestRequest(draft=draft))


def test_slots_are_refused_above_the_limit_and_free_again_afterwards() -> None:
    slots = Slots(Limits(calls=2))
    with slots.call(), slots.call():
        with pytest.raises(Overloaded), slots.call():
            pass
        assert slots.in_use == 2
    with slots.call():
        assert slots.in_use == 1
    assert slots.in_use == 0


def test_a_refused_slot_gives_back_the_ones_taken_before() -> None:
    slots = Slots(Limits(tests=0))
    with pytest.raises(Overloaded), slots.call(), slots.of_kind(Kind.TEST, "ann"):
        pass
    assert slots.in_use == 0


def test_slots_of_different_users_are_different_slots() -> None:
    slots = Slots(Limits(tests_per_user=1))
    ann, bob = (slots.of_kind(Kind.TEST, user) for user in ("ann", "bob"))
    with ann, bob, pytest.raises(Overloaded), slots.of_kind(Kind.TEST, "ann"):
        pass


async def test_a_user_over_his_limit_of_tests_is_refused_and_told_when_to_come_back(tmp_path: Path) -> None:
    async with black_hole(tmp_path, Limits(tests_per_user=2)) as hole:
        tests = [hole.test("ann"), hole.test("ann")]
        await hole.running(2)
        failure = await failure_of(hole.test("ann", timeout=20))
        assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert failure.retry_after is not None
        assert failure.retry_after > 0
        await hole.list()  # other calls of the same user are not affected
        tests.append(hole.test("bob"))  # nor are tests of others
        await hole.running(3)
        for test in tests:
            test.cancel()
        await hole.running(0)


async def test_the_limit_of_all_calls_leaves_health_alone(tmp_path: Path) -> None:
    async with black_hole(tmp_path, Limits(calls=1)) as hole:
        test = hole.test("bob")
        await hole.running(1)
        assert (await failure_of(hole.list())).reason == "OVERLOADED"
        answer = await health_of(hole.served).Check(health_pb2.HealthCheckRequest())
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        test.cancel()
        await hole.running(0)
        await hole.list()


async def test_streams_that_need_no_token_have_a_limit_of_their_own(tmp_path: Path) -> None:
    async with black_hole(tmp_path, Limits(open_streams=1)) as hole:
        health = health_of(hole.served)
        first = health.Watch(health_pb2.HealthCheckRequest())
        await anext(aiter(first))
        failure = await failure_of(anext(aiter(health.Watch(health_pb2.HealthCheckRequest()))))
        assert failure.reason == "OVERLOADED"
        first.cancel()
        await eventually(lambda: hole.served.slots_in_use == 0)
        await anext(aiter(health.Watch(health_pb2.HealthCheckRequest())))


async def test_a_test_ends_in_time_for_the_client_to_read_its_report(tmp_path: Path) -> None:
    async with black_hole(tmp_path) as hole:
        response = await hole.test("ann", timeout=1.5)
        assert response.code == connection_test_pb2.TEST_CODE_SERVER_TIMEOUT
        await hole.running(0)


async def test_a_call_without_a_deadline_ends_at_the_servers(tmp_path: Path) -> None:
    async with black_hole(tmp_path, Limits(test_seconds=0.3)) as hole:
        failure = await failure_of(hole.test("ann"))
        assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        await hole.running(0)


async def test_a_client_that_vanishes_frees_the_slots(tmp_path: Path) -> None:
    async with black_hole(tmp_path) as hole:
        async with connected(hole.served.port) as channel:
            stub: Any = MailboxServiceStub(channel)
            calls = [stub.Test(hole.request, metadata=bearing(ANN)) for _ in range(3)]
            await hole.running(3)
        assert [call.cancelled() for call in calls] == [True] * 3
        await hole.running(0)


async def test_a_thousand_tests_of_a_black_hole_leave_the_service_fast_and_clean(tmp_path: Path) -> None:
    def in_use() -> tuple[int, int]:
        return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))

    async with black_hole(tmp_path) as hole:
        await hole.list()
        before = in_use()
        refused: list[Failure] = []

        async def one(number: int) -> None:
            try:
                await hole.test(f"user-{number % 100}")
            except grpc.aio.AioRpcError as error:
                refused.append(Failure.of(error))

        tests = [asyncio.create_task(one(number)) for number in range(1000)]
        await hole.running(64)
        await hole.list()  # within its deadline, although the client itself is busy with all the others
        await eventually(lambda: len(refused) == 1000 - 64)
        assert max([await hole.list() for _ in range(50)]) < 5  # seconds; the tests before it last thirty
        assert {(failure.code, failure.reason) for failure in refused} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        }
        assert all(failure.retry_after for failure in refused)

        await hole.running(64)
        for test in tests:
            test.cancel()
        await asyncio.wait(tests)
        await hole.running(0)
        await eventually(lambda: all(now <= then for now, then in zip(in_use(), before, strict=True)))
        again = await hole.test("ann", timeout=1.5)
        assert again.code == connection_test_pb2.TEST_CODE_SERVER_TIMEOUT
