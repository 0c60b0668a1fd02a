"""Judges what came back from a provider, before anything is stored. Raises, or lets pass."""

from __future__ import annotations

import logging

from mailbox_svc.errors import (
    OAuthAccountMismatch,
    OAuthClientRefused,
    OAuthDenied,
    OAuthGrantIncomplete,
    OAuthProviderUnavailable,
    OAuthScopeMissing,
    OAuthStateInvalid,
)
from mailbox_svc.model.address import canonical, match_key
from mailbox_svc.model.oauth import Grant, OAuthProvider
from mailbox_svc.model.secret import Secret

_log = logging.getLogger(__name__)

#: RFC 6749 §4.1.2.1: errors that are about us, not about the user.
_OURS = frozenset({"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope"})
_PASSING = frozenset({"server_error", "temporarily_unavailable"})


def check_issuer(provider: OAuthProvider, iss: str | None) -> None:
    """Refuse an answer that another provider has sent (RFC 9207 §2.4: the mix-up attack)."""
    if iss is None and not provider.sends_issuer:
        return
    if not provider.issuer:
        return
    if iss is None or not provider.is_issuer(iss):
        _log.warning("an authorization came back from another issuer", extra={"provider": provider.id})
        raise OAuthStateInvalid


def check_error(provider: OAuthProvider, error: str | None) -> None:
    """Refuse an answer that is an error; what the provider wrote is neither shown nor logged."""
    if not error:
        return
    if error in _PASSING:
        raise OAuthProviderUnavailable
    if error in _OURS:
        _log.error(
            "a provider refuses this service: check its registration",
            extra={"provider": provider.id, "reason": error},
        )
        raise OAuthClientRefused
    raise OAuthDenied


def usable(provider: OAuthProvider, grant: Grant) -> tuple[Secret, str]:
    """Return the refresh token and the account's address of a grant that gives access to mail.

    Raises OAuthScopeMissing or OAuthGrantIncomplete.
    """
    scopes = grant.tokens.scopes
    if scopes is not None:
        granted = {scope.lower() for scope in scopes}
        if not granted.issuperset(scope.lower() for scope in provider.needed_scopes):
            raise OAuthScopeMissing
    if grant.tokens.refresh_token is None or not grant.address:
        missing = "address" if grant.tokens.refresh_token else "refresh_token"
        _log.warning("a grant lacks what it needs", extra={"provider": provider.id, "reason": missing})
        raise OAuthGrantIncomplete
    return grant.tokens.refresh_token, grant.address


def check_account(login: str, address: str) -> None:
    """Refuse another account than the one whose mailbox is to be connected again, as far as spelling tells.

    A login without a domain is that of a company server: then the local part is compared.
    """
    theirs = canonical(address)
    if "@" in login:
        ours = canonical(login)
        same = ours == theirs or match_key(ours) == match_key(theirs)
    else:
        same = login.lower() == theirs.rpartition("@")[0]
    if not same:
        raise OAuthAccountMismatch
