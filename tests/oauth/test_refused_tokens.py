"""A harvest whose access token is refused more than once: each may have ended early, or none will do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import HarvestState
from mailbox_svc.model.mailbox import Status
from mailbox_svc.vault import Keyring, Vault
from support.delay_proxy import delaying
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.letters import OWNER, USERS, fill, letters, logged_in
from support.oauth_world import oauth_world
from support.oidc import OidcProvider, running_provider
from support.rpc import eventually
from support.stores import opened, prepared


@pytest.fixture(scope="module")
def letter_box(oidc: OidcProvider) -> Iterator[DovecotServer]:
    with running_dovecot(USERS, authority(), introspection=oidc.introspection_url) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


async def test_a_second_token_that_is_refused_is_replaced_too_when_the_first_was_of_use(
    oidc: OidcProvider, letter_box: DovecotServer, tmp_path: Path
) -> None:
    """Four connections: refused, cut in the midst of the reading, refused, to the end."""
    async with (
        prepared("sqlite", tmp_path) as database,
        opened(database.url) as store,
        delaying(letter_box.tls_port, delay=0.1) as proxy,
        oauth_world(store, Vault(Keyring.generate()), tmp_path, oidc.provider(imap_port=proxy.port)) as world,
    ):
        mailbox = await world.connected(address=OWNER)
        before = oidc.counts().refreshes
        oidc.forget_access_tokens(OWNER)

        harvesting = asyncio.create_task(world.harvest(mailbox))
        await eventually(lambda: proxy.connections == 1, within=30)
        proxy.cut_after = 40_000
        await eventually(lambda: proxy.connections == 2, within=30)
        proxy.cut_after = None
        refused = proxy.bytes_back
        await eventually(lambda: proxy.bytes_back > refused + 20_000, within=30)  # letters
        oidc.forget_access_tokens(OWNER)
        harvest = await harvesting

        assert harvest.failure is None
        assert (harvest.state, harvest.progress.scanned) == (HarvestState.DONE, 250)
        assert proxy.connections == 4
        assert oidc.counts().refreshes == before + 2
        stored = await world.stored(mailbox)
        assert stored is not None
        assert stored.status is Status.OK


async def test_a_fresh_token_that_is_refused_before_anything_was_read_ends_the_harvest(
    oidc: OidcProvider, tmp_path: Path
) -> None:
    """No refresh can mend that; the server here asks a provider that knows nothing of our tokens."""
    with (
        running_provider() as other,
        running_dovecot(USERS, authority(), introspection=other.introspection_url) as server,
    ):
        provider = oidc.provider(imap_port=server.tls_port)
        async with (
            prepared("sqlite", tmp_path) as database,
            opened(database.url) as store,
            oauth_world(store, Vault(Keyring.generate()), tmp_path, provider) as world,
        ):
            mailbox = await world.connected()
            before = oidc.counts().refreshes, other.counts().introspections

            harvest = await world.harvest(mailbox)

            assert harvest.state is HarvestState.FAILED
            assert harvest.failure is not None
            assert harvest.failure.connection_code is Code.AUTH_TOKEN_REJECTED
            after = oidc.counts().refreshes, other.counts().introspections
            assert (after[0] - before[0], after[1] - before[1]) == (1, 2)
            stored = await world.stored(mailbox)
            assert stored is not None
            assert stored.status is Status.NEEDS_REAUTH
