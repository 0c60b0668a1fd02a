from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from mailbox_svc.errors import ConfigError, OAuthProviderUnavailable
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http import HttpProviderEndpoints, Timeouts
from mailbox_svc.oauth_http.pools import MAX_CONNECTIONS
from support import bad_certificates
from support.imap_server import authority, server_context
from support.rpc import eventually
from support.token_server import TokenServer, after, granted, token_server

REFRESH = Secret("CANARY-refresh-token-1")


async def test_nobody_listens(endpoints: HttpProviderEndpoints) -> None:
    server = TokenServer()
    server.base = "http://127.0.0.1:9"
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.refresh(server.provider(), REFRESH)


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


async def test_a_certificate_of_a_known_authority_is_taken(ca_file: Path) -> None:
    async with (
        token_server(server_context()) as server,
        aclosing(HttpProviderEndpoints(ca_file=ca_file)) as endpoints,
    ):
        server.answers("/token", granted())
        assert (await endpoints.refresh(server.provider(), REFRESH)).access_token


@pytest.mark.parametrize(
    "make",
    [
        bad_certificates.expired,
        bad_certificates.not_yet_valid,
        bad_certificates.of_another_name,
        bad_certificates.of_an_unknown_authority,
        bad_certificates.self_signed,
        bad_certificates.tls_1_0_only,
    ],
)
async def test_a_server_without_a_good_certificate_is_told_nothing(ca_file: Path, make: Any) -> None:
    context: ssl.SSLContext = make()
    async with token_server(context) as server, aclosing(HttpProviderEndpoints(ca_file=ca_file)) as endpoints:
        server.answers("/token", granted())
        with pytest.raises(OAuthProviderUnavailable):
            await endpoints.refresh(server.provider(), REFRESH)
        assert server.asked == []


async def test_the_systems_authorities_do_not_know_ours(endpoints: HttpProviderEndpoints) -> None:
    async with token_server(server_context()) as server:
        server.answers("/token", granted())
        with pytest.raises(OAuthProviderUnavailable):
            await endpoints.refresh(server.provider(), REFRESH)
        assert server.asked == []


def test_a_file_without_authorities_is_no_use(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "none.pem"):
        with pytest.raises(ConfigError):
            HttpProviderEndpoints(ca_file=tmp_path / name)


async def test_many_refreshes_share_a_few_connections(server: TokenServer) -> None:
    async with aclosing(HttpProviderEndpoints(timeouts=Timeouts(request=100.0, connect=100.0))) as endpoints:
        server.answers("/token", after(0.02, granted()))
        provider = server.provider()
        done = await asyncio.gather(
            *(endpoints.refresh(provider, REFRESH) for _ in range(MAX_CONNECTIONS * 5))
        )
    assert len(done) == len(server.asked) == MAX_CONNECTIONS * 5
    assert server.most_open <= MAX_CONNECTIONS


async def test_a_slow_provider_delays_no_other(server: TokenServer) -> None:
    async with (
        token_server() as other,
        aclosing(HttpProviderEndpoints(timeouts=Timeouts(request=8.0, connect=8.0))) as endpoints,
    ):
        server.answers("/token", after(60.0, granted()))
        other.answers("/token", granted())
        slow = [
            asyncio.create_task(endpoints.refresh(server.provider(), REFRESH))
            for _ in range(MAX_CONNECTIONS * 3)
        ]
        await eventually(lambda: server.open == MAX_CONNECTIONS)
        assert (await endpoints.refresh(other.provider(id="other"), REFRESH)).access_token
        assert not any(task.done() for task in slow)
        ended = await asyncio.gather(*slow, return_exceptions=True)
        assert {type(error) for error in ended} == {OAuthProviderUnavailable}
        server.answers("/token", granted())  # and no connection is lost to those who waited in vain
        assert await asyncio.gather(
            *(endpoints.refresh(server.provider(), REFRESH) for _ in range(MAX_CONNECTIONS))
        )
