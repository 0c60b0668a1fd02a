"""A harvest outlives the access token it began with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbox_svc.model.harvest import HarvestState
from mailbox_svc.vault import Keyring, Vault
from support.delay_proxy import delaying
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.letters import OWNER, USERS, fill, letters, logged_in
from support.oauth_world import oauth_world
from support.oidc import OidcProvider, running_provider
from support.stores import opened, prepared

LIFE = 2


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    with running_provider(access_token_seconds=LIFE) as provider:
        yield provider


@pytest.fixture(scope="module")
def dovecot(oidc: OidcProvider) -> Iterator[DovecotServer]:
    with running_dovecot(USERS, authority(), introspection=oidc.introspection_url) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


async def test_a_harvest_longer_than_the_tokens_life_completes(
    oidc: OidcProvider, dovecot: DovecotServer, tmp_path: Path
) -> None:
    """The server is so far away that the token has ended when the connection is lost."""
    async with (
        prepared("sqlite", tmp_path) as database,
        opened(database.url) as store,
        delaying(dovecot.tls_port, delay=0.1, cut_after=40_000) as proxy,
        oauth_world(store, Vault(Keyring.generate()), tmp_path, oidc.provider(imap_port=proxy.port)) as world,
    ):
        mailbox = await world.connected(address=OWNER)
        before, began = oidc.counts().refreshes, time.monotonic()

        harvesting = asyncio.create_task(world.harvest(mailbox))
        while proxy.connections < 3 and not harvesting.done():  # noqa: ASYNC110  (there is no event for it)
            await asyncio.sleep(0.05)
        proxy.cut_after = None
        harvest = await harvesting

        assert harvest.failure is None
        assert time.monotonic() - began > 2 * LIFE
        assert (harvest.state, harvest.progress.scanned) == (HarvestState.DONE, 250)
        assert proxy.connections > 2
        assert oidc.counts().refreshes >= before + 2
        assert oidc.counts().reuses == 0
