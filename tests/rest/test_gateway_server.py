"""The gateway's server in an event loop of others: ports, start, stop, signals."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time

import grpc
import httpx2
import pytest
import trustme

from mailbox_svc.rest.app import GatewayConfig
from mailbox_svc.rest.server import GatewayServer
from support.gateway import TOKEN, running_gateway
from support.processes import free_port
from support.rpc import eventually
from support.scripted_service import Script, serving


def config(address: str) -> GatewayConfig:
    return GatewayConfig(address, "localhost:1")


async def found_nothing(url: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.get(f"{url}/nothing")).status_code == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
async def test_it_listens_where_it_is_told_and_says_at_which_port(host: str) -> None:
    server = GatewayServer(config(f"{host}:0"))
    port = await server.start()
    try:
        assert await found_nothing(f"http://{host}:{port}")
    finally:
        await server.stop(1)
    with pytest.raises(httpx2.ConnectError):
        await found_nothing(f"http://{host}:{port}")


async def test_a_port_that_is_taken_is_an_error_and_not_the_end_of_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = GatewayServer(config(f"127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(OSError, match="in use"):
            await server.start()
        await server.stop(1)


async def test_a_stop_without_a_start_is_nothing() -> None:
    await GatewayServer(config("127.0.0.1:0")).stop(1)


async def test_the_port_is_free_again_at_once_after_a_stop() -> None:
    port = free_port()
    for _ in range(2):
        server = GatewayServer(config(f"127.0.0.1:{port}"))
        assert await server.start() == port
        assert await found_nothing(f"http://127.0.0.1:{port}")
        await server.stop(1)


async def test_the_process_keeps_its_signal_handlers() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with running_gateway(Script()):
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_a_stop_leaves_no_task_behind() -> None:
    async with serving(Script()) as target:
        before = asyncio.all_tasks()
        server = GatewayServer(GatewayConfig("127.0.0.1:0", target))
        port = await server.start()
        assert await found_nothing(f"http://127.0.0.1:{port}")
        await server.stop(1)
        assert asyncio.all_tasks() == before


async def _stopped_during_a_call(seconds: float, grace: float) -> tuple[int, float]:
    """Return the status of a call that takes so long, and how long the stop took."""
    script = Script([seconds])
    async with serving(script) as target:
        server = GatewayServer(GatewayConfig("127.0.0.1:0", target))
        port = await server.start()
        url = f"http://127.0.0.1:{port}/api/auth/providers"
        async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
            call = asyncio.create_task(http.get(url, headers={"authorization": f"Bearer {TOKEN}"}))
            await eventually(lambda: bool(script.received))
            started = time.perf_counter()
            await server.stop(grace)
            took = time.perf_counter() - started
            [answer] = await asyncio.gather(call, return_exceptions=True)
    return (answer.status_code if isinstance(answer, httpx2.Response) else 0), took


async def test_a_stop_lets_a_request_end() -> None:
    status, took = await _stopped_during_a_call(0.8, grace=10)
    assert status == 200
    assert took < 9  # the grace is ten


async def test_a_stop_without_grace_tells_of_no_requests_where_there_are_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = GatewayServer(config("127.0.0.1:0"))
    port = await server.start()
    async with httpx2.AsyncClient(trust_env=False) as client:
        await client.get(f"http://127.0.0.1:{port}/healthz")
        await server.stop(0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_stop_does_not_wait_longer_than_its_grace() -> None:
    status, took = await _stopped_during_a_call(8.0, grace=0.5)
    assert status != 200
    assert took < 7  # the call takes eight


async def test_the_service_is_called_over_tls_where_credentials_are_given() -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])
    roots = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    script = Script()
    async with serving(script, credentials) as target:
        for trust, status in ((roots, 200), (None, 503)):
            server = GatewayServer(GatewayConfig("127.0.0.1:0", target, credentials=trust))
            port = await server.start()
            async with httpx2.AsyncClient(trust_env=False, timeout=20) as http:
                url = f"http://127.0.0.1:{port}/api/auth/providers"
                answer = await http.get(url, headers={"authorization": f"Bearer {TOKEN}"})
            await server.stop(1)
            assert answer.status_code == status
    assert len(script.received) == 1


async def test_a_head_without_end_is_not_waited_for() -> None:
    async with running_gateway(Script()) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET /nothing HTTP/1.1\r\nx-padding: " + b"x" * 40_000)
        async with asyncio.timeout(20):
            answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400 ")
