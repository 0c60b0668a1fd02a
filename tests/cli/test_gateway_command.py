"""`mailbox-svc gateway` is a client of a service elsewhere, and sends tokens in clear to nobody else."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from pathlib import Path

import grpc
import pytest

from mailbox_svc.app.gateway import address_in_serve, gateway_from
from mailbox_svc.config import load
from mailbox_svc.errors import ConfigError
from support.command import mailbox_svc, serving
from support.processes import free_port


def _credentials(**settings: object) -> grpc.ChannelCredentials | None:
    gateway = gateway_from(load(**settings), "127.0.0.1:0")
    return gateway.config.credentials


@pytest.mark.parametrize(
    ("settings", "in_clear"),
    [
        ({}, True),
        ({"rest_grpc_target": "localhost:50051"}, True),
        ({"rest_grpc_target": "unix:/run/mailbox.sock"}, True),
        ({"rest_grpc_target": "mailbox.internal:50051"}, False),
        ({"rest_grpc_target": "10.0.0.7:50051"}, False),
        ({"rest_grpc_target": "10.0.0.7:50051", "grpc_allow_insecure": True}, True),
    ],
)
def test_tokens_cross_a_network_in_tls_only_unless_the_operator_allows_it(
    settings: dict[str, object], *, in_clear: bool
) -> None:
    assert (_credentials(**settings) is None) == in_clear


def test_an_authority_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        _credentials(rest_grpc_ca_file=tmp_path / "none.pem")


def test_it_serves_alone_and_stops_when_it_is_told(tmp_path: Path) -> None:
    with serving("--dev", cwd=tmp_path, settings={"MAILBOX_GRPC_ADDR": "127.0.0.1:0"}) as service:
        target = service.find(r"serving on (\S+) for")
        token = service.find(r"TOKEN=(\S+)")
        port = free_port()
        settings = {"MAILBOX_REST_ADDR": f"127.0.0.1:{port}", "MAILBOX_REST_GRPC_TARGET": target}
        with serving(cwd=tmp_path, settings=settings, command="gateway") as gateway:
            gateway.find(r'"event": ?"(serving)"')
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/auth/providers", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert [provider["id"] for provider in json.load(answer)] == ["google", "microsoft"]
            assert gateway.stop() == 0


def test_serve_runs_it_too_and_dev_says_where(tmp_path: Path) -> None:
    addresses = {"MAILBOX_GRPC_ADDR": "127.0.0.1:0", "MAILBOX_REST_ADDR": "127.0.0.1:0"}
    with serving("--dev", cwd=tmp_path, settings=addresses) as service:
        page = service.find(r"(http://\S+/docs)\n")
        token = service.find(r"TOKEN=(\S+)")
        with urllib.request.urlopen(page, timeout=30) as answer:
            assert b"swagger-ui" in answer.read()
        url = page.replace("/docs", "/api/contacts/mailboxes")
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer) == []
        assert service.stop() == 0


def test_serve_says_what_to_do_about_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        addresses = {
            "MAILBOX_GRPC_ADDR": "127.0.0.1:0",
            "MAILBOX_REST_ADDR": f"127.0.0.1:{other.getsockname()[1]}",
        }
        with serving("--dev", cwd=tmp_path, settings=addresses) as service:
            assert service.process.wait(60) == 2
    assert "The gateway cannot listen on 127.0.0.1:" in service.output
    assert "Set MAILBOX_REST_ADDR to another address, or empty for none." in service.output
    assert "Traceback" not in service.output


def test_serve_has_a_gateway_by_default_where_that_works_without_being_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MAILBOX_REST_ADDR")
    assert address_in_serve(load()) == "127.0.0.1:8080"
    assert address_in_serve(load(rest_addr=None)) is None
    tls = {"grpc_tls_cert_file": tmp_path / "cert.pem", "grpc_tls_key_file": tmp_path / "key.pem"}
    assert address_in_serve(load(**tls)) is None
    assert address_in_serve(load(**tls, rest_addr="127.0.0.1:1")) == "127.0.0.1:1"
    assert address_in_serve(load(**tls, grpc_tls_client_ca_file=tmp_path / "ca.pem")) is None
    monkeypatch.setitem(sys.modules, "fastapi", None)  # as without the extra
    assert address_in_serve(load()) is None


def test_it_says_what_it_needs() -> None:
    done = mailbox_svc("gateway")
    assert (done.returncode, "MAILBOX_REST_ADDR" in done.stderr) == (2, True)


def test_a_port_that_is_taken_is_one_plain_sentence(tmp_path: Path) -> None:
    with serving("--dev", cwd=tmp_path, settings={"MAILBOX_GRPC_ADDR": "127.0.0.1:0"}) as service:
        taken = service.find(r"serving on (\S+) for")
        done = mailbox_svc("gateway", settings={"MAILBOX_REST_ADDR": taken})
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
