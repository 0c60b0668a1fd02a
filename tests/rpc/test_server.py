"""Where the server listens, what it shows to everybody, and how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import CollectorRegistry

from mailbox_svc.errors import ConfigError
from mailbox_svc.rpc.metrics import RpcMetrics
from mailbox_svc.rpc.server import RpcConfig, RpcServer, UseCases
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.probe import call, probe
from support.rpc import ANN, KnownTokens, Served, bearing, failure_of, health_of, serving

SERVICES = tuple(f"mailboxes.v1.{name}Service" for name in ("Mailbox", "Harvest", "Contact"))
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def server_on(address: str, use_cases: UseCases, **settings: Any) -> RpcServer:
    config = RpcConfig(address, **settings)
    return RpcServer(config, use_cases, KnownTokens(), RpcMetrics(CollectorRegistry()))


@pytest.mark.parametrize(
    "address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "mail.example.org:0", "[::ffff:0.0.0.0]:0"]
)
async def test_other_machines_are_not_served_without_tls(address: str, no_data: UseCases) -> None:
    with pytest.raises(ConfigError, match="Without TLS"):
        await server_on(address, no_data).start()


@pytest.mark.parametrize("address", ["127.0.0.1:0", "127.1.2.3:0", "localhost:0", "[::1]:0"])
async def test_this_machine_is_served_without_tls(address: str, no_data: UseCases) -> None:
    server = server_on(address, no_data)
    assert await server.start() > 0
    await server.stop(0)


async def test_an_operator_may_insist_on_no_tls(no_data: UseCases) -> None:
    server = server_on("0.0.0.0:0", no_data, allow_insecure=True)
    assert await server.start() > 0
    await server.stop(0)


async def test_a_port_in_use_is_a_plain_error(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        with pytest.raises(ConfigError, match="port"):
            await server_on(f"127.0.0.1:{served.port}", no_data).start()


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_health_is_told_without_a_token(service: str, no_data: UseCases) -> None:
    async with serving(no_data) as served:
        answer = await health_of(served).Check(health_pb2.HealthCheckRequest(service=service))
        assert answer.status == SERVING


async def test_the_health_of_an_unknown_service_is_not_found(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        check = health_of(served).Check(health_pb2.HealthCheckRequest(service="nonsense"))
        assert (await failure_of(check)).code is grpc.StatusCode.NOT_FOUND


def reflection_of(served: Served) -> Any:
    channel: Any = served.channel  # the stub's type hints know no asynchronous one
    return reflection_pb2_grpc.ServerReflectionStub(channel)


async def services_shown(served: Served) -> list[str]:
    stub = reflection_of(served)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = await anext(aiter(stub.ServerReflectionInfo(iter([asked]))))
    return sorted(service.name for service in answer.list_services_response.service)


async def test_the_contract_is_shown_to_everybody_when_reflection_is_on(no_data: UseCases) -> None:
    async with serving(no_data, config=RpcConfig("127.0.0.1:0", reflection=True)) as served:
        assert await services_shown(served) == [
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
            "mailboxes.v1.ContactService",
            "mailboxes.v1.HarvestService",
            "mailboxes.v1.MailboxService",
            "mailboxes.v1.OAuthService",
        ]
        stub = reflection_of(served)
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol="mailboxes.v1.Mailbox")
        answer = await anext(aiter(stub.ServerReflectionInfo(iter([asked]))))
        assert answer.file_descriptor_response.file_descriptor_proto


async def test_the_contract_is_not_shown_unless_asked_for(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        failure = await failure_of(services_shown(served))
        assert failure.code is grpc.StatusCode.UNIMPLEMENTED


class Slow:
    """A handler that waits to be told to answer."""

    def __init__(self) -> None:
        self.began, self.may_end, self.cancelled = asyncio.Event(), asyncio.Event(), False

    async def answer(self, _request: object, _context: object) -> StringValue:
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return StringValue(value="done")


@pytest.fixture
async def slow_service(no_data: UseCases) -> AsyncIterator[tuple[Served, Slow]]:
    slow = Slow()

    async def answer(request: object, context: object) -> StringValue:
        return await slow.answer(request, context)

    async with serving(no_data, handlers=probe(UnaryUnary=answer)) as served:
        yield served, slow


async def test_a_call_in_flight_is_finished_within_the_grace(slow_service: tuple[Served, Slow]) -> None:
    served, slow = slow_service
    running = asyncio.ensure_future(call(served.channel, "UnaryUnary", "x", metadata=bearing(ANN)))
    await slow.began.wait()
    stopping = asyncio.ensure_future(served.server.stop(30))
    await asyncio.sleep(0.1)
    assert not stopping.done()
    late = served.stub.List(pb.ListRequest(), metadata=bearing(ANN), timeout=1)
    assert (await failure_of(late)).code in (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    )
    slow.may_end.set()
    assert await running == ["done"]
    await stopping
    assert not slow.cancelled


async def test_a_call_that_outlasts_the_grace_is_cancelled(slow_service: tuple[Served, Slow]) -> None:
    served, slow = slow_service
    running = asyncio.ensure_future(call(served.channel, "UnaryUnary", "x", metadata=bearing(ANN)))
    await slow.began.wait()
    async with asyncio.timeout(20):  # seconds; the call has no end
        await served.server.stop(0.2)
    failure = await failure_of(running)
    assert failure.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    assert slow.cancelled
    assert served.slots_in_use == 0


async def test_before_a_stop_health_says_so_while_calls_still_work(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        watch = aiter(health_of(served).Watch(health_pb2.HealthCheckRequest()))
        assert (await anext(watch)).status == SERVING
        await served.server.announce_stop()
        assert (await anext(watch)).status == NOT_SERVING
        for service in ("", *SERVICES):
            answer = await health_of(served).Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == NOT_SERVING
        await served.stub.List(pb.ListRequest(), metadata=bearing(ANN))


async def test_a_health_watcher_does_not_hold_up_a_stop(no_data: UseCases) -> None:
    async with serving(no_data) as served:
        watch = aiter(health_of(served).Watch(health_pb2.HealthCheckRequest()))
        await anext(watch)
        async with asyncio.timeout(20):
            await asyncio.gather(served.server.stop(30), served.server.stop(30))
        assert {answer.status async for answer in watch} <= {NOT_SERVING}  # and then it ends
