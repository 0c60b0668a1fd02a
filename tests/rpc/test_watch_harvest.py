"""What surrounds a watched harvest: it costs others nothing, and ends when it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from mailbox_svc.errors import Overloaded
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.model.caller import Caller
from mailbox_svc.model.harvest import Harvest, HarvestState, Policy, Progress, SkippedFolder
from mailbox_svc.rpc.limits import Limits, Slots
from mailbox_svc.rpc.methods import Kind
from mailbox_svc.rpc.server import RpcConfig, UseCases
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1 import mailbox_service_pb2
from mailboxes.v1.harvest_service_pb2_grpc import HarvestServiceStub
from support.rpc import (
    ANN,
    SERVICE,
    Failure,
    KnownTokens,
    Served,
    bearing,
    connected,
    eventually,
    failure_of,
    serving,
    without_data,
)

HARVEST = Harvest(
    id="h",
    user_id="ann",
    mailbox_id="m",
    state=HarvestState.RUNNING,
    policy=Policy.CORRESPONDED,
    progress=Progress(),
    failure=None,
    skipped_folders=(),
    attempt=1,
    lease_until=None,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=None,
    ended_at=None,
)

Looks = Callable[[], AsyncGenerator[Harvest, None]]


class Watched(Harvests):
    """Shows every watcher what `looks` yields, and counts the watchers."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self.watchers = 0

    async def watch(self, user_id: str, harvest_id: str) -> AsyncGenerator[Harvest, None]:  # noqa: ARG002
        self.watchers += 1
        try:
            async for look in self._looks():
                yield look
        finally:
            self.watchers -= 1


async def one_and_no_more() -> AsyncGenerator[Harvest, None]:
    yield HARVEST
    await asyncio.sleep(60)


async def without_end() -> AsyncGenerator[Harvest, None]:
    folders = (SkippedFolder("x" * 100_000, ""),)
    while True:
        yield replace(HARVEST, skipped_folders=folders)


def over(watched: Watched) -> UseCases:
    return replace(without_data(), harvests=watched)


def limited(**limits: Any) -> RpcConfig:
    return RpcConfig("127.0.0.1:0", limits=Limits(**limits))


def watch(served: Served, user: str = "ann", *, timeout: float | None = None) -> Any:
    stub: Any = HarvestServiceStub(served.channel)
    request = pb.WatchHarvestRequest(id="h")
    return stub.WatchHarvest(request, metadata=bearing(SERVICE, x_user_id=user), timeout=timeout)


async def first(stream: Any) -> pb.WatchHarvestResponse:
    return await anext(aiter(stream))


async def end_of(stream: Any) -> Failure:
    """Read a stream that must fail to its end and return how it did."""

    async def read() -> None:
        async for _ in stream:
            pass

    return await failure_of(read())


async def test_watchers_take_no_slots_of_other_calls() -> None:
    async with serving(over(Watched(one_and_no_more)), config=limited(calls=1)) as served:
        streams = [watch(served) for _ in range(4)]
        for stream in streams:
            await first(stream)
        await served.stub.List(mailbox_service_pb2.ListRequest(), metadata=bearing(ANN), timeout=20)
        for stream in streams:
            stream.cancel()
        await eventually(lambda: served.slots_in_use == 0)


async def test_a_user_has_so_many_watchers_and_no_more() -> None:
    async with serving(over(Watched(one_and_no_more)), config=limited(watches_per_user=2)) as served:
        streams = [watch(served), watch(served)]
        for stream in streams:
            await first(stream)
        refused = await end_of(watch(served))
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refused.retry_after
        await first(watch(served, "bob"))
        streams[0].cancel()
        await eventually(lambda: served.slots_in_use == 4)
        await first(watch(served))


async def test_a_process_has_so_many_watchers_and_no_more() -> None:
    async with serving(over(Watched(one_and_no_more)), config=limited(watches=1)) as served:
        await first(watch(served))
        assert (await end_of(watch(served, "bob"))).reason == "OVERLOADED"


def test_the_limits_of_watchers_and_of_exports_are_apart() -> None:
    limits = Limits(calls=0, tests=0, exports=1, exports_per_user=1, watches=1)
    slots = Slots(limits)
    with slots.of_kind(Kind.WATCH, "ann"), slots.of_kind(Kind.EXPORT, "ann"):
        for kind in (Kind.WATCH, Kind.EXPORT):
            with pytest.raises(Overloaded), slots.of_kind(kind, "bob"):
                pass
        assert slots.in_use == 4
    assert slots.in_use == 0


