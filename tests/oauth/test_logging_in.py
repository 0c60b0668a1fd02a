"""A connected mailbox is logged in to by access tokens: got at need, replaced when refused, never stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from mailbox_svc.errors import OAuthGrantRefused
from mailbox_svc.model.check import AccessToken, Code, Stage
from mailbox_svc.model.harvest import FailureCode, HarvestState
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.model.oauth import OAuthClient
from mailbox_svc.model.secret import Secret, SecretField
from mailbox_svc.vault import Keyring, Vault
from support.dovecot import DovecotServer, running_dovecot
from support.imap_server import authority
from support.oauth_world import OAuthWorld, oauth_world
from support.oidc import OidcProvider, running_provider
from support.stores import opened, prepared


async def _token(world: OAuthWorld, mailbox: Mailbox) -> AccessToken:
    _, credential = await world.oauth.credentials.of(mailbox.user_id, mailbox.id)
    assert isinstance(credential, AccessToken)
    return credential


async def test_the_token_that_came_with_the_code_is_used_until_it_ends(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    mailbox = await world.connected()
    before = oidc.counts().refreshes

    tokens = {(await _token(world, mailbox)).secret.reveal() for _ in range(5)}

    assert len(tokens) == 1
    assert oidc.counts().refreshes == before
    assert world.outcomes == []


async def test_all_who_need_a_token_at_once_share_one_refresh(world: OAuthWorld, oidc: OidcProvider) -> None:
    mailbox = await world.connected()
    before = oidc.counts().refreshes
    world.forget_tokens()

    tokens = await asyncio.gather(*(_token(world, mailbox) for _ in range(50)))

    assert len({token.secret.reveal() for token in tokens}) == 1
    assert oidc.counts().refreshes == before + 1
    assert world.outcomes == [("example", "ok")]


async def test_no_access_token_is_ever_in_the_database(world: OAuthWorld, tmp_path: Path) -> None:
    mailbox = await world.connected()
    world.forget_tokens()
    token = (await _token(world, mailbox)).secret.reveal()

    assert token.encode() not in _content(tmp_path)


def _dovecot(oidc: OidcProvider) -> AbstractContextManager[DovecotServer]:
    return running_dovecot({}, authority(), introspection=oidc.introspection_url)


def _content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("mailboxes.db*"))


async def test_a_token_that_the_server_refuses_is_replaced_once_and_nobody_notices(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    mailbox = await world.connected()
    before = oidc.counts().refreshes
    oidc.forget_access_tokens(mailbox.destination.user)

    assert (await world.test(mailbox)).ok

    assert oidc.counts().refreshes == before + 1


async def test_a_server_that_refuses_a_fresh_token_too_is_not_asked_again(
    oidc: OidcProvider, tmp_path: Path
) -> None:
    """No refresh can mend that; the server here asks a provider that knows nothing of our tokens."""
    with running_provider() as other, _dovecot(other) as server:
        provider = oidc.provider(imap_port=server.tls_port)
        vault = Vault(Keyring.generate())
        async with (
            prepared("sqlite", tmp_path) as database,
            opened(database.url) as store,
            oauth_world(store, vault, tmp_path, provider) as world,
        ):
            mailbox = await world.connected()
            before = oidc.counts().refreshes, other.counts().introspections

            report = await world.test(mailbox)

            assert report.code is Code.AUTH_TOKEN_REJECTED
            after = oidc.counts().refreshes, other.counts().introspections
            assert (after[0] - before[0], after[1] - before[1]) == (1, 2)
            stored = await world.stored(mailbox)
            assert stored is not None
            assert stored.status is Status.NEEDS_REAUTH


async def test_a_grant_that_the_user_has_taken_back_is_told_with_its_remedy_and_stops_everything(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    mailbox = await world.connected()
    oidc.withdraw(mailbox.destination.user)

    report = await world.test(mailbox)

    assert (report.code, report.stage, report.retryable) == (Code.AUTH_REAUTH_REQUIRED, Stage.AUTH, False)
    assert report.remedy is not None
    assert "Connect the account again" in report.remedy.text
    after = await world.stored(mailbox)
    assert after is not None
    assert (after.status, after.last_error) == (Status.NEEDS_REAUTH, report.error)
    harvest = await world.harvest(mailbox)
    assert harvest.state is HarvestState.FAILED
    assert harvest.failure is not None
    assert harvest.failure.code is FailureCode.CONNECTION
    assert harvest.failure.connection_code is Code.AUTH_REAUTH_REQUIRED


async def test_connecting_again_mends_it(world: OAuthWorld, oidc: OidcProvider) -> None:
    mailbox = await world.connected()
    oidc.withdraw(mailbox.destination.user)
    assert not (await world.test(mailbox)).ok

    again = await world.connected(mailbox_id=mailbox.id)

    assert again.status is Status.PENDING
    assert (await world.test(again)).ok


async def test_a_caller_who_gives_up_in_the_midst_of_a_refresh_does_not_lose_the_grant(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    mailbox = await world.connected()
    for pause in (0.0, 0.005, 0.01, 0.02, 0.03):
        world.forget_tokens()
        asking = asyncio.create_task(_token(world, mailbox))
        await asyncio.sleep(pause)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await world.oauth.tokens.finish()

    assert await world.login_outcome(mailbox) == "ok"
    assert oidc.counts().reuses == 0


@pytest.fixture
async def misconfigured(
    oidc: OidcProvider, dovecot: DovecotServer, tmp_path: Path
) -> AsyncIterator[tuple[OAuthWorld, Mailbox]]:
    """A service whose secret at the provider was changed after an account was connected."""
    good = oidc.provider(imap_port=dovecot.tls_port)
    assert good.client is not None
    bad = replace(good, client=OAuthClient(good.client.id, Secret("CANARY-old"), good.client.redirect_uri))
    vault = Vault(Keyring.generate())
    async with prepared("sqlite", tmp_path) as database, opened(database.url) as store:
        async with oauth_world(store, vault, tmp_path, good) as world:
            mailbox = await world.connected()
        async with oauth_world(store, vault, tmp_path, bad) as world:
            yield world, mailbox


async def test_a_wrong_registration_is_the_operators_to_mend_and_costs_no_grant(
    misconfigured: tuple[OAuthWorld, Mailbox], caplog: pytest.LogCaptureFixture
) -> None:
    world, mailbox = misconfigured

    report = await world.test(mailbox)

    assert report.code is Code.AUTH_CLIENT_REFUSED
    assert report.remedy is not None
    assert "operator" in report.remedy.text
    after = await world.stored(mailbox)
    assert after is not None
    assert after.status is Status.ERROR
    assert await world.secrets(mailbox) == {SecretField.MAILBOX_REFRESH_TOKEN}
    assert world.outcomes == [("example", "oauth_client_refused")]
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.__dict__["provider"] == "example"
    assert "CANARY" not in caplog.text


async def test_a_provider_that_was_taken_out_of_the_settings_is_the_operators_to_mend_too(
    oidc: OidcProvider, dovecot: DovecotServer, tmp_path: Path
) -> None:
    vault = Vault(Keyring.generate())
    async with prepared("sqlite", tmp_path) as database, opened(database.url) as store:
        async with oauth_world(store, vault, tmp_path, oidc.provider(imap_port=dovecot.tls_port)) as world:
            mailbox = await world.connected()
        async with oauth_world(store, vault, tmp_path) as world:
            assert (await world.test(mailbox)).code is Code.AUTH_CLIENT_REFUSED
            assert await world.secrets(mailbox) == {SecretField.MAILBOX_REFRESH_TOKEN}


async def test_a_grant_given_back_is_forgotten_here_and_there(world: OAuthWorld, oidc: OidcProvider) -> None:
    mailbox = await world.connected()
    before = oidc.counts()

    revoked, told = await world.connections.revoke(mailbox.user_id, mailbox.id)

    assert told
    assert revoked.status is Status.NEEDS_REAUTH
    assert await world.stored(mailbox) == revoked
    assert await world.secrets(mailbox) == set()
    assert oidc.counts().grants_revoked == before.grants_revoked + 1
    assert (await world.test(revoked)).code is Code.AUTH_REAUTH_REQUIRED
    assert oidc.counts().refused_grants == before.refused_grants  # there was nothing to ask with
    with pytest.raises(OAuthGrantRefused):
        await world.oauth.tokens.get(revoked)
    assert await world.connections.revoke(mailbox.user_id, mailbox.id) == (
        await world.stored(mailbox),
        False,
    )


async def test_deleting_the_mailbox_gives_the_grant_back(world: OAuthWorld, oidc: OidcProvider) -> None:
    mailbox = await world.connected()
    before = oidc.counts().grants_revoked

    await world.mailboxes.delete(mailbox.user_id, mailbox.id)

    assert oidc.counts().grants_revoked == before + 1
    assert await world.stored(mailbox) is None


async def test_a_grant_that_another_mailbox_lives_on_is_not_given_back(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    """At Google one revocation ends all grants of the account; the other user did not ask for that."""
    mine = await world.connected()
    theirs = await world.connected(user="bob", address=mine.destination.user)
    before = oidc.counts().grants_revoked

    await world.mailboxes.delete(mine.user_id, mine.id)
    assert oidc.counts().grants_revoked == before
    assert (await world.test(theirs)).ok

    await world.mailboxes.delete(theirs.user_id, theirs.id)
    assert oidc.counts().grants_revoked == before + 1
