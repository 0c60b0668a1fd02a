"""`ports.oauth.ProviderEndpoints` over HTTPS, by Authlib. Keeps no token; no error or log holds one."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client

from mailbox_svc.errors import OAuthGrantRefused, OAuthProviderNotFound, OAuthProviderUnavailable
from mailbox_svc.model.oauth import Grant, OAuthClient, OAuthProvider, Tokens
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http.account import address_in, id_token_claims, of_same_subject
from mailbox_svc.oauth_http.answers import RETRY, error_of, parsed, unavailable
from mailbox_svc.oauth_http.pools import Pool
from mailbox_svc.oauth_http.tokens import clean, tokens
from mailbox_svc.trust import tls_context

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_UNAUTHORIZED: Final = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    #: One request, from the wait for a free connection to the last byte of the answer.
    request: float = 10.0
    connect: float = 5.0


class HttpProviderEndpoints:
    """Satisfies `ports.oauth.ProviderEndpoints`. Use it in one event loop, and close it."""

    def __init__(self, *, ca_file: Path | None = None, timeouts: Timeouts | None = None) -> None:
        """`ca_file` holds authorities to trust besides the system's. Raises ConfigError if it is no use."""
        self._timeouts = timeouts or Timeouts()
        self._context = tls_context(ca_file)
        self._pools: dict[str, Pool] = {}

    async def aclose(self) -> None:
        """Close all connections."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()

    def authorization_url(
        self, provider: OAuthProvider, *, state: str, verifier: Secret, login_hint: str | None
    ) -> str:
        """Return where to send the user's browser."""
        url, _ = self._client(provider).create_authorization_url(
            provider.authorize_url,
            state=state,
            code_verifier=verifier.reveal(),
            scope=" ".join(provider.scopes),
            login_hint=login_hint,
            **dict(provider.authorize_params),
        )
        return str(url)

    async def exchange(self, provider: OAuthProvider, code: Secret, verifier: Secret) -> Grant:
        """Redeem the code, then read the claims about the account; two sets of them must be about one."""
        client = self._client(provider)
        members = await self._within(
            provider,
            client.fetch_token(
                provider.token_url,
                grant_type="authorization_code",
                code=code.reveal(),
                code_verifier=verifier.reveal(),
            ),
        )
        claims = id_token_claims(provider, client.client_id, members.get("id_token", ""))
        if provider.userinfo_url:
            named, claims = claims, await self._userinfo(provider, client)
            if not of_same_subject(named, claims):  # OpenID Connect Core §5.3.2
                _log.warning(
                    "two answers of a provider are about two accounts", extra={"provider": provider.id}
                )
                raise OAuthGrantRefused
        return Grant(tokens(members), address_in(provider, claims))

    async def refresh(self, provider: OAuthProvider, refresh_token: Secret) -> Tokens:
        """Return new tokens. No scope is named: that keeps all that was granted (RFC 6749 §6)."""
        used = refresh_token.reveal()
        client = self._client(provider)
        members = await self._within(provider, client.refresh_token(provider.token_url, refresh_token=used))
        return tokens(members, used=used)

    async def revoke(self, provider: OAuthProvider, refresh_token: Secret) -> bool:
        """Give the grant back. A provider that knows nothing of it has nothing to give back: True."""
        if not provider.revoke_url:
            return False
        request = self._client(provider).revoke_token(
            provider.revoke_url,
            token=refresh_token.reveal(),
            token_type_hint="refresh_token",  # noqa: S106  (a name, not a token)
        )
        answer: httpx2.Response = await self._within(provider, request)
        # RFC 7009 §2.2: the content of a good answer means nothing, and an unknown token is a success;
        # Google says invalid_token all the same.
        if not answer.is_success and error_of(answer) != "invalid_token":
            parsed(provider, answer)
        return True

    async def _userinfo(self, provider: OAuthProvider, client: Any) -> Mapping[str, Any]:
        answer: httpx2.Response = await self._within(provider, client.get(provider.userinfo_url))
        # The token is a moment old: it was granted without the scopes that this needs.
        return {} if answer.status_code in _UNAUTHORIZED else parsed(provider, answer)

    async def _within(self, provider: OAuthProvider, request: Awaitable[_T]) -> _T:
        """Return what comes of a request, in time. Raises OAuthProviderUnavailable and what hooks raise."""
        try:
            async with asyncio.timeout(self._timeouts.request):
                return await request
        except (httpx2.HTTPError, OSError) as error:  # TimeoutError is an OSError
            reason = type(error).__name__
        # Raised outside of `except`: no exception that knows the request, and its tokens, hangs on it.
        _log.warning("a provider cannot be reached", extra={"provider": provider.id, "reason": reason})
        raise OAuthProviderUnavailable(retry_after=RETRY)

    def _client(self, provider: OAuthProvider) -> Any:
        """Return an Authlib client for one use: it remembers the tokens that it has seen."""
        registration = provider.client
        if registration is None:
            raise OAuthProviderNotFound
        pool = self._pools.get(provider.id)
        if pool is None:
            pool = self._pools[provider.id] = Pool(self._context, connect_timeout=self._timeouts.connect)
        return _client(provider, registration, pool)


def _client(provider: OAuthProvider, registration: OAuthClient, pool: Pool) -> Any:
    secret = registration.secret
    # Without a secret the client id alone is sent, in the body (RFC 6749 §2.3.1).
    method = provider.client_auth if secret else "none"
    client = AsyncOAuth2Client(
        registration.id,
        secret.reveal() if secret else None,
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        redirect_uri=registration.redirect_uri,
        code_challenge_method="S256",
        # Authlib would not use a token that ends within a minute; ours has come this moment.
        leeway=float("-inf"),
        transport=pool,
    )
    client.register_client_auth_method(("client_secret_basic", _basic))

    def checked(answer: httpx2.Response) -> httpx2.Response:
        # Authlib computes with whatever an answer holds; it is given only what has the right types.
        content = parsed(provider, answer)
        try:
            return httpx2.Response(200, json=clean(content))
        except ValueError:
            pass
        raise unavailable(provider, answer)

    client.register_compliance_hook("access_token_response", checked)
    client.register_compliance_hook("refresh_token_response", checked)
    return client


def _basic(
    client: Any, _method: str, uri: str, headers: httpx2.Headers, body: bytes
) -> tuple[str, httpx2.Headers, bytes]:
    # RFC 6749 §2.3.1: both are form-encoded first. Authlib's own does not do so, and a secret with ":" or
    # "%", or outside of Latin-1, is then another one or an error.
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body
