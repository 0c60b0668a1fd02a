"""OAuth2: the providers as data, a grant as it comes from one, and an authorization under way."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import SealedSecret, Secret, SecretContext, SecretField

#: Stands in an issuer for the id of a tenant: Microsoft has an issuer for each of its customers.
_TENANT = "{tenantid}"
_TENANT_ID = "([0-9a-f-]{36})"


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """How this service is registered with a provider (RFC 6749 §2)."""

    id: str
    #: None is a public client: PKCE alone protects it.
    secret: Secret | None
    #: Where the provider sends the browser back to; it must be registered there, letter for letter.
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class OAuthProvider:
    """A provider of mail accounts. Nothing of it comes from a user: endpoints are the operator's."""

    id: str
    #: As people write it.
    name: str
    authorize_url: str
    token_url: str
    #: RFC 7009; empty when the provider has none.
    revoke_url: str
    #: OpenID Connect Core §5.3; empty: the address is in the ID token.
    userinfo_url: str
    #: RFC 9207 and the ID token must name it (`is_issuer`); empty when it is not known beforehand.
    issuer: str
    #: The provider names its issuer with every code, so that one without is refused.
    sends_issuer: bool
    scopes: tuple[str, ...]
    #: Those of `scopes` without which there is no mail. A user may untick any.
    needed_scopes: tuple[str, ...]
    #: What the authorization URL says besides.
    authorize_params: tuple[tuple[str, str], ...]
    #: Claims that may hold the mailbox's address, the best first.
    address_claims: tuple[str, ...]
    #: `client_secret_basic` or `client_secret_post` (RFC 6749 §2.3.1).
    client_auth: str
    imap_host: str
    imap_port: int
    imap_tls: bool
    #: None takes what the server offers.
    mechanism: TokenMechanism | None
    #: None: the operator has not registered this service there.
    client: OAuthClient | None = None

    @property
    def configured(self) -> bool:
        return self.client is not None

    def is_issuer(self, iss: str, *, tenant: str | None = None) -> bool:
        """Say whether this is what the provider calls itself.

        Where each tenant is an issuer of its own: whether it is this tenant's, or with None, anyone's.
        """
        before, template, behind = self.issuer.partition(_TENANT)
        if not template:
            return iss == self.issuer
        named = re.fullmatch(re.escape(before) + _TENANT_ID + re.escape(behind), iss)
        return named is not None and tenant in (None, named[1])

    def destination(self, address: str) -> Destination:
        """Return where the account's mail is."""
        return Destination(host=self.imap_host, port=self.imap_port, tls=self.imap_tls, user=address)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint has answered (RFC 6749 §5.1)."""

    access_token: Secret
    #: Seconds the access token is good for; None when the provider does not say.
    expires_in: float | None
    #: None when there is none, or, after a refresh, when the one in use stays good.
    refresh_token: Secret | None
    #: What was granted; None when the provider does not say, which means all that was asked for.
    scopes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code was exchanged for, and whose it is."""

    tokens: Tokens
    #: The account's address, from the provider; empty when it does not tell.
    address: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorization that was begun and not completed. The state itself is never stored."""

    #: SHA-256 of the state, in hexadecimal.
    state_hash: str
    user_id: str
    provider: str
    #: The mailbox to connect again; None makes a new one.
    mailbox_id: str | None
    #: The PKCE code verifier (RFC 7636).
    verifier: SealedSecret = field(repr=False)
    expires_at: datetime


def verifier_context(user_id: str, state_hash: str) -> SecretContext:
    """Return what the code verifier of an authorization is bound to."""
    return SecretContext(
        field=SecretField.OAUTH_VERIFIER,
        user_id=user_id,
        mailbox_id=state_hash,
        destination=Destination(host="", port=0, tls=True, user=""),
        version=1,
    )
