from __future__ import annotations

from dataclasses import replace

import pytest

from mailbox_svc.errors import OAuthClientRefused, OAuthGrantRefused
from mailbox_svc.model.oauth import OAuthClient
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http import HttpProviderEndpoints
from support.oidc import running_provider


async def test_a_certified_provider_refuses_in_words_that_are_understood(
    endpoints: HttpProviderEndpoints,
) -> None:
    with running_provider() as oidc:
        for way in ("client_secret_basic", "client_secret_post", "none"):
            provider = oidc.provider(client_auth=way)
            with pytest.raises(OAuthGrantRefused):
                await endpoints.refresh(provider, Secret("CANARY-nobody-has-this"))
            assert await endpoints.revoke(provider, Secret("CANARY-nobody-has-this")) is True
        stranger = OAuthClient("mailbox-svc", Secret("CANARY-wrong:%+"), oidc.redirect_uri)
        wrong = replace(oidc.provider(), client=stranger)
        with pytest.raises(OAuthClientRefused):
            await endpoints.refresh(wrong, Secret("CANARY-nobody-has-this"))
