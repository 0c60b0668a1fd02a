"""Tokens: who is calling. The only importer of joserfc and httpx2; no token ever enters a log or an error."""

from __future__ import annotations

from mailbox_svc.identity.cache import CachingVerifier
from mailbox_svc.identity.jwks import KeySource
from mailbox_svc.identity.mint import mint_token
from mailbox_svc.identity.verify import HmacVerifier, JwksVerifier

__all__ = ["CachingVerifier", "HmacVerifier", "JwksVerifier", "KeySource", "mint_token"]
