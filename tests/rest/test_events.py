"""Server-sent events of a harvest: what is sent, how a client comes back, and that nothing hangs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from mailbox_svc.rest.app import GatewayConfig
from mailbox_svc.rest.server import GatewayServer
from mailboxes import Harvest
from mailboxes.v1.harvest_service_pb2 import GetHarvestResponse, WatchHarvestResponse
from support.gateway import TOKEN, Gateway, of, refusal, running_gateway
from support.scripted_service import Script, serving

HARVEST_ID = "0192d0c0-0000-7000-8000-000000000002"
EVENTS = f"/api/contacts/harvests/{HARVEST_ID}/events"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def harvest(state: str, scanned: int = 0) -> Harvest:
    return of(Harvest, id=HARVEST_ID, state=f"HARVEST_STATE_{state}", progress={"scanned": scanned})


BEGUN, FURTHER, DONE = harvest("RUNNING", 1), harvest("RUNNING", 2), harvest("DONE", 3)


def watched(now: Harvest, *looks: Any) -> list[Any]:
    """What the service answers: how it is, and then what a watch is sent."""
    seen = [WatchHarvestResponse(harvest=look) if isinstance(look, Harvest) else look for look in looks]
    return [GetHarvestResponse(harvest=now), seen]


@dataclass
class Event:
    """One event as it arrived; without a name it is what only comments or sets the time to come back."""

    name: str = ""
    data: str = ""
    id: str = ""
    retry: str = ""
    comment: str = ""

    @property
    def scanned(self) -> int:
        number: int = json.loads(self.data)["progress"]["scanned"]
        return number


async def read(answer: httpx2.Response) -> AsyncIterator[Event]:
    """Read as browsers do (HTML §9.2.6)."""
    event = Event()
    async for line in answer.aiter_lines():
        field, _, value = line.partition(": ")
        if not line:
            yield event
            event = Event()
        else:
            setattr(event, {"event": "name", "": "comment"}.get(field, field), value)


async def events(gateway: Gateway, last: str = "") -> list[Event]:
    headers = BEARER | ({"last-event-id": last} if last else {})
    async with gateway.http.stream("GET", EVENTS, headers=headers) as answer:
        assert answer.status_code == 200
        return [event async for event in read(answer) if event.name]


async def test_a_harvest_is_told_of_until_its_end(gateway: Gateway) -> None:
    gateway.script.answers = watched(BEGUN, BEGUN, FURTHER, DONE)
    async with gateway.http.stream("GET", EVENTS, headers=BEARER) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        told = [event async for event in read(answer)]
    assert told[0].retry == "2000"
    assert [event.name for event in told[1:]] == ["progress", "progress", "end"]
    assert [event.scanned for event in told[1:]] == [1, 2, 3]
    assert len({event.id for event in told[1:]}) == 3
    assert json.loads(told[-1].data)["state"] == "done"


async def test_both_calls_carry_the_request_id_that_the_caller_sees(gateway: Gateway) -> None:
    gateway.script.answers = watched(DONE, DONE)
    await gateway.http.get(EVENTS, headers=BEARER | {"x-request-id": "mine"})
    assert gateway.methods == ["GetHarvest", "WatchHarvest"]
    assert [call.metadata["x-request-id"] for call in gateway.script.received] == ["mine", "mine"]


async def test_who_comes_back_is_told_only_what_is_new(gateway: Gateway) -> None:
    gateway.script.answers = watched(BEGUN, BEGUN, FURTHER, DONE)
    first, second, _ = await events(gateway)
    gateway.script.answers = watched(FURTHER, FURTHER, DONE)
    assert [event.scanned for event in await events(gateway, last=second.id)] == [3]
    gateway.script.answers = watched(FURTHER, FURTHER, DONE)
    assert [event.scanned for event in await events(gateway, last=first.id)] == [2, 3]


async def test_who_knows_the_end_is_told_not_to_come_back(gateway: Gateway) -> None:
    gateway.script.answers = watched(DONE, DONE)
    [end] = await events(gateway)
    gateway.script.answers = watched(DONE, DONE)
    answer = await gateway.http.get(EVENTS, headers=BEARER | {"last-event-id": end.id})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_what_has_not_changed_is_not_told_again(gateway: Gateway) -> None:
    gateway.script.answers = watched(BEGUN, BEGUN, BEGUN, DONE)
    assert [event.name for event in await events(gateway)] == ["progress", "end"]


async def test_silence_is_filled_with_comments_and_lasts_longer_than_any_request_may() -> None:
    script = Script(watched(BEGUN, BEGUN, 1.0, DONE))
    async with (
        running_gateway(script, heartbeat=0.1, body_seconds=0.3) as gateway,
        gateway.http.stream("GET", EVENTS, headers=BEARER) as answer,
    ):
        told = [event async for event in read(answer)]
    assert [event.name for event in told if event.name][-1] == "end"
    assert len([event for event in told if event.comment == "alive"]) >= 2


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        (grpc.StatusCode.NOT_FOUND, "HARVEST_NOT_FOUND", 404),
        (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", 401),
        (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE", 503),
    ],
)
async def test_a_watch_that_is_refused_is_no_stream(
    gateway: Gateway, code: grpc.StatusCode, reason: str, status: int
) -> None:
    gateway.script.answers = [refusal(code, reason)]
    answer = await gateway.http.get(EVENTS, headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (status, reason)


async def test_too_many_watches_are_told_when_to_try_again(gateway: Gateway) -> None:
    wait = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=7))
    refused = refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", wait)
    gateway.script.answers = watched(BEGUN, refused)
    answer = await gateway.http.get(EVENTS, headers=BEARER)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_a_stream_that_cannot_go_on_says_why(gateway: Gateway) -> None:
    gateway.script.answers = watched(BEGUN, BEGUN, refusal(grpc.StatusCode.NOT_FOUND, "HARVEST_NOT_FOUND"))
    *_, problem = await events(gateway)
    assert (problem.name, json.loads(problem.data)["code"]) == ("problem", "HARVEST_NOT_FOUND")


async def test_a_client_that_leaves_ends_the_watch_of_the_service(gateway: Gateway) -> None:
    gateway.script.answers = watched(BEGUN, BEGUN, 60.0)
    async with gateway.http.stream("GET", EVENTS, headers=BEARER) as answer:
        await anext(read(answer))
    async with asyncio.timeout(30):
        await gateway.script.left.wait()


async def test_a_gateway_that_stops_does_not_wait_for_a_harvest() -> None:
    async with serving(Script(watched(BEGUN, BEGUN, 60.0))) as target:
        server = GatewayServer(GatewayConfig("127.0.0.1:0", target))
        port = await server.start()
        url = f"http://127.0.0.1:{port}{EVENTS}"
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=60) as http,
            http.stream("GET", url, headers=BEARER) as answer,
        ):
            told = read(answer)
            assert [(await anext(told)).name, (await anext(told)).name] == ["", "progress"]
            began = time.monotonic()
            await server.stop(50)
            assert [event async for event in told] == []
    assert time.monotonic() - began < 30
