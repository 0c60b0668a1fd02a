"""The providers this service knows, by id."""

from __future__ import annotations

from collections.abc import Iterable

from mailbox_svc.errors import OAuthProviderNotFound
from mailbox_svc.model.oauth import OAuthProvider


class Providers:
    """All providers, in the operator's order."""

    def __init__(self, providers: Iterable[OAuthProvider]) -> None:
        self.all = tuple(providers)
        self._by_id = {provider.id: provider for provider in self.all}

    def configured(self, provider_id: str) -> OAuthProvider:
        """Return a provider that can be used. Raises OAuthProviderNotFound."""
        provider = self._by_id.get(provider_id)
        if provider is None or not provider.configured:
            raise OAuthProviderNotFound
        return provider
