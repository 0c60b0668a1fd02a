"""The whole job through the whole service: over gRPC, and over the gateway by a browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

import mailboxes
from mailbox_svc import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from support.browser_user import authorize
from support.delay_proxy import delaying
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.letters import OWNER, USERS, fill, letters, logged_in
from support.oidc import OidcProvider, running_provider
from support.processes import free_port

APPLICATION = "https://app.example.org"
TABLE = """
[example]
name = "Example"
client_id = "{client_id}"
client_secret_file = "{secret}"
redirect_uri = "{redirect_uri}"
authorize_url = "{issuer}/auth"
token_url = "{issuer}/token"
revoke_url = "{issuer}/token/revocation"
userinfo_url = "{issuer}/me"
issuer = "{issuer}"
sends_issuer = true
scopes = ["openid", "offline_access", "email", "mail.read"]
needed_scopes = ["mail.read"]
authorize_params = {{ prompt = "consent" }}
imap_host = "localhost"
imap_port = {imap_port}
"""


@pytest.fixture(scope="module")
def rest_port() -> int:
    """The redirect URI is registered at the provider before the gateway listens."""
    return free_port()


@pytest.fixture(scope="module")
def oidc(rest_port: int) -> Iterator[OidcProvider]:
    with running_provider(redirect_uri=f"http://127.0.0.1:{rest_port}/api/auth/example/callback") as provider:
        yield provider


@pytest.fixture(scope="module")
def dovecot(oidc: OidcProvider) -> Iterator[DovecotServer]:
    with running_dovecot(USERS, authority(), introspection=oidc.introspection_url) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


@pytest.fixture
def settings(oidc: OidcProvider, dovecot: DovecotServer, rest_port: int, tmp_path: Path) -> Settings:
    provider = oidc.provider()
    assert provider.client is not None
    assert provider.client.secret is not None
    secret, providers = tmp_path / "client-secret", tmp_path / "providers.toml"
    secret.write_text(provider.client.secret.reveal())
    providers.write_text(
        TABLE.format(
            client_id=provider.client.id,
            secret=secret,
            redirect_uri=oidc.redirect_uri,
            issuer=oidc.issuer,
            imap_port=dovecot.tls_port,
        )
    )
    return dev_settings(
        tmp_path,
        grpc_addr="127.0.0.1:0",
        rest_addr=f"127.0.0.1:{rest_port}",
        rest_origins=(APPLICATION,),
        tls_ca_file=dovecot.ca_file,
        oauth_providers_file=providers,
    )


@dataclass(slots=True)
class Service:
    client: mailboxes.AsyncClient
    token: str
    rest: str


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    token = mint(settings, subject="ann", lifetime=300, service=False)
    async with (
        app.running_service(settings) as running,
        mailboxes.AsyncClient(f"127.0.0.1:{running.port}", token) as client,
    ):
        yield Service(client, token, f"http://127.0.0.1:{running.rest_port}")


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with serving(settings) as service:
        yield service


async def test_over_grpc_an_account_is_connected_tested_harvested_and_given_back(service: Service) -> None:
    client = service.client
    [example] = [one for one in await client.oauth_providers() if one.configured]
    assert (example.id, example.host) == ("example", "localhost")

    started = await client.start_authorization("example", login_hint=OWNER)
    mailbox = await client.complete_authorization_url((await authorize(started.authorization_url)).url)

    assert (mailbox.auth, mailbox.has_password, mailbox.user) == (mailboxes.Auth.AUTH_OAUTH, False, OWNER)
    assert mailbox.oauth_provider == "example"
    assert (await client.test(mailbox.id)).ok
    async for harvest in client.harvest(mailbox.id):
        last = harvest
    assert last.state == mailboxes.HarvestState.HARVEST_STATE_DONE
    assert last.progress.scanned == 250
    revoked = await client.revoke(mailbox.id)
    assert revoked.told_provider
    tested = await client.test(mailbox.id)
    assert tested.code == mailboxes.TestCode.TEST_CODE_AUTH_REAUTH_REQUIRED
    [listed] = await client.list()
    assert listed.status == mailboxes.MailboxStatus.MAILBOX_STATUS_NEEDS_REAUTH


async def test_over_the_gateway_a_browser_connects_and_the_opener_is_told(service: Service) -> None:
    async with httpx2.AsyncClient(base_url=service.rest, trust_env=False) as browser:
        started = await browser.post(
            "/api/auth/example/start",
            json={"loginHint": OWNER},
            headers={"authorization": f"Bearer {service.token}", "origin": APPLICATION},
        )
        assert started.status_code == 200, started.text
        back = await authorize(started.json()["authorizationUrl"])
        page = await browser.get(back.url)
        again = await browser.get(back.url)

    assert (page.status_code, again.status_code) == (200, 400)
    [mailbox] = await service.client.list()
    assert mailbox.id in page.text
    assert APPLICATION in page.text
    assert not re.search(r"(?i)CANARY|bearer", page.text)
    assert back.code not in page.text
    assert (await service.client.test(mailbox.id)).ok


async def test_over_the_gateway_a_stranger_who_was_lured_connects_nothing(service: Service) -> None:
    """The attacker begins, and somebody else's browser comes back: neither gets the other's mail."""
    begun = await service.client.start_authorization("example", login_hint=OWNER)
    back = await authorize(begun.authorization_url)
    async with httpx2.AsyncClient(trust_env=False) as browser:
        page = await browser.get(back.url)

    assert page.status_code == 400
    assert await service.client.list() == []
    assert (await service.client.complete_authorization_url(back.url)).user == OWNER  # nor was it used up


async def test_a_stop_waits_for_a_refresh_under_way(
    settings: Settings, oidc: OidcProvider, tmp_path: Path
) -> None:
    async with serving(settings) as service:
        started = await service.client.start_authorization("example", login_hint=OWNER)
        back = await authorize(started.authorization_url)
        mailbox = await service.client.complete_authorization_url(back.url)
    async with delaying(int(oidc.issuer.rpartition(":")[2]), delay=0.2) as far:
        providers = tmp_path / "far.toml"
        table = _read(tmp_path / "providers.toml")
        _write(providers, table.replace(f"{oidc.issuer}/token", f"http://127.0.0.1:{far.port}/token"))
        async with serving(settings.model_copy(update={"oauth_providers_file": providers})) as service:
            testing = asyncio.create_task(service.client.test(mailbox.id))
            await asyncio.sleep(0.3)  # the provider has got the request, and we have not got its answer
        await asyncio.gather(testing, return_exceptions=True)
    async with serving(settings) as service:
        assert (await service.client.test(mailbox.id)).ok
    assert oidc.counts().reuses == 0


def _read(file: Path) -> str:
    return file.read_text()


def _write(file: Path, text: str) -> None:
    file.write_text(text)
