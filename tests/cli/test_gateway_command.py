"""`mailbox-svc gateway` is a client of a service elsewhere, and sends tokens in clear to nobody else."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from mailbox_svc.app.gateway import gateway_from
from mailbox_svc.config import load
from mailbox_svc.errors import ConfigError


def _credentials(**settings: object) -> grpc.ChannelCredentials | None:
    gateway = gateway_from(load(rest_addr="127.0.0.1:0", **settings))
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
