"""A provider, a Dovecot that asks it about every token, and the service's use cases on top of a database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mailbox_svc.vault import Keyring, Vault
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.oauth_world import OAuthWorld, oauth_world
from support.oidc import OidcProvider, running_provider
from support.stores import opened, prepared

#: Of the mailbox that was saved with a password before it was connected.
PASSWORD = "CANARY-ann-password"


@pytest.fixture(scope="package")
def oidc() -> Iterator[OidcProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="package")
def dovecot(oidc: OidcProvider) -> Iterator[DovecotServer]:
    users = {"ann@example.org": PASSWORD, "ann": PASSWORD}
    with running_dovecot(users, authority(), introspection=oidc.introspection_url) as server:
        yield server


@pytest.fixture
async def world(oidc: OidcProvider, dovecot: DovecotServer, tmp_path: Path) -> AsyncIterator[OAuthWorld]:
    async with prepared("sqlite", tmp_path) as database, opened(database.url) as store:
        provider = oidc.provider(imap_port=dovecot.tls_port)
        async with oauth_world(store, Vault(Keyring.generate()), tmp_path, provider) as here:
            yield here
