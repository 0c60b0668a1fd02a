"""Providers that are slow, and users who come twice, do not get in one another's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbox_svc.errors import OAuthProviderUnavailable
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth.room import MOST, ProviderRoom
from mailbox_svc.vault import Keyring, Vault
from support.oauth_world import ADDRESS, USER, OAuthWorld, oauth_world
from support.rpc import eventually
from support.stores import KINDS, opened, prepared
from support.token_server import TokenServer, granted, says, token_server, when

#: More than all the locks that a process has room for.
MANY = 16


@dataclass(slots=True)
class Two:
    """A service with two providers of one house: `one` and `other`, each with endpoints of its own."""

    world: OAuthWorld
    server: TokenServer

    async def connected(
        self, provider: str, address: str = ADDRESS, mailbox_id: str | None = None, expires_in: int = 3600
    ) -> Mailbox:
        token = f"CANARY-refresh-of-{provider}"
        self.server.answers(f"/{provider}/token", granted(refresh_token=token, expires_in=expires_in))
        self.server.answers(f"/{provider}/userinfo", says({"email": address}))
        return await self.completed(provider, mailbox_id)

    async def completed(self, provider: str, mailbox_id: str | None = None) -> Mailbox:
        started = await self.world.connections.start(USER, provider, login_hint=None, mailbox_id=mailbox_id)
        return await self.world.connections.complete(
            USER, started.state, code=Secret("CANARY-code"), iss=None, error=None
        )

    def asked(self, path: str) -> list[str]:
        """What came to this path, of each request the token that it was about."""
        forms = [asked.form for asked in self.server.asked if asked.path == path]
        return [form.get("refresh_token") or form.get("token", "") for form in forms]


@pytest.fixture(params=KINDS)
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Two]:
    async with (
        token_server() as server,
        prepared(request.param, tmp_path) as database,
        opened(database.url, pool_size=5) as store,
    ):
        providers = [
            server.provider(
                id=name,
                token_url=f"{server.base}/{name}/token",
                userinfo_url=f"{server.base}/{name}/userinfo",
                revoke_url=f"{server.base}/{name}/revoke",
            )
            for name in ("one", "other")
        ]
        async with oauth_world(store, Vault(Keyring.generate()), tmp_path, *providers) as world:
            yield Two(world, server)


async def test_a_provider_that_hangs_keeps_no_other_waiting(two: Two) -> None:
    hanging = [await two.connected("one", f"ann{n}@example.org", expires_in=0) for n in range(MANY)]
    mailbox = await two.connected("other", "bob@example.org", expires_in=0)
    answer = asyncio.Event()
    two.server.answers("/one/token", when(answer, granted(refresh_token=None)))
    two.server.answers("/other/token", granted(refresh_token=None))
    before = len(two.asked("/one/token"))

    tokens = two.world.oauth.tokens
    waiting = [asyncio.create_task(tokens.get(each)) for each in hanging]
    await eventually(lambda: len(two.asked("/one/token")) == before + MOST)
    await tokens.get(mailbox)

    assert not any(task.done() for task in waiting)
    assert len(two.asked("/one/token")) == before + MOST
    answer.set()
    await asyncio.gather(*waiting)


async def test_who_waits_too_long_for_others_at_the_provider_is_told_that_it_is_the_provider() -> None:
    room = ProviderRoom(patience=0.1, most=1)
    async with room.of("one"):
        with pytest.raises(OAuthProviderUnavailable):
            async with room.of("one"):
                pass
        async with room.of("other"):
            pass
    async with room.of("one"):
        pass


async def test_an_account_that_is_connected_several_times_at_once_is_one_mailbox(two: Two) -> None:
    answer = asyncio.Event()
    two.server.answers("/one/token", granted())
    two.server.answers("/one/userinfo", when(answer, says({"email": ADDRESS})))
    coming = [asyncio.create_task(two.completed("one")) for _ in range(4)]
    await eventually(lambda: two.server.open == 4 and len(two.asked("/one/userinfo")) == 4)

    answer.set()
    mailboxes = await asyncio.gather(*coming)

    assert len({mailbox.id for mailbox in mailboxes}) == 1
    [kept] = await two.world.mailboxes.list(USER)
    assert kept.secret_version == 4
    assert await two.world.login_outcome(kept) == "ok"


async def test_a_grant_that_one_at_another_provider_replaces_is_given_back(two: Two) -> None:
    mailbox = await two.connected("one")
    two.server.answers("/one/revoke", says({}))

    again = await two.connected("other", mailbox_id=mailbox.id)

    assert (again.id, again.oauth_provider) == (mailbox.id, "other")
    assert two.asked("/one/revoke") == ["CANARY-refresh-of-one"]
    assert two.asked("/other/revoke") == []
    assert await two.world.login_outcome(again) == "ok"


async def test_a_grant_that_a_newer_one_of_its_provider_replaces_is_not(two: Two) -> None:
    """It may be the same grant, and would end with the older token."""
    mailbox = await two.connected("one")
    again = await two.connected("one", mailbox_id=mailbox.id)
    assert again.id == mailbox.id
    assert two.asked("/one/revoke") == []


async def test_a_grant_that_another_mailbox_lives_on_is_not_given_back_either(two: Two) -> None:
    mailbox = await two.connected("one")
    two.server.answers("/one/userinfo", says({"email": ADDRESS}))
    started = await two.world.connections.start("bob", "one", login_hint=None, mailbox_id=None)
    await two.world.connections.complete("bob", started.state, code=Secret("c"), iss=None, error=None)

    await two.connected("other", mailbox_id=mailbox.id)

    assert two.asked("/one/revoke") == []
