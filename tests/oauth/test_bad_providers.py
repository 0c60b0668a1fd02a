"""What a good provider never does costs a wait, not the grant; and what it does right is not lost either."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mailbox_svc.errors import (
    InvalidFields,
    OAuthClientRefused,
    OAuthDenied,
    OAuthGrantIncomplete,
    OAuthGrantRefused,
    OAuthProviderUnavailable,
    OAuthScopeMissing,
    StorageUnavailable,
)
from mailbox_svc.model.check import AccessToken, Code
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.model.oauth import Tokens
from mailbox_svc.model.secret import Secret, SecretField
from mailbox_svc.vault import Keyring, Vault
from support.oauth_world import ADDRESS, USER, OAuthWorld, oauth_world
from support.rpc import eventually
from support.stores import opened, prepared
from support.token_server import (
    Answer,
    TokenServer,
    cut,
    endless,
    granted,
    refuses,
    says,
    status,
    token_server,
    when,
)

WHO = says({"email": ADDRESS, "email_verified": True})


@dataclass(slots=True)
class Scripted:
    """A service whose only provider does as it is told."""

    world: OAuthWorld
    server: TokenServer
    database: Path

    async def connected(self) -> Mailbox:
        self.server.answers("/token", granted(refresh_token="CANARY-refresh-1", expires_in=0))
        self.server.answers("/userinfo", WHO)
        return await self.completed()

    async def completed(self) -> Mailbox:
        started = await self.world.connections.start(USER, "example", login_hint=None, mailbox_id=None)
        return await self.world.connections.complete(
            USER, started.state, code=Secret("CANARY-code"), iss=None, error=None
        )

    def refresh_tokens(self) -> list[str]:
        """Those that came to the token endpoint, in order."""
        forms = [asked.form for asked in self.server.asked if asked.path == "/token"]
        return [form["refresh_token"] for form in forms if form["grant_type"] == "refresh_token"]


@pytest.fixture
async def scripted(tmp_path: Path) -> AsyncIterator[Scripted]:
    vault = Vault(Keyring.generate())
    async with (
        token_server() as server,
        prepared("sqlite", tmp_path) as database,
        opened(database.url) as store,
        oauth_world(store, vault, tmp_path, server.provider()) as world,
    ):
        yield Scripted(world, server, Path(database.name))


PASSING: dict[str, Answer] = {
    "an error of its own": status(500, b"oops"),
    "its grant error with a server's status": refuses("invalid_grant", 503),
    "too much at once": refuses("slow_down", 429),
    "a page": status(200, b"<html>Log in</html>", "content-type: text/html"),
    "another place": status(302, b"", "location: http://127.0.0.1:9/"),
    "without end": endless(),
    "half an answer": cut(),
    "no token": says({"token_type": "Bearer"}),
    "another kind of token": granted(token_type="mac"),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING.keys())
async def test_whatever_passes_is_told_as_passing_and_the_next_try_takes_the_same_token(
    scripted: Scripted, answer: Answer
) -> None:
    mailbox = await scripted.connected()
    scripted.server.answers("/token", answer, granted())

    report = await scripted.world.test(mailbox)

    assert (report.code, report.retryable) == (Code.AUTH_PROVIDER_UNAVAILABLE, True)
    assert report.retry_after is not None
    stored = await scripted.world.stored(mailbox)
    assert stored is not None
    assert stored.status is Status.ERROR
    assert await scripted.world.login_outcome(mailbox) == "ok"
    assert scripted.refresh_tokens() == ["CANARY-refresh-1"] * 2


async def test_a_slow_provider_does_not_hold_the_database(scripted: Scripted) -> None:
    mailbox = await scripted.connected()
    answer = asyncio.Event()
    scripted.server.answers("/token", when(answer, granted()))
    asking = asyncio.create_task(scripted.world.login_outcome(mailbox))
    await eventually(lambda: len(scripted.refresh_tokens()) == 1)

    await scripted.world.connections.start(USER, "example", login_hint=None, mailbox_id=None)

    assert not asking.done()
    answer.set()
    assert await asking == "ok"


@pytest.mark.parametrize(
    ("token", "userinfo", "refused"),
    [
        (granted(scope="openid email"), WHO, OAuthScopeMissing),
        (granted(refresh_token=None), WHO, OAuthGrantIncomplete),
        (granted(), says({}), OAuthGrantIncomplete),
        (granted(), says({"email": ADDRESS, "email_verified": False}), OAuthGrantIncomplete),
        (granted(), status(500), OAuthProviderUnavailable),
        (refuses("invalid_grant"), WHO, OAuthGrantRefused),
        (refuses("invalid_client", 401), WHO, OAuthClientRefused),
        (status(200, b"<html>"), WHO, OAuthProviderUnavailable),
    ],
)
async def test_a_grant_that_lacks_something_becomes_no_mailbox(
    scripted: Scripted, token: Answer, userinfo: Answer, refused: type[Exception]
) -> None:
    scripted.server.answers("/token", token)
    scripted.server.answers("/userinfo", userinfo)

    with pytest.raises(refused):
        await scripted.completed()

    assert await scripted.world.mailboxes.list(USER) == []


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        ("access_denied", OAuthDenied),
        ("consent_required", OAuthDenied),
        ("temporarily_unavailable", OAuthProviderUnavailable),
        ("invalid_scope", OAuthClientRefused),
    ],
)
async def test_an_error_in_the_place_of_a_code_is_told_for_what_it_is(
    scripted: Scripted, error: str, refused: type[Exception]
) -> None:
    started = await scripted.world.connections.start(USER, "example", login_hint=None, mailbox_id=None)
    with pytest.raises(refused):
        await scripted.world.connections.complete(USER, started.state, code=None, iss=None, error=error)
    assert scripted.server.asked == []


async def test_a_provider_that_keeps_its_refresh_token_is_asked_with_it_again(scripted: Scripted) -> None:
    mailbox = await scripted.connected()
    scripted.server.answers("/token", granted(refresh_token=None))
    async with scripted.world.store.read(USER) as tx:
        before = await tx.secrets.find(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN)

    assert [await scripted.world.login_outcome(mailbox) for _ in range(2)] == ["ok", "ok"]

    assert scripted.refresh_tokens() == ["CANARY-refresh-1"] * 2
    async with scripted.world.store.read(USER) as tx:
        assert await tx.secrets.find(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN) == before


async def test_a_token_that_ends_at_once_is_asked_for_each_time_and_never_in_a_loop(
    scripted: Scripted,
) -> None:
    mailbox = await scripted.connected()
    scripted.server.answers("/token", granted(expires_in=0, refresh_token=None))

    for _ in range(3):
        _, credential = await scripted.world.oauth.credentials.of(USER, mailbox.id)
        assert isinstance(credential, AccessToken)

    assert len(scripted.refresh_tokens()) == 3


async def test_a_new_refresh_token_that_cannot_be_committed_is_kept_and_committed_first(
    scripted: Scripted,
) -> None:
    """The old one is used up: to forget the new one would cost the grant."""
    mailbox = await scripted.connected()
    scripted.server.answers(
        "/token", granted(refresh_token="CANARY-refresh-2"), granted(refresh_token="CANARY-refresh-3")
    )
    with closing(sqlite3.connect(scripted.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asking = asyncio.create_task(_token(scripted, mailbox))
        with pytest.raises(StorageUnavailable):
            await asking
        other.execute("ROLLBACK")
    assert scripted.refresh_tokens() == ["CANARY-refresh-1"]

    await _token(scripted, mailbox)  # with what came then: nobody is asked again
    assert scripted.refresh_tokens() == ["CANARY-refresh-1"]
    assert await scripted.world.login_outcome(mailbox) == "ok"
    assert scripted.refresh_tokens() == ["CANARY-refresh-1", "CANARY-refresh-2"]


async def test_a_refresh_under_way_when_the_account_is_connected_anew_does_not_harm_the_new_grant(
    scripted: Scripted,
) -> None:
    mailbox = await scripted.connected()
    late, new = granted(refresh_token="CANARY-late"), granted(refresh_token="CANARY-new", expires_in=0)
    answer = asyncio.Event()
    scripted.server.answers("/token", when(answer, late), new, granted())
    asking = asyncio.create_task(scripted.world.oauth.tokens.get(mailbox))
    await eventually(lambda: len(scripted.refresh_tokens()) == 1)
    again = await scripted.completed()
    assert again.id == mailbox.id

    answer.set()
    with pytest.raises(OAuthProviderUnavailable):
        await asking
    assert await scripted.world.login_outcome(again) == "ok"
    assert scripted.refresh_tokens() == ["CANARY-refresh-1", "CANARY-new"]


async def test_a_new_refresh_token_is_committed_while_the_account_is_connected_anew(
    scripted: Scripted,
) -> None:
    """What was kept in memory of the grant before is forgotten then, and that is no error."""
    mailbox = await scripted.connected()
    late = granted(access_token="CANARY-late", refresh_token="CANARY-refresh-2")
    scripted.server.answers("/token", late)
    tokens = scripted.world.oauth.tokens
    with closing(sqlite3.connect(scripted.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asking = asyncio.create_task(tokens.get(mailbox))
        await eventually(lambda: bool(tokens._unsaved))
        again = replace(mailbox, secret_version=mailbox.secret_version + 1)
        tokens.keep(again, Tokens(Secret("CANARY-new"), 3600, None, None), asked_at=time.monotonic())
        other.execute("ROLLBACK")
    assert (await asking).secret.reveal() == "CANARY-late"


async def test_a_test_ends_in_time_with_a_report_whatever_the_provider_does(scripted: Scripted) -> None:
    mailbox = await scripted.connected()
    answer = asyncio.Event()
    scripted.server.answers("/token", when(answer, granted()))
    began = time.monotonic()

    report = await scripted.world.mailboxes.test_saved(USER, mailbox.id, timeout=0.5)

    assert time.monotonic() - began < 8  # the provider itself would be waited for for ten
    answer.set()
    assert report.code is Code.AUTH_PROVIDER_UNAVAILABLE
    stored = await scripted.world.stored(mailbox)
    assert stored is not None
    assert stored.last_error == report.error


@pytest.mark.parametrize("code", ["\u00e9", "a\nb", "", "x" * 8193])
async def test_a_code_that_can_be_none_is_refused_before_the_state_is_used_up(
    scripted: Scripted, code: str
) -> None:
    scripted.server.answers("/token", granted())
    scripted.server.answers("/userinfo", WHO)
    connections = scripted.world.connections
    started = await connections.start(USER, "example", login_hint=None, mailbox_id=None)
    with pytest.raises(InvalidFields):
        await connections.complete(USER, started.state, code=Secret(code), iss=None, error=None)

    assert (await connections.complete(USER, started.state, code=Secret("c"), iss=None, error=None)).id


async def _token(scripted: Scripted, mailbox: Mailbox) -> None:
    await scripted.world.oauth.tokens.get(mailbox)


async def test_deleting_waits_for_a_slow_provider_only_so_long(scripted: Scripted) -> None:
    mailbox = await scripted.connected()
    answer = asyncio.Event()
    scripted.server.answers("/revoke", when(answer, status(200)))
    began = time.monotonic()

    await scripted.world.mailboxes.delete(USER, mailbox.id)

    assert time.monotonic() - began < 9  # usually four; the provider itself would be waited for for ten
    answer.set()
    assert await scripted.world.stored(mailbox) is None


@pytest.mark.parametrize("answer", [status(500), refuses("invalid_client", 401), cut(), status(302)])
async def test_the_mailbox_goes_whatever_the_provider_says_to_it(scripted: Scripted, answer: Answer) -> None:
    mailbox = await scripted.connected()
    scripted.server.answers("/revoke", answer)

    await scripted.world.mailboxes.delete(USER, mailbox.id)

    assert await scripted.world.stored(mailbox) is None
    assert [asked.form["token"] for asked in scripted.server.asked if asked.path == "/revoke"] == [
        "CANARY-refresh-1"
    ]
