"""A throw-away OpenID provider on loopback: npm's oidc-provider, which is certified."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, build_opener

from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.oauth import OAuthClient, OAuthProvider
from mailbox_svc.model.secret import Secret
from support.processes import SECRETS, free_port, listening, new_folder, running

#: Nobody listens there: what follows redirects has to stop before it.
NOWHERE = "http://127.0.0.1:9/callback"
SCOPES = ("openid", "offline_access", "email", "mail.read")

_HOME = Path(__file__).parents[1] / "oidc"
_CLIENT_SECRET = "CANARY-oidc-client-secret"
#: No canary: Dovecot 2.4 keeps its settings, this among them, in a file of its own making.
_DOVECOT_SECRET = "of-the-mail-server"
#: The same service registered three times, once for each way of saying who it is (RFC 6749 section 2.3.1).
_CLIENT_IDS = {
    "client_secret_basic": "mailbox-svc",
    "client_secret_post": "mailbox-svc-by-post",
    "none": "mailbox-svc-public",
}
_direct = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A provider that runs until its context ends. Its tokens begin with `CANARY-`."""

    issuer: str
    redirect_uri: str
    access_token_seconds: int

    @property
    def authorize_url(self) -> str:
        return f"{self.issuer}/auth"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/token"

    @property
    def revoke_url(self) -> str:
        return f"{self.issuer}/token/revocation"

    @property
    def userinfo_url(self) -> str:
        return f"{self.issuer}/me"

    @property
    def introspection_url(self) -> str:
        """For a mail server; its name and password there are in it."""
        return f"{self.issuer.replace('//', f'//dovecot:{_DOVECOT_SECRET}@')}/token/introspection"

    def provider(
        self,
        provider_id: str = "example",
        *,
        imap_host: str = "localhost",
        imap_port: int = 993,
        imap_tls: bool = True,
        mechanism: TokenMechanism | None = None,
        client_auth: str = "client_secret_basic",
        userinfo: bool = True,
    ) -> OAuthProvider:
        """Return it as the service sees it.

        `client_auth` is `client_secret_basic`, `client_secret_post`, or `none` for a public client. Without
        `userinfo` the address has to be read from the ID token.
        """
        secret = None if client_auth == "none" else Secret(_CLIENT_SECRET)
        return OAuthProvider(
            id=provider_id,
            name=provider_id.capitalize(),
            authorize_url=self.authorize_url,
            token_url=self.token_url,
            revoke_url=self.revoke_url,
            userinfo_url=self.userinfo_url if userinfo else "",
            issuer=self.issuer,
            sends_issuer=True,
            scopes=SCOPES,
            needed_scopes=("mail.read",),
            authorize_params=(("prompt", "consent"),),  # no offline_access without it
            address_claims=("email",),
            client_auth=client_auth,
            imap_host=imap_host,
            imap_port=imap_port,
            imap_tls=imap_tls,
            mechanism=mechanism,
            client=OAuthClient(_CLIENT_IDS[client_auth], secret, self.redirect_uri),
        )

    def counts(self) -> Counts:
        """Return what it has been asked for and has done since it runs."""
        seen = self._ask("counts")
        return Counts(
            exchanges=seen.get("authorization_code", 0),
            refreshes=seen.get("refresh_token", 0),
            refused_grants=seen.get("invalid_grant", 0),
            refused_clients=seen.get("invalid_client", 0),
            reuses=seen.get("reuse", 0),
            grants_revoked=seen.get("revoked", 0),
            revocations=seen.get("/revocation", 0),
            introspections=seen.get("/introspection", 0),
            failures=seen.get("server_error", 0),
        )

    def withdraw(self, address: str) -> None:
        """Do what a user does on the account's own pages: take back every grant. Nobody is told."""
        self._ask("withdraw", account=address)

    def forget_access_tokens(self, address: str) -> None:
        """Let this account's access tokens die early; the grants and refresh tokens stay good."""
        self._ask("forget-access-tokens", account=address)

    def _ask(self, what: str, **query: str) -> dict[str, int]:
        with _direct.open(
            f"{self.issuer}/test/{what}?{urlencode(query, quote_via=quote)}", timeout=10
        ) as answer:
            said: dict[str, int] = json.load(answer)
        return said


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each thing has happened at the provider."""

    #: Codes exchanged for tokens, and refreshes, that succeeded.
    exchanges: int
    refreshes: int
    #: Answers `invalid_grant` and `invalid_client` of the token endpoint.
    refused_grants: int
    refused_clients: int
    #: Refresh tokens that came a second time; each costs the grant.
    reuses: int
    grants_revoked: int
    #: Requests at the other endpoints.
    revocations: int
    introspections: int
    #: Defects of the provider itself.
    failures: int


@contextmanager
def running_provider(
    *,
    access_token_seconds: int = 3600,
    rotates: bool = True,
    refresh_tokens: bool = True,
    sends_address: bool = True,
    redirect_uri: str = NOWHERE,
) -> Iterator[OidcProvider]:
    """Run a provider that knows every address, and `redirect_uri` as the service's own.

    When it `rotates`, every refresh brings a new refresh token, and an old one costs the grant. Without
    `refresh_tokens` it issues none; without `sends_address` it does not tell whose account it is.
    """
    _install()
    folder = new_folder("oidc")
    port = free_port()
    options = folder / SECRETS / "options.json"
    options.write_text(
        json.dumps(
            {
                "port": port,
                "clients": _clients(redirect_uri),
                "access_token_seconds": access_token_seconds,
                "rotates": rotates,
                "refresh_tokens": refresh_tokens,
                "sends_address": sends_address,
            }
        )
    )
    with running(["node", "idp.mjs", options], log=folder / "log", ready=listening(port), cwd=_HOME):
        yield OidcProvider(f"http://127.0.0.1:{port}", redirect_uri, access_token_seconds)


def _clients(redirect_uri: str) -> list[dict[str, Any]]:
    """Who is registered there: the service, and the mail server, which may ask about tokens only."""
    mail_server = {
        "client_id": "dovecot",
        "client_secret": _DOVECOT_SECRET,
        "grant_types": [],
        "redirect_uris": [],
        "response_types": [],
    }
    return [mail_server, *(_client(way, client_id, redirect_uri) for way, client_id in _CLIENT_IDS.items())]


def _client(way: str, client_id: str, redirect_uri: str) -> dict[str, Any]:
    client = {
        "client_id": client_id,
        "token_endpoint_auth_method": way,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [redirect_uri],
        "scope": " ".join(SCOPES),
    }
    return client if way == "none" else {**client, "client_secret": _CLIENT_SECRET}


def _install() -> None:
    """Install what package-lock.json says, by its hashes, unless that was done."""
    lock, installed = _HOME / "package-lock.json", _HOME / "node_modules" / ".package-lock.json"
    if missing := [program for program in ("node", "npm") if shutil.which(program) is None]:
        raise RuntimeError(f"no {' and no '.join(missing)}: run scripts/install-system.sh")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # several test runs may begin at once
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts"], cwd=_HOME, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(
                f"npm could not install oidc-provider: is there a network?\n{done.stderr[-2000:]}"
            )
