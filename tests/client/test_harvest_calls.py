"""What the clients send about harvests, and how they watch one; each test runs with both clients."""

from __future__ import annotations

import asyncio
import time

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

import mailboxes
from mailboxes import _contact_calls
from mailboxes.v1 import harvest_service_pb2 as pb
from mailboxes.v1.harvest_pb2 import ContactPolicy, Harvest, HarvestProgress, HarvestState
from support.processes import free_port
from support.scripted_service import Abort, Both, Script, serving

RUNNING, DONE = HarvestState.HARVEST_STATE_RUNNING, HarvestState.HARVEST_STATE_DONE
DOWN = Abort(grpc.StatusCode.UNAVAILABLE)


def look(scanned: int, state: HarvestState.ValueType = RUNNING) -> pb.WatchHarvestResponse:
    harvest = Harvest(id="h", state=state, progress=HarvestProgress(scanned=scanned))
    return pb.WatchHarvestResponse(harvest=harvest)


def scanned(harvests: list[Harvest]) -> list[int]:
    return [harvest.progress.scanned for harvest in harvests]


async def test_a_harvest_is_started_and_returned(script: Script, client: Both) -> None:
    script.answers = [pb.StartHarvestResponse(harvest=Harvest(id="h"))]
    assert await client.call("start_harvest", "a") == Harvest(id="h")
    assert script.received[0].request == pb.StartHarvestRequest(mailbox_id="a")


@pytest.mark.parametrize("policy", ["wrote_to", "corresponded", "everyone"])
async def test_a_policy_is_named_by_a_word(script: Script, client: Both, policy: str) -> None:
    await client.call("start_harvest", "a", policy)
    assert ContactPolicy.Name(script.received[0].request.policy) == f"CONTACT_POLICY_{policy.upper()}"


async def test_a_word_that_names_nothing_is_refused_before_any_call(script: Script, client: Both) -> None:
    with pytest.raises(ValueError, match="CONTACT_POLICY_ALL"):
        await client.call("start_harvest", "a", "all")
    assert script.received == []


async def test_a_harvest_is_had_by_its_id_or_as_the_latest_of_a_mailbox(script: Script, client: Both) -> None:
    script.answers = [pb.GetHarvestResponse(harvest=Harvest(id="h"))]
    assert await client.call("get_harvest", "h") == Harvest(id="h")
    assert await client.call("latest_harvest", "a") == Harvest(id="h")
    assert [call.request for call in script.received] == [
        pb.GetHarvestRequest(id="h"),
        pb.GetHarvestRequest(mailbox_id="a"),
    ]


async def test_a_harvest_is_cancelled(script: Script, client: Both) -> None:
    script.answers = [pb.CancelHarvestResponse(harvest=Harvest(id="h"))]
    assert await client.call("cancel_harvest", "h") == Harvest(id="h")
    assert script.received[0].request == pb.CancelHarvestRequest(id="h")


async def test_a_harvest_is_watched_to_its_end(script: Script, client: Both) -> None:
    script.answers = [[look(1), look(2), look(3, DONE)]]
    assert scanned(await client.all("watch_harvest", "h")) == [1, 2, 3]
    [call] = script.received
    assert call.request == pb.WatchHarvestRequest(id="h")
    assert call.seconds == 0  # a harvest may take hours
    assert "authorization" in call.metadata


async def test_start_and_watch_in_one(script: Script, client: Both) -> None:
    started = pb.StartHarvestResponse(harvest=Harvest(id="h"))
    script.answers = [started, [look(1), look(2, DONE)]]
    assert scanned(await client.all("harvest", "a", "everyone")) == [1, 2]
    start, watch = (call.request for call in script.received)
    assert (start.mailbox_id, start.policy) == ("a", ContactPolicy.CONTACT_POLICY_EVERYONE)
    assert watch.id == "h"


async def test_a_lost_watch_is_taken_up_again(script: Script, client: Both) -> None:
    script.answers = [[look(1), DOWN], [DOWN], [DOWN], [look(5), DOWN], [look(9, DONE)]]
    started = time.monotonic()
    assert scanned(await client.all("watch_harvest", "h")) == [1, 5, 9]
    assert len(script.received) == 5
    # 0.1 and 0.2 and 0.5 s after the first success, and 0.1 s again after the second
    assert 0.9 <= time.monotonic() - started < 10  # a lost watch that never worked waits longer each time


async def test_a_watch_that_works_in_between_may_be_lost_any_number_of_times(
    script: Script, client: Both
) -> None:
    script.answers = [*([look(number), DOWN] for number in range(9)), [look(9, DONE)]]
    assert scanned(await client.all("watch_harvest", "h")) == [*range(10)]


async def test_each_watch_asks_for_a_token(script: Script, target: str, kind: str) -> None:
    tokens = iter(["CANARY-first", "CANARY-second"])
    client = Both(kind, target, lambda: next(tokens))
    script.answers = [[look(1), DOWN], [look(2, DONE)]]
    await client.all("watch_harvest", "h")
    await client.close()
    assert [call.metadata["authorization"] for call in script.received] == [
        "Bearer CANARY-first",
        "Bearer CANARY-second",
    ]


async def test_a_watch_waits_as_long_as_it_is_told(script: Script, client: Both) -> None:
    packed = AnyMessage()
    packed.Pack(error_details_pb2.RetryInfo(retry_delay=Duration(nanos=700_000_000)))
    trailer = ("grpc-status-details-bin", status_pb2.Status(details=[packed]).SerializeToString())
    script.answers = [[Abort(grpc.StatusCode.UNAVAILABLE, trailers=(trailer,))], [look(1, DONE)]]
    started = time.monotonic()
    await client.all("watch_harvest", "h")
    assert time.monotonic() - started >= 0.7


def test_the_pauses_before_a_watch_is_taken_up_grow_and_end_after_half_a_minute() -> None:
    failure = mailboxes.Unavailable(grpc.StatusCode.UNAVAILABLE, "Down.")
    patience = _contact_calls.Patience()
    pauses = [patience.pause(failure) for _ in range(8)]
    with pytest.raises(mailboxes.Unavailable):
        patience.pause(failure)
    assert 20 < sum(pauses) < 40
    assert max(pauses[:3]) < min(pauses[-2:])
    patience.renew()
    assert patience.pause(failure) < 0.2


@pytest.mark.parametrize("code", [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INTERNAL])
async def test_other_failures_of_a_watch_are_errors_at_once(
    script: Script, client: Both, code: grpc.StatusCode
) -> None:
    script.answers = [[Abort(code)]]
    with pytest.raises(mailboxes.MailboxError) as caught:
        await client.all("watch_harvest", "h")
    assert caught.value.code is code
    assert len(script.received) == 1


async def test_leaving_a_watch_ends_its_stream(script: Script, client: Both) -> None:
    script.answers = [[look(1), 60.0]]
    first = await client.first("watch_harvest", "h")
    assert first.progress.scanned == 1
    async with asyncio.timeout(30):
        await script.left.wait()


async def test_a_restart_of_the_service_is_outlived(kind: str) -> None:
    script = Script([[look(1), 60.0], [look(2, DONE)]])
    port = free_port()
    async with serving(script, port=port) as target:
        client = Both(kind, target)
        watching = asyncio.ensure_future(client.all("watch_harvest", "h"))
        while not script.received:  # noqa: ASYNC110  (what is watched has no event)
            await asyncio.sleep(0.01)
    async with serving(script, port=port):
        assert scanned(await watching)[-1] == 2
        await client.close()
