"""Refresh tokens that the provider replaces each time survive many workers, and are not lost in silence."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.vault import Keyring, Vault
from support.delay_proxy import delaying
from support.nursery import Program
from support.oauth_world import USER, OAuthWorld, oauth_world
from support.oidc import OidcProvider, running_provider
from support.stores import KINDS, PreparedDatabase, opened, prepared
from support.token_worker import ended, started

#: Seconds that an access token lives.
LIFE = 2


@pytest.fixture(scope="module")
def oidc() -> Iterator[OidcProvider]:
    with running_provider(access_token_seconds=LIFE) as provider:
        yield provider


@dataclass(slots=True)
class Shared:
    """A connected mailbox, and what a worker needs to find it."""

    world: OAuthWorld
    database: PreparedDatabase
    keyring: Path
    mailbox: Mailbox

    def worker(self, mode: str, issuer: str) -> Program:
        return started(mode, self.database.url, self.keyring, issuer, USER, self.mailbox.id)


@pytest.fixture(params=KINDS)
async def shared(request: pytest.FixtureRequest, oidc: OidcProvider, tmp_path: Path) -> AsyncIterator[Shared]:
    keyring = tmp_path / "keyring.json"
    Keyring.generate().save(keyring)
    vault = Vault(Keyring.load(keyring))
    async with (
        prepared(request.param, tmp_path) as database,
        opened(database.url) as store,
        oauth_world(store, vault, tmp_path, oidc.provider()) as world,
    ):
        yield Shared(world, database, keyring, await world.connected())


@pytest.mark.timeout(3600)
async def test_two_workers_refresh_one_mailbox_once_for_each_expiry_and_never_reuse_a_token(
    shared: Shared, oidc: OidcProvider, refreshes: int
) -> None:
    before, began = oidc.counts(), time.monotonic()
    workers = [shared.worker("until-told", oidc.issuer) for _ in range(2)]
    while oidc.counts().refreshes - before.refreshes < refreshes:
        assert all(worker.poll() is None for worker in workers)
        await asyncio.sleep(0.2)
    tokens = [int(ended(worker)) for worker in workers]
    lasted = time.monotonic() - began

    after = oidc.counts()
    assert sum(tokens) == after.refreshes - before.refreshes
    # Each has a token of its own, and asks for the next when it ends, not before.
    assert max(tokens) <= lasted / (LIFE * 0.9) + 1
    assert (after.reuses, after.grants_revoked, after.refused_grants) == (
        before.reuses,
        before.grants_revoked,
        before.refused_grants,
    )
    assert await shared.world.login_outcome(shared.mailbox) == "ok"


@pytest.mark.timeout(3600)
async def test_kill_9_around_a_refresh_ends_in_a_login_or_in_needs_reauth_and_never_in_a_loop(
    shared: Shared, oidc: OidcProvider, kills: int
) -> None:
    """What a kill between the provider's answer and the commit costs is the grant, and it shows."""
    kills //= 2  # each takes a second
    chance = random.Random(kills)
    ends: Counter[str] = Counter()
    world = shared.world
    async with delaying(int(oidc.issuer.rpartition(":")[2]), delay=0.1) as proxy:
        for _ in range(kills):
            worker = shared.worker("once", f"http://127.0.0.1:{proxy.port}")
            # The request arrives after 0.1 s, the answer after 0.2 s; both, and the commit, may come later.
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
            await asyncio.sleep(0.15)  # for a request that is on its way

            asked = _requests(oidc)
            first = await world.login_outcome(shared.mailbox)
            assert _requests(oidc) == asked + 1
            stored = await world.stored(shared.mailbox)
            assert stored is not None
            ends[first] += 1
            if first == "ok":
                continue
            assert first == "AUTH_REAUTH_REQUIRED"
            assert stored.status is Status.NEEDS_REAUTH
            assert stored.last_error
            shared.mailbox = await world.connected(mailbox_id=shared.mailbox.id)
    assert sum(ends.values()) == kills
    if kills >= 50:  # fewer may all come too early or too late
        assert set(ends) == {"ok", "AUTH_REAUTH_REQUIRED"}


def _requests(oidc: OidcProvider) -> int:
    counts = oidc.counts()
    return counts.refreshes + counts.refused_grants