async def test_a_watch_without_a_token_is_refused_before_it_holds_anything() -> None:
    watched = Watched(one_and_no_more)
    async with serving(over(watched)) as served:
        stub: Any = HarvestServiceStub(served.channel)
        failure = await end_of(stub.WatchHarvest(pb.WatchHarvestRequest(id="h")))
        assert failure.reason == "TOKEN_MISSING"
        assert (served.slots_in_use, watched.watchers) == (0, 0)


async def test_to_find_out_who_watches_is_a_call_like_any_other() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    class Slow(KnownTokens):
        async def verify(self, token: str) -> Caller:
            asked.set()
            await may_answer.wait()
            return await super().verify(token)

    async with serving(over(Watched(one_and_no_more)), Slow(), config=limited(calls=1)) as served:
        stream = watch(served)
        await asked.wait()
        assert (await end_of(watch(served))).reason == "OVERLOADED"
        may_answer.set()
        await first(stream)


async def test_a_watch_that_has_lasted_long_enough_is_to_be_opened_again() -> None:
    async with serving(over(Watched(one_and_no_more)), config=limited(watch_seconds=0.3)) as served:
        stream = watch(served)
        await first(stream)
        failure = await end_of(stream)
        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "STREAM_ENDED")
        assert failure.retry_after
        assert served.slots_in_use == 0


async def test_a_watch_lasts_longer_than_other_calls_may() -> None:
    async def slowly() -> AsyncGenerator[Harvest, None]:
        await asyncio.sleep(0.5)
        yield HARVEST

    async with serving(over(Watched(slowly)), config=limited(seconds=0.1)) as served:
        assert [look.harvest.id async for look in watch(served)] == ["h"]


async def test_a_watcher_may_set_a_deadline() -> None:
    watched = Watched(one_and_no_more)
    async with serving(over(watched)) as served:
        failure = await end_of(watch(served, timeout=0.3))
        assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
        await eventually(lambda: (served.slots_in_use, watched.watchers) == (0, 0))


async def test_a_timeout_inside_is_not_taken_for_the_end_of_the_stream() -> None:
    async def out_of_time() -> AsyncGenerator[Harvest, None]:
        yield HARVEST
        raise TimeoutError

    async with serving(over(Watched(out_of_time))) as served:
        assert (await end_of(watch(served))).reason == "DEADLINE_PASSED"


async def test_a_watcher_that_vanishes_costs_nothing_more() -> None:
    watched = Watched(without_end)
    async with serving(over(watched)) as served:
        async with connected(served.port) as channel:
            stub: Any = HarvestServiceStub(channel)
            streams = [
                stub.WatchHarvest(pb.WatchHarvestRequest(id="h"), metadata=bearing(ANN)) for _ in range(3)
            ]
            for stream in streams:
                await first(stream)
            assert watched.watchers == 3
        await eventually(lambda: (served.slots_in_use, watched.watchers) == (0, 0))


async def test_watchers_are_told_of_a_stop_and_do_not_hold_it_up() -> None:
    watched = Watched(one_and_no_more)
    async with serving(over(watched)) as served:
        streams = [watch(served) for _ in range(3)]
        for stream in streams:
            await first(stream)
        async with asyncio.timeout(20):
            await served.server.stop(30)
        assert (served.slots_in_use, watched.watchers) == (0, 0)
        for stream in streams:
            assert (await end_of(stream)).reason == "STREAM_ENDED"


async def blocked(served: Served) -> Any:
    """Open a watch and read no more than its first message, until its flow is blocked."""
    stream = watch(served)
    await first(stream)
    await asyncio.sleep(0.3)
    return stream


async def test_watchers_that_do_not_read_do_not_hold_up_a_stop(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(without_end)
    async with serving(over(watched)) as served:
        stream = await blocked(served)
        async with asyncio.timeout(20):
            await served.server.stop(30)
        assert (served.slots_in_use, watched.watchers) == (0, 0)
        assert (await end_of(stream)).code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        await asyncio.sleep(0.2)  # grpc logs late
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_watcher_that_was_slow_to_read_is_told_the_end_when_he_reads_on() -> None:
    async with serving(over(Watched(without_end)), config=limited(watch_seconds=0.2)) as served:
        stream = await blocked(served)
        await eventually(lambda: served.slots_in_use == 0)
        assert (await end_of(stream)).reason == "STREAM_ENDED"


async def test_a_watch_that_is_opened_during_a_stop_is_refused_at_once() -> None:
    async with serving(over(Watched(one_and_no_more))) as served:
        served.server._slots.end_streams()
        async with asyncio.timeout(20):  # seconds; its harvest goes on for sixty
            assert (await end_of(watch(served))).reason == "STREAM_ENDED"
