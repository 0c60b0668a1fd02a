"""An account becomes a mailbox, and only the account of the user who asked, and only once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbox_svc.errors import (
    InvalidFields,
    MailboxNotFound,
    OAuthAccountMismatch,
    OAuthDenied,
    OAuthGrantRefused,
    OAuthProviderNotFound,
    OAuthScopeMissing,
    OAuthStateInvalid,
)
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.mailbox import Auth, Destination, Status
from mailbox_svc.model.secret import Secret, SecretField
from support.browser_user import authorize
from support.dovecot import DovecotServer
from support.oauth_world import ADDRESS, USER, OAuthWorld
from support.oidc import OidcProvider

PASSWORD = "CANARY-ann-password"
OTHER = "bob"


async def test_an_account_becomes_a_mailbox_without_a_password_and_can_be_tested(
    world: OAuthWorld, dovecot: DovecotServer
) -> None:
    mailbox = await world.connected()

    assert (mailbox.auth, mailbox.oauth_provider, mailbox.has_password) == (Auth.OAUTH, "example", False)
    assert mailbox.destination == Destination("localhost", dovecot.tls_port, tls=True, user=ADDRESS)
    assert (mailbox.label, mailbox.status) == (ADDRESS, Status.PENDING)
    assert await world.secrets(mailbox) == {SecretField.MAILBOX_REFRESH_TOKEN}
    assert await world.stored(mailbox) == mailbox
    assert (await world.test(mailbox)).ok
    after = await world.stored(mailbox)
    assert after is not None
    assert (after.status, after.last_error) == (Status.OK, "")


async def test_the_address_is_the_providers_whatever_the_caller_suggested(world: OAuthWorld) -> None:
    started = await world.connections.start(USER, "example", login_hint="boss@example.org", mailbox_id=None)
    mailbox = await world.complete(await authorize(started.url, address=ADDRESS))

    assert mailbox.destination.user == ADDRESS


async def test_an_account_that_is_connected_twice_is_one_mailbox(world: OAuthWorld) -> None:
    first = await world.connected()
    second = await world.connected()

    assert second.id == first.id
    assert second.secret_version > first.secret_version
    assert len(await world.mailboxes.list(USER)) == 1
    assert (await world.test(second)).ok


async def _with_password(world: OAuthWorld, dovecot: DovecotServer, user: str = ADDRESS) -> str:
    draft = Draft("Work", "localhost", dovecot.tls_port, tls=True, user=user, password=Secret(PASSWORD))
    return (await world.mailboxes.save(USER, draft)).id


@pytest.mark.parametrize("user", [ADDRESS, "ann"])
async def test_connecting_a_mailbox_that_used_a_password_erases_it(
    world: OAuthWorld, dovecot: DovecotServer, user: str
) -> None:
    mailbox_id = await _with_password(world, dovecot, user)

    mailbox = await world.connected(mailbox_id=mailbox_id)

    assert (mailbox.id, mailbox.label) == (mailbox_id, "Work")
    assert (mailbox.auth, mailbox.has_password, mailbox.status) == (Auth.OAUTH, False, Status.PENDING)
    assert await world.secrets(mailbox) == {SecretField.MAILBOX_REFRESH_TOKEN}
    assert (await world.test(mailbox)).ok


async def test_a_password_saved_later_takes_the_place_of_the_grant_which_is_given_back(
    world: OAuthWorld, oidc: OidcProvider
) -> None:
    mailbox = await world.connected()
    revoked = oidc.counts().grants_revoked
    there = mailbox.destination

    saved = await world.mailboxes.save(
        USER,
        Draft(
            "Work",
            there.host,
            there.port,
            tls=True,
            user=there.user,
            id=mailbox.id,
            password=Secret(PASSWORD),
        ),
    )

    assert (saved.auth, saved.oauth_provider, saved.has_password) == (Auth.PASSWORD, "", True)
    assert await world.secrets(saved) == {SecretField.MAILBOX_PASSWORD}
    assert oidc.counts().grants_revoked == revoked + 1
    assert (await world.test(saved)).ok


@pytest.mark.parametrize("user", ["ann+sales@example.org", "ann"])
async def test_a_mailbox_of_what_may_be_another_account_is_not_replaced_unasked(
    world: OAuthWorld, dovecot: DovecotServer, user: str
) -> None:
    mailbox_id = await _with_password(world, dovecot, user)

    mailbox = await world.connected()

    assert mailbox.id != mailbox_id
    [kept] = [one for one in await world.mailboxes.list(USER) if one.id == mailbox_id]
    assert await world.secrets(kept) == {SecretField.MAILBOX_PASSWORD}


async def test_another_account_is_not_put_in_the_place_of_the_mailbox(
    world: OAuthWorld, dovecot: DovecotServer
) -> None:
    mailbox_id = await _with_password(world, dovecot)
    before = await world.mailboxes.list(USER)

    with pytest.raises(OAuthAccountMismatch):
        await world.connected(address="carl@example.org", mailbox_id=mailbox_id)

    assert await world.mailboxes.list(USER) == before
    assert await world.secrets(before[0]) == {SecretField.MAILBOX_PASSWORD}


Spoiled = Callable[[OAuthWorld], Awaitable[object]]


async def _other_users(world: OAuthWorld) -> object:
    return await world.complete(await world.sent_back(), user=OTHER)


async def _replayed(world: OAuthWorld) -> object:
    back = await world.sent_back(unticks=["mail.read"])
    with pytest.raises(OAuthScopeMissing):
        await world.complete(back)
    return await world.complete(back)


async def _expired(world: OAuthWorld) -> object:
    back = await world.sent_back()
    world.clock.now += timedelta(minutes=10)
    return await world.complete(back)


async def _tampered(world: OAuthWorld) -> object:
    back = await world.sent_back()
    state = ("A" if back.state[0] != "A" else "B") + back.state[1:]
    return await world.complete(replace(back, state=state))


async def _of_another_issuer(world: OAuthWorld) -> object:
    return await world.complete(replace(await world.sent_back(), iss="https://evil.example"))


async def _without_issuer(world: OAuthWorld) -> object:
    return await world.complete(replace(await world.sent_back(), iss=""))


@pytest.mark.parametrize(
    "spoiled", [_other_users, _replayed, _expired, _tampered, _of_another_issuer, _without_issuer]
)
async def test_a_state_is_good_once_for_ten_minutes_for_its_user_and_from_its_provider(
    world: OAuthWorld, spoiled: Spoiled
) -> None:
    with pytest.raises(OAuthStateInvalid):
        await spoiled(world)

    assert await world.mailboxes.list(USER) == []
    assert await world.mailboxes.list(OTHER) == []


async def test_a_stranger_who_tries_a_state_does_not_use_it_up(world: OAuthWorld) -> None:
    back = await world.sent_back()
    with pytest.raises(OAuthStateInvalid):
        await world.complete(back, user=OTHER)

    assert (await world.complete(back)).auth is Auth.OAUTH


async def test_of_two_who_come_with_one_state_at_once_one_is_let_in(world: OAuthWorld) -> None:
    back = await world.sent_back()

    ends = await asyncio.gather(*(world.complete(back) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(end, OAuthStateInvalid) for end in ends) == 4
    assert len(await world.mailboxes.list(USER)) == 1


async def test_a_code_of_another_attempt_is_refused(world: OAuthWorld) -> None:
    """PKCE: a code is good only with the verifier of its own authorization (RFC 9700, section 4.5)."""
    one, other = await world.sent_back(), await world.sent_back()

    with pytest.raises(OAuthGrantRefused):
        await world.complete(replace(one, code=other.code))

    assert await world.mailboxes.list(USER) == []


@pytest.mark.parametrize(
    ("unticks", "error", "refused"),
    [((), "access_denied", OAuthDenied), (("mail.read",), "", OAuthScopeMissing)],
)
async def test_a_user_may_say_no_in_whole_or_in_part(
    world: OAuthWorld, unticks: tuple[str, ...], error: str, refused: type[Exception]
) -> None:
    back = await world.sent_back(unticks=unticks, error=error)

    with pytest.raises(refused):
        await world.complete(back)

    assert await world.mailboxes.list(USER) == []


async def test_of_many_attempts_the_last_ten_count(world: OAuthWorld) -> None:
    attempts = [await world.sent_back() for _ in range(11)]

    with pytest.raises(OAuthStateInvalid):
        await world.complete(attempts[0])
    assert (await world.complete(attempts[1])).auth is Auth.OAUTH


async def test_what_cannot_be_begun_says_why(world: OAuthWorld, dovecot: DovecotServer) -> None:
    others = await _with_password(world, dovecot)
    start = world.connections.start
    with pytest.raises(OAuthProviderNotFound):
        await start(USER, "nobody", login_hint=None, mailbox_id=None)
    with pytest.raises(InvalidFields):
        await start(USER, "example", login_hint="a\nb", mailbox_id=None)
    with pytest.raises(InvalidFields):
        await start(USER, "example", login_hint=None, mailbox_id="")
    with pytest.raises(MailboxNotFound):
        await start(OTHER, "example", login_hint=None, mailbox_id=others)


async def test_the_mailbox_may_be_gone_by_the_time_the_user_comes_back(
    world: OAuthWorld, dovecot: DovecotServer
) -> None:
    mailbox_id = await _with_password(world, dovecot)
    back = await world.sent_back(mailbox_id=mailbox_id)
    await world.mailboxes.delete(USER, mailbox_id)

    with pytest.raises((OAuthStateInvalid, MailboxNotFound)):
        await world.complete(back)

    assert await world.mailboxes.list(USER) == []


async def test_the_state_is_not_in_the_database(world: OAuthWorld, tmp_path: Path) -> None:
    back = await world.sent_back()

    stored = _content(tmp_path)
    assert hashlib.sha256(back.state.encode()).hexdigest().encode() in stored
    assert back.state.encode() not in stored


def _content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("mailboxes.db*"))
