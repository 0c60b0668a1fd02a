"""Access tokens of a certified provider, shown to a Dovecot that asks the provider about each."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest
import trustme

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import (
    AccessToken,
    Code,
    ConnectionReport,
    Credential,
    Password,
    Stage,
    TokenMechanism,
)
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports.mail import ReadingFailed
from support.browser_user import authorize
from support.dovecot import DovecotServer, running_dovecot
from support.mail_server import Keeper
from support.oidc import OidcProvider, running_provider
from support.routes import ALICE, BOB, BOB_PASSWORD, LOOPBACK, USERS

#: Seconds after which tokens of the hasty provider are dead; they may die up to one second earlier.
HASTE = 5
#: Seconds. The goal is two, and Dovecot takes half of one to refuse; the rest is for a busy machine. A client
#: that forgets the last step of the exchange waits until its patience ends.
PROMPT = 10.0
PATIENCE = 20.0

every_mechanism = pytest.mark.parametrize("mechanism", [*TokenMechanism])


@dataclass(frozen=True, slots=True)
class World:
    """A provider and a Dovecot that asks it."""

    oidc: OidcProvider
    dovecot: DovecotServer

    async def token(self, mechanism: TokenMechanism, *, unticks: tuple[str, ...] = ()) -> AccessToken:
        """Let Alice allow the service to read her mail, and return what it gets."""
        provider = self.oidc.provider()
        assert provider.client is not None
        assert provider.client.secret is not None
        verifier = uuid4().hex + uuid4().hex
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        wish = {
            "response_type": "code",
            "client_id": provider.client.id,
            "redirect_uri": provider.client.redirect_uri,
            "scope": " ".join(provider.scopes),
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        url = str(httpx2.URL(provider.authorize_url, params=wish))
        back = await authorize(url, address=ALICE, unticks=unticks)
        form = {
            "grant_type": "authorization_code",
            "code": back.code,
            "redirect_uri": provider.client.redirect_uri,
            "code_verifier": verifier,
        }
        registration = (provider.client.id, provider.client.secret.reveal())
        async with httpx2.AsyncClient(auth=registration, trust_env=False) as service:
            answer = await service.post(provider.token_url, data=form)
        return AccessToken(Secret(answer.raise_for_status().json()["access_token"]), mechanism)

    def destination(self, user: str) -> Destination:
        return Destination(self.dovecot.host, self.dovecot.tls_port, True, user)

    @property
    def access(self) -> Access:
        policy = EgressPolicy(LOOPBACK, frozenset({self.dovecot.tls_port}))
        return Access(policy, ca_file=self.dovecot.ca_file)

    async def test(self, user: str, credential: Credential) -> ConnectionReport:
        return await ImapConnectionTester(self.access).test(
            self.destination(user), credential, timeout=PATIENCE
        )

    async def refusal(self, user: str, token: AccessToken) -> ConnectionReport:
        """Log in with what must be refused, promptly, both to test and to read; return the report."""
        started = time.monotonic()
        report = await self.test(user, token)
        assert time.monotonic() - started < PROMPT

        started = time.monotonic()
        source = ImapMailSource(self.access)
        with pytest.raises(ReadingFailed) as failure:
            async with source.open(self.destination(user), token, timeout=PATIENCE):
                pass
        assert time.monotonic() - started < PROMPT
        assert failure.value.report.code is report.code
        return report


@pytest.fixture(scope="module")
def world(authority: trustme.CA) -> Iterator[World]:
    with (
        running_provider() as oidc,
        running_dovecot(USERS, authority, introspection=oidc.introspection_url) as dovecot,
    ):
        yield World(oidc, dovecot)


@pytest.fixture(scope="module")
def hasty(authority: trustme.CA) -> Iterator[World]:
    """The same with tokens that do not live long."""
    with (
        running_provider(access_token_seconds=HASTE) as oidc,
        running_dovecot(USERS, authority, introspection=oidc.introspection_url) as dovecot,
    ):
        yield World(oidc, dovecot)


@every_mechanism
async def test_a_good_token_passes_every_stage_by_the_wanted_mechanism(
    world: World, mechanism: TokenMechanism
) -> None:
    written = world.dovecot.log.stat().st_size
    report = await world.test(ALICE, await world.token(mechanism))

    assert report.code is Code.OK
    assert report.stage is Stage.LIST
    assert f"method={mechanism}" in world.dovecot.log.read_text()[written:]


@every_mechanism
async def test_a_token_of_somebody_else_is_refused(world: World, mechanism: TokenMechanism) -> None:
    report = await world.refusal(BOB, await world.token(mechanism))

    assert (report.code, report.stage) == (Code.AUTH_TOKEN_REJECTED, Stage.AUTH)


@every_mechanism
async def test_what_is_no_token_is_refused(world: World, mechanism: TokenMechanism) -> None:
    report = await world.refusal(ALICE, AccessToken(Secret("CANARY-made-up"), mechanism))

    assert (report.code, report.stage) == (Code.AUTH_TOKEN_REJECTED, Stage.AUTH)


@every_mechanism
async def test_a_token_that_does_not_allow_mail_is_refused(world: World, mechanism: TokenMechanism) -> None:
    report = await world.refusal(ALICE, await world.token(mechanism, unticks=("mail.read",)))

    assert (report.code, report.stage) == (Code.AUTH_TOKEN_REJECTED, Stage.AUTH)


@every_mechanism
async def test_a_token_is_refused_once_the_user_has_withdrawn_the_grant(
    world: World, mechanism: TokenMechanism
) -> None:
    token = await world.token(mechanism)
    assert (await world.test(ALICE, token)).ok

    world.oidc.withdraw(ALICE)

    assert (await world.refusal(ALICE, token)).code is Code.AUTH_TOKEN_REJECTED


@every_mechanism
async def test_a_token_is_refused_once_it_has_expired(hasty: World, mechanism: TokenMechanism) -> None:
    token = await hasty.token(mechanism)
    assert (await hasty.test(ALICE, token)).ok

    await asyncio.sleep(HASTE)

    assert (await hasty.refusal(ALICE, token)).code is Code.AUTH_TOKEN_REJECTED


async def test_a_reader_whose_token_expires_reads_on(hasty: World) -> None:
    token = await hasty.token(TokenMechanism.OAUTHBEARER)
    source = ImapMailSource(hasty.access)

    async with source.open(hasty.destination(ALICE), token, timeout=PATIENCE) as reader:
        await asyncio.sleep(HASTE)
        assert not (await hasty.test(ALICE, token)).ok

        names = {folder.name for folder in await reader.folders()}
        await reader.examine(b"INBOX")
        await reader.read(0, Keeper())

    assert "INBOX" in names


async def test_without_a_wish_the_standard_mechanism_is_used(world: World) -> None:
    token = await world.token(TokenMechanism.XOAUTH2)
    written = world.dovecot.log.stat().st_size

    assert (await world.test(ALICE, AccessToken(token.secret))).ok
    assert "method=OAUTHBEARER" in world.dovecot.log.read_text()[written:]


async def test_a_server_that_takes_tokens_takes_passwords_too(world: World) -> None:
    assert (await world.test(BOB, Password(Secret(BOB_PASSWORD)))).ok
