"""`connect`, `harvest` and `disconnect` of an account, beside `serve`, a certified provider and a Dovecot."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mailbox_svc.model.oauth import OAuthProvider
from support.browser_user import authorize
from support.command import BIN, Serving, Settings, environment, mailbox_svc, serving
from support.dovecot import running_dovecot
from support.imap_server import authority
from support.oidc import OidcProvider, running_provider
from support.processes import free_port

ADDRESS = "ann@example.org"
#: Nobody listens there, as where there is no gateway.
REDIRECT_URI = "http://127.0.0.1:9/api/auth/example/callback"


@dataclass(frozen=True, slots=True)
class World:
    """A running service whose users may connect accounts of one provider."""

    service: Serving
    settings: Settings
    options: list[str]
    oidc: OidcProvider

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return mailbox_svc(*arguments, *self.options, settings=self.settings)

    def connect(self, *arguments: str, error: str = "") -> subprocess.CompletedProcess[str]:
        """Run `connect example`, and do with a browser what it asks for."""
        command = [str(BIN / "mailbox-svc"), "connect", "example", *arguments, *self.options]
        with subprocess.Popen(
            command,
            env=environment(self.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            back = asyncio.run(authorize(url, error=error))
            out, errors = process.communicate(f"{back.url}\n", timeout=30)
        assert back.state not in out + errors
        return subprocess.CompletedProcess(command, process.returncode, out, errors)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("connect")
    with (
        running_provider(redirect_uri=REDIRECT_URI) as oidc,
        running_dovecot({}, authority(), introspection=oidc.introspection_url) as dovecot,
    ):
        provider = oidc.provider(imap_port=dovecot.tls_port)
        (folder / "providers.toml").write_text(table_of(provider))
        settings: Settings = {
            "MAILBOX_GRPC_ADDR": f"127.0.0.1:{free_port()}",
            "MAILBOX_TLS_CA_FILE": dovecot.ca_file,
            "MAILBOX_OAUTH_PROVIDERS_FILE": folder / "providers.toml",
        }
        with serving("--dev", cwd=folder, settings=settings) as service:
            service.find(r"(TOKEN=)")
            yield World(service, settings, ["--dev", "--data-dir", str(folder / "mailbox-data")], oidc)


def table_of(provider: OAuthProvider) -> str:
    """Return the provider as an operator writes it down."""
    assert provider.client is not None
    assert provider.client.secret is not None
    lines = {
        "name": provider.name,
        "client_id": provider.client.id,
        "client_secret": provider.client.secret.reveal(),
        "redirect_uri": provider.client.redirect_uri,
        "authorize_url": provider.authorize_url,
        "token_url": provider.token_url,
        "revoke_url": provider.revoke_url,
        "userinfo_url": provider.userinfo_url,
        "issuer": provider.issuer,
        "sends_issuer": provider.sends_issuer,
        "scopes": provider.scopes,
        "needed_scopes": provider.needed_scopes,
        "imap_host": provider.imap_host,
        "imap_port": provider.imap_port,
    }
    # Texts, numbers, lists and booleans are the same in JSON and in TOML.
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    return f'[{provider.id}]\n{text}authorize_params = {{ prompt = "consent" }}\n'


def test_an_account_is_connected_harvested_disconnected_and_connected_again(world: World) -> None:
    connected = world.connect("--login-hint", ADDRESS)
    assert connected.returncode == 0, connected.stderr
    assert connected.stdout.splitlines() == [f"Connected: {ADDRESS}", "Tested: the login works."]
    assert REDIRECT_URI in connected.stderr

    harvested = world.run("harvest", ADDRESS)
    assert harvested.returncode == 0, harvested.stderr

    disconnected = world.run("disconnect", ADDRESS)
    assert disconnected.stdout == f"Disconnected: {ADDRESS}. It and its contacts stay.\n"
    assert world.oidc.counts().revocations == 1
    refused = world.run("harvest", ADDRESS)
    assert refused.returncode == 1
    assert "onnect the account again" in refused.stderr

    again = world.connect("--mailbox", ADDRESS)  # without a hint: the mailbox's own address is one
    assert again.returncode == 0, again.stderr
    assert world.run("harvest", ADDRESS).returncode == 0


def test_a_user_who_says_no_is_told_what_that_means(world: World) -> None:
    done = world.connect("--login-hint", "bob@example.org", error="access_denied")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("mailbox-svc: The provider was not allowed to give access")
    assert "CANARY" not in world.service.output


def test_the_providers_are_listed_with_those_of_the_file(world: World) -> None:
    listed = world.run("connect").stdout.splitlines()[1:]
    assert {line.split()[0]: "yes" in line.split() for line in listed} == {
        "google": False,
        "microsoft": False,
        "example": True,
    }
