"""Whose account a grant is for: the claims of an ID token, and the address in them. Does no I/O."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from typing import Any, Final

from mailbox_svc.errors import OAuthGrantRefused
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.oauth_http.answers import json_object

#: Characters: 64 before the @, 255 after it (RFC 5321 §4.5.3.1).
MAX_ADDRESS: Final = 320
#: Seconds that a provider's clock, or ours, may be wrong.
LEEWAY: Final = 300.0


def id_token_claims(provider: OAuthProvider, client_id: str, id_token: str) -> Mapping[str, Any]:
    """Return the claims of an ID token that came straight from the token endpoint.

    TLS stands for its signature then (OpenID Connect Core §3.1.3.7, item 6). Text that is no token has no
    claims. Raises OAuthGrantRefused when it is of another issuer, for another client, or out of date.
    """
    claims = _payload(id_token)
    if not claims:
        return {}
    audience, ends = claims.get("aud"), claims.get("exp")
    good = (
        _is_from(provider, claims)
        and (audience == client_id or (isinstance(audience, list) and client_id in audience))
        and isinstance(ends, int | float)
        and ends > time.time() - LEEWAY
    )
    if not good:
        raise OAuthGrantRefused
    return claims


def of_same_subject(claims: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Say whether two sets of claims may be about one account: as far as both name it, they name the same."""
    one, other = claims.get("sub"), others.get("sub")
    return one is None or other is None or one == other


def address_in(provider: OAuthProvider, claims: Mapping[str, Any]) -> str:
    """Return the first claim that may hold the mailbox's address and does; empty when none does."""
    for name in provider.address_claims:
        # OpenID Connect Core §5.1; some providers send the word instead of the value.
        if name == "email" and claims.get("email_verified") in (False, "false"):
            continue
        value = claims.get(name)
        if isinstance(value, str) and _is_address(value):
            return value
    return ""


def _payload(id_token: str) -> dict[str, Any]:
    parts = id_token.split(".")
    if len(parts) != 3:
        return {}
    payload = parts[1]
    try:
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except ValueError:
        return {}
    return json_object(text) or {}


def _is_from(provider: OAuthProvider, claims: Mapping[str, Any]) -> bool:
    if not provider.issuer:
        return True
    iss, tenant = claims.get("iss"), claims.get("tid")
    if not isinstance(iss, str):
        return False
    # Google's tokens may lack the scheme: https://developers.google.com/identity/openid-connect/openid-connect
    spellings = (iss, f"https://{iss}")
    # "" is nobody's: where tenants are issuers, a token that names none is refused.
    tenant = tenant if isinstance(tenant, str) else ""
    return any(provider.is_issuer(spelling, tenant=tenant) for spelling in spellings)


def _is_address(text: str) -> bool:
    local, at, domain = text.partition("@")
    return (
        len(text) <= MAX_ADDRESS
        and bool(local and at and domain)
        and "@" not in domain
        and text.isprintable()
        and " " not in text
    )
