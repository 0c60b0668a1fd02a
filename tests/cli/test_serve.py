"""`mailbox-svc serve` as a process: start, calls, logs, and every way to stop."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

import mailbox_svc
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from support.command import BIN, Serving, serving
from support.processes import free_port

FREE_PORT = {"MAILBOX_GRPC_ADDR": "127.0.0.1:0"}


def stub_of(channel: grpc.Channel) -> MailboxServiceStub:
    return MailboxServiceStub(channel)


def started(running: Serving) -> tuple[str, tuple[tuple[str, str], ...]]:
    address = running.find(r"serving on (\S+) for")
    token = running.find(r"TOKEN=(\S+)")
    return address, (("authorization", f"Bearer {token}"),)


def test_dev_needs_nothing_prepared_and_its_token_works(tmp_path: Path) -> None:
    with serving("--dev", cwd=tmp_path, settings=FREE_PORT, installed=True) as running:
        address, metadata = started(running)
        with grpc.insecure_channel(address) as channel:
            assert (
                list(stub_of(channel).List(pb.ListRequest(), metadata=metadata, timeout=20).mailboxes) == []
            )
        assert running.stop() == 0
    files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "mailbox-data").iterdir()}
    assert files["keyring.json"] == 0o600
    assert files["jwt-secret"] == 0o600


def test_without_the_page_dev_serves_and_says_so(tmp_path: Path) -> None:
    package = Path(mailbox_svc.__file__).parent
    shutil.copytree(package, tmp_path / "src/mailbox_svc", ignore=shutil.ignore_patterns("static"))
    settings = FREE_PORT | {"MAILBOX_REST_ADDR": "127.0.0.1:0", "PYTHONPATH": tmp_path / "src"}
    with serving("--dev", cwd=tmp_path, settings=settings, installed=True) as running:
        assert running.find(r"(No Integrations page)")
        assert "the Integrations page was not built" in running.output
        http = running.find(r"(http://127\.0\.0\.1:\d+)/docs")
        answer = httpx2.get(f"{http}/profile/integrations", trust_env=False, timeout=60)
        assert (answer.status_code, answer.json()["code"]) == (404, "PAGE_NOT_BUILT")
        assert running.stop() == 0


def test_the_buf_curl_line_that_dev_prints_works_as_it_stands(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415  (only here)

    with serving("--dev", cwd=tmp_path, settings=FREE_PORT) as running:
        _, metadata = started(running)
        line = running.find(r"(buf curl .*)\n")
        token = metadata[0][1].removeprefix("Bearer ")
        done = subprocess.run(
            ["bash", "-c", line],
            env={"PATH": f"{BIN}:/usr/bin:/bin", "TOKEN": token, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.returncode, done.stdout.strip()) == (0, "{}"), done.stderr


def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    for round_ in range(2):
        with serving("--dev", cwd=tmp_path, settings=FREE_PORT) as running:
            address, metadata = started(running)
            with grpc.insecure_channel(address) as channel:
                stub = stub_of(channel)
                if round_ == 0:
                    request = pb.SaveRequest(
                        label="Work",
                        host="imap.example.org",
                        port=993,
                        tls=True,
                        user="a",
                        password="CANARY-p",
                    )
                    stub.Save(request, metadata=metadata, timeout=20)
                mailboxes = stub.List(pb.ListRequest(), metadata=metadata, timeout=20).mailboxes
                assert [m.label for m in mailboxes] == ["Work"]
            assert running.stop() == 0
            assert "CANARY" not in running.output


def test_without_dev_a_missing_key_or_secret_stops_the_start(tmp_path: Path) -> None:
    with serving(cwd=tmp_path) as running:
        assert running.process.wait(20) == 2
    assert "MAILBOX_KEYRING_FILE" in running.output


def test_a_taken_port_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with serving("--dev", cwd=tmp_path, settings={"MAILBOX_GRPC_ADDR": address}) as running:
            assert running.process.wait(20) == 2
    assert f"cannot listen on {address}" in running.output
    assert "Traceback" not in running.output


def test_plain_text_beyond_loopback_is_refused(tmp_path: Path) -> None:
    with serving("--dev", cwd=tmp_path, settings={"MAILBOX_GRPC_ADDR": "0.0.0.0:0"}) as running:
        assert running.process.wait(20) == 2
    assert "loopback" in running.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with serving("--dev", cwd=tmp_path, settings=FREE_PORT) as running:
        started(running)
        assert running.stop(number) == 0


async def test_a_test_that_is_running_at_sigterm_gets_its_answer(tmp_path: Path) -> None:
    hold = asyncio.Event()
    seen = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set()
        await hold.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with serving("--dev", cwd=tmp_path, settings={**FREE_PORT, "MAILBOX_SHUTDOWN_GRACE": 20}) as running:
        address, metadata = await asyncio.to_thread(started, running)
        async with grpc.aio.insecure_channel(address) as channel:
            draft = pb.SaveRequest(host="127.0.0.1", port=port, tls=True, user="a", password="CANARY-x")
            call = MailboxServiceStub(channel).Test(
                pb.TestRequest(draft=draft), metadata=metadata, timeout=15
            )
            await seen.wait()
            running.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            hold.set()
            answer = await call
            assert not answer.ok
            assert answer.error
        assert await asyncio.to_thread(running.process.wait, 20) == 0
    server.close()


def test_health_says_not_serving_before_the_service_goes(tmp_path: Path) -> None:
    with serving("--dev", cwd=tmp_path, settings={**FREE_PORT, "MAILBOX_SHUTDOWN_NOTICE": 4}) as running:
        address, metadata = started(running)
        with grpc.insecure_channel(address) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            check = health_pb2.HealthCheckRequest(service="mailboxes.v1.MailboxService")
            assert health.Check(check, timeout=20).status == health_pb2.HealthCheckResponse.SERVING
            running.process.send_signal(signal.SIGTERM)
            running.find(r"(stopping)")
            time.sleep(0.3)
            assert health.Check(check, timeout=20).status == health_pb2.HealthCheckResponse.NOT_SERVING
            # During the notice calls are still answered, so that nothing fails in a rolling restart.
            stub_of(channel).List(pb.ListRequest(), metadata=metadata, timeout=20)
        assert running.process.wait(20) == 0


def test_metrics_are_served_when_asked_for(tmp_path: Path) -> None:
    import urllib.request  # noqa: PLC0415  (only here)

    port = free_port()
    settings = {"MAILBOX_GRPC_ADDR": "127.0.0.1:0", "MAILBOX_METRICS_ADDR": f"127.0.0.1:{port}"}
    with serving("--dev", cwd=tmp_path, settings=settings) as running:
        address, metadata = started(running)
        with grpc.insecure_channel(address) as channel:
            stub_of(channel).List(pb.ListRequest(), metadata=metadata, timeout=20)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        assert 'mailbox_rpc_calls_total{code="OK",method="/mailboxes.v1.MailboxService/List"} 1.0' in text
        assert running.stop() == 0


def test_the_log_is_json_with_the_request_id_and_no_secret(tmp_path: Path) -> None:
    import json  # noqa: PLC0415  (only here)

    settings = {"MAILBOX_GRPC_ADDR": "127.0.0.1:0", "MAILBOX_LOG_FORMAT": "json"}
    with serving("--dev", cwd=tmp_path, settings=settings) as running:
        address, metadata = started(running)
        with grpc.insecure_channel(address) as channel:
            call_metadata = (*metadata, ("x-request-id", "my-request-7"))
            request = pb.SaveRequest(
                label="Work", host="imap.example.org", port=993, tls=True, user="a", password="CANARY-log"
            )
            stub_of(channel).Save(request, metadata=call_metadata, timeout=20)
        assert running.stop() == 0
    records = [json.loads(line) for line in running.lines if line.startswith("{")]
    (call,) = [r for r in records if r.get("request_id") == "my-request-7"]
    assert call["code"] == "OK"
    assert call["user_id"] == "dev-user"
    token = metadata[0][1].removeprefix("Bearer ")
    assert not [r for r in records if token in json.dumps(r)]
