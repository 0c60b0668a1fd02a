"""The Integrations page as people meet it: gateway and service, a Dovecot, a provider, DNS, and a browser.

The page is the one that the gateway serves, built from clients/web.
"""

from __future__ import annotations

import imaplib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, Page

from mailbox_svc import app
from mailbox_svc.cli.dev import dev_settings
from mailbox_svc.cli.tokens import mint
from mailbox_svc.config import Settings
from mailbox_svc.demo.people import ALICE
from mailbox_svc.demo.sample import sample_mailbox
from mailboxes import AsyncClient
from support.chromium import chromium
from support.delay_proxy import DelayProxy, delaying
from support.dns_server import Zone, serving
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.letters import append
from support.oidc import OidcProvider, running_provider
from support.processes import free_port

ROOT = Path(__file__).parents[2]
ADDRESS = ALICE.address
PASSWORD = "CANARY-alice"
#: Folders of the sample whose names need no encoding.
_FOLDERS = {"INBOX", "Archive", "Junk", "Projects/Aurora", "Sent", "Trash"}
_PROVIDER = """
[example]
name = "Example"
client_id = "{client_id}"
client_secret = "{secret}"
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


@dataclass(frozen=True, slots=True)
class WebServers:
    """What stands still while tests come and go."""

    oidc: OidcProvider
    dovecot: DovecotServer
    rest_port: int


@dataclass(slots=True)
class WebWorld:
    """A running service, and what its user sees."""

    url: str
    #: host:port of the gRPC service.
    grpc: str
    settings: Settings
    browser: Browser
    client: AsyncClient
    oidc: OidcProvider
    #: Between the service and Dovecot: how far away that looks to connections made from then on.
    distance: DelayProxy
    #: What the browser complained about: violations of the policy, scripts that failed.
    complaints: list[str] = field(default_factory=list)

    def token(self, user: str = "alice") -> str:
        return mint(self.settings, subject=user, lifetime=3600, service=False)

    def client_of(self, user: str) -> AsyncClient:
        """Return a client of another user, to be entered and left."""
        return AsyncClient(self.grpc, self.token(user))

    async def open(
        self, tab: str = "", *, user: str = "alice", prepare: Callable[[Page], Awaitable[None]] | None = None
    ) -> Page:
        """Open the page as somebody who has a token, in a browser that has never been there."""
        context = await self.browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        page = await context.new_page()
        if prepare is not None:
            await prepare(page)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.url}/profile/integrations#token={self.token(user)}")
        if tab:
            await page.get_by_role("tab", name=tab).click()
        return page

    def _note(self, kind: str, text: str) -> None:
        # Chromium complains of every answer that is not 2xx, and none gets one; a test may cut a request off.
        if kind in {"error", "warning"} and "net::ERR_FAILED" not in text:
            self.complaints.append(text)


def build_page() -> None:
    """Build what the gateway serves, unless it is built."""
    subprocess.run([ROOT / "scripts/build-web.sh", "--needed"], check=True)


@contextmanager
def web_servers() -> Iterator[WebServers]:
    """Run the provider, and a Dovecot that asks it about tokens and holds the sample mailbox."""
    rest_port = free_port()
    callback = f"http://127.0.0.1:{rest_port}/api/auth/example/callback"
    with (
        running_provider(redirect_uri=callback) as oidc,
        running_dovecot({ADDRESS: PASSWORD}, authority(), introspection=oidc.introspection_url) as dovecot,
    ):
        _fill(dovecot)
        yield WebServers(oidc, dovecot, rest_port)


@asynccontextmanager
async def web_world(
    folder: Path, servers: WebServers, *, rest_origins: tuple[str, ...] = ()
) -> AsyncIterator[WebWorld]:
    """Run the service and a browser. The domain of the sample mailbox names its server in the DNS."""
    domain = ADDRESS.partition("@")[2]
    async with delaying(servers.dovecot.tls_port) as distance:
        zone = Zone(
            {"localhost": ["127.0.0.1"]},
            others={f"SRV _imaps._tcp.{domain}": [f"0 1 {distance.port} localhost."]},
        )
        async with serving(zone) as dns, chromium() as browser:
            settings = dev_settings(
                folder,
                grpc_addr="127.0.0.1:0",
                rest_addr=f"127.0.0.1:{servers.rest_port}",
                rest_origins=rest_origins,
                tls_ca_file=servers.dovecot.ca_file,
                dns_servers="127.0.0.1",
                dns_port=dns.port,
                oauth_providers_file=_providers(folder, servers.oidc, distance.port),
            )
            token = mint(settings, subject="alice", lifetime=3600, service=False)
            async with app.running_service(settings) as running:
                address = f"127.0.0.1:{running.port}"
                url = f"http://127.0.0.1:{running.rest_port}"
                async with AsyncClient(address, token) as client:
                    yield WebWorld(url, address, settings, browser, client, servers.oidc, distance)


def _providers(folder: Path, oidc: OidcProvider, imap_port: int) -> Path:
    client = oidc.provider().client
    assert client is not None
    assert client.secret is not None
    file = folder / "providers.toml"
    file.write_text(
        _PROVIDER.format(
            client_id=client.id,
            secret=client.secret.reveal(),
            redirect_uri=oidc.redirect_uri,
            issuer=oidc.issuer,
            imap_port=imap_port,
        )
    )
    return file


def _fill(dovecot: DovecotServer) -> None:
    """Put the sample mail there as a mail program does."""
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with imaplib.IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=context) as imap:
        imap.login(ADDRESS, PASSWORD)
        for name in _FOLDERS:
            imap.create(name)
        for message in sample_mailbox(datetime.now(UTC)):
            if message.folder in _FOLDERS:
                append(imap, message.folder, message.raw)
