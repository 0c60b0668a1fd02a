"""The use cases' parts, put together: they share one set of tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mailbox_svc.mailboxes.credentials import Credentials
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.oauth.providers import Providers
from mailbox_svc.oauth.revoking import Revoker
from mailbox_svc.oauth.tokens import OnRefresh, TokenCache
from mailbox_svc.ports import Clock, Store, Vault
from mailbox_svc.ports.oauth import ProviderEndpoints


@dataclass(frozen=True, slots=True)
class OAuthParts:
    """What logs in to mailboxes, by password or by token."""

    endpoints: ProviderEndpoints
    providers: Providers
    tokens: TokenCache
    revoker: Revoker
    credentials: Credentials


@asynccontextmanager
async def oauth_parts(
    store: Store,
    vault: Vault,
    endpoints: ProviderEndpoints,
    providers: Iterable[OAuthProvider],
    *,
    clock: Clock,
    on_refresh: OnRefresh | None = None,
) -> AsyncIterator[OAuthParts]:
    """Yield the parts; at the end, wait for what a provider is being asked: it must not be cut off."""
    known = Providers(providers)
    tokens = TokenCache(store, vault, endpoints, known, clock=clock, on_refresh=on_refresh)
    revoker = Revoker(store, vault, endpoints, known)
    try:
        yield OAuthParts(endpoints, known, tokens, revoker, Credentials(store, vault, tokens))
    finally:
        await tokens.finish()
        await revoker.finish()
