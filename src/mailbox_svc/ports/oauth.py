"""OAuth2: authorizations under way, the providers' endpoints, and access tokens for logins."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from mailbox_svc.model.check import AccessToken
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.oauth import Authorization, Grant, OAuthProvider, Tokens
from mailbox_svc.model.secret import SealedSecret, Secret


class AuthorizationRepository(Protocol):
    """The authorizations under way of the transaction's user. Never commits."""

    async def insert(self, authorization: Authorization, *, keep: int, now: datetime) -> None:
        """Add it; remove everybody's that have expired, and all of this user's but the `keep` that end last.

        Raises MailboxNotFound when the user has no mailbox with its mailbox id.
        """

    async def take(self, state_hash: str) -> Authorization | None:
        """Remove and return it, expired or not; None when this user has none with that state."""


class ProviderEndpoints(Protocol):
    """Speaks to a provider on the service's behalf.

    Raises OAuthGrantRefused (`invalid_grant`), OAuthClientRefused (the provider does not take us:
    `invalid_client`, `unauthorized_client`, `invalid_request` and their like), or
    OAuthProviderUnavailable for whatever else an endpoint may do: 5xx, 429, a timeout, a redirect, HTML,
    an answer without end. Nothing of the provider's words, and no token, is in an error or a log.
    """

    def authorization_url(
        self, provider: OAuthProvider, *, state: str, verifier: Secret, login_hint: str | None
    ) -> str:
        """Return where to send the user's browser (RFC 6749 §4.1.1, RFC 7636 S256). No network."""

    async def exchange(self, provider: OAuthProvider, code: Secret, verifier: Secret) -> Grant:
        """Redeem the authorization code, and ask whose account it is."""

    async def refresh(self, provider: OAuthProvider, refresh_token: Secret) -> Tokens:
        """Return new tokens (RFC 6749 §6)."""

    async def revoke(self, provider: OAuthProvider, refresh_token: Secret) -> bool:
        """Give the grant back (RFC 7009); False when the provider has no such endpoint."""


class AccessTokens(Protocol):
    """Gives the access token that a mailbox logs in with."""

    async def get(self, mailbox: Mailbox, *, refused: AccessToken | None = None) -> AccessToken:
        """Return a token that is good for a while yet, and is not the one that a server has refused.

        Raises OAuthGrantRefused when the user must connect the account again (the mailbox then shows
        it), OAuthProviderNotFound, OAuthClientRefused, OAuthProviderUnavailable, StorageUnavailable,
        SecretUnreadable or MailboxNotFound.
        """


class GrantRevoker(Protocol):
    """Gives permissions back that the service has no use for any more."""

    async def revoke(self, mailbox: Mailbox, refresh_token: SealedSecret) -> bool:
        """Tell the provider, unless another mailbox lives on the same grant; False when it was not told.

        Takes a few seconds at most and never raises: what belongs to the mailbox is gone in any case.
        """
