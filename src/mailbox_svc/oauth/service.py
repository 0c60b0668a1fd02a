"""Connects mailboxes by OAuth2: authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700).

Invariants: a state is good once, for ten minutes, for the user who got it; the address of a mailbox is the
one that the provider names; a grant that is refused, for whatever reason, changes nothing that is stored.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbox_svc.errors import (
    FieldViolation,
    InvalidFields,
    NotConnected,
    OAuthStateInvalid,
    TooManyMailboxes,
)
from mailbox_svc.mailboxes.changes import forget_harvests, found, new_mailbox, stop_harvest, with_new_secret
from mailbox_svc.mailboxes.credentials import put_refresh_token, stored_grant
from mailbox_svc.mailboxes.rules import MAX_LABEL, MAX_MAILBOXES, MAX_USER, checked_mailbox_id
from mailbox_svc.model.address import canonical
from mailbox_svc.model.fields import checked_id, has_control
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.model.oauth import Authorization, OAuthProvider, verifier_context
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.secret import SealedSecret, Secret, SecretField
from mailbox_svc.oauth.answers import check_account, check_error, check_issuer, usable
from mailbox_svc.oauth.parts import OAuthParts
from mailbox_svc.ports import Clock, Store, Transaction, Vault

#: How long a user has at the provider's page.
LIFETIME = timedelta(minutes=10)
#: Authorizations of one user that may be under way; people open a popup more than once.
MAX_OPEN = 10
#: RFC 6749 appendix A.11; codes of Microsoft have well over a thousand characters.
_CODE = re.compile(r"[\x20-\x7e]{1,8192}")
_MAX_STATE = 256
_REVOKED = "The permission was given back; connect the account again."


@dataclass(frozen=True, slots=True)
class StartedAuthorization:
    """Where to send the user's browser, and what will come back with it."""

    url: str
    state: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Connected:
    mailbox: Mailbox
    #: It is another account's than before.
    moved: bool = False
    #: What it was before, and the grant that it has no use for any more.
    replaced: tuple[Mailbox, SealedSecret] | None = None


class Connections:
    """The use cases of OAuthService."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        parts: OAuthParts,
        *,
        clock: Clock,
        rejudge: Callable[[str], Awaitable[None]],
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """`rejudge` is called for a user whose mail says less than before, so that contacts show it."""
        self._store = store
        self._vault = vault
        self._endpoints = parts.endpoints
        self._providers = parts.providers
        self._tokens = parts.tokens
        self._revoker = parts.revoker
        self._clock = clock
        self._rejudge = rejudge
        self._new_id = new_id

    @property
    def providers(self) -> tuple[OAuthProvider, ...]:
        """All providers, those that are not configured too."""
        return self._providers.all

    async def start(
        self, user_id: str, provider_id: str, *, login_hint: str | None, mailbox_id: str | None
    ) -> StartedAuthorization:
        """Begin an authorization. Raises OAuthProviderNotFound, InvalidFields or MailboxNotFound."""
        provider = self._providers.configured(provider_id)
        hint = _checked_hint(login_hint)
        wanted = None if mailbox_id is None else checked_id(mailbox_id, "mailbox_id")
        state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
        state_hash = _hash(state)
        now = self._clock()
        expires_at = now + LIFETIME
        async with self._store.begin(user_id) as tx:
            if wanted is not None:
                stored = await found(tx, wanted)
                hint = hint or stored.destination.user
            authorization = Authorization(
                state_hash=state_hash,
                user_id=user_id,
                provider=provider.id,
                mailbox_id=wanted,
                verifier=self._vault.seal(verifier, verifier_context(user_id, state_hash)),
                expires_at=expires_at,
            )
            await tx.authorizations.insert(authorization, keep=MAX_OPEN, now=now)
        url = self._endpoints.authorization_url(provider, state=state, verifier=verifier, login_hint=hint)
        return StartedAuthorization(url, Secret(state), expires_at)

    async def complete(
        self, user_id: str, state: Secret, *, code: Secret | None, iss: str | None, error: str | None
    ) -> Mailbox:
        """Turn what the provider gave the browser into a mailbox; the state is used up whatever comes of it.

        Raises InvalidFields, one of the OAuth errors, MailboxNotFound or TooManyMailboxes.
        """
        _check_answer(state, code, error)
        authorization = await self._taken(user_id, state)
        provider = self._providers.configured(authorization.provider)
        check_issuer(provider, iss)
        check_error(provider, error)
        if code is None:
            raise OAuthStateInvalid
        verifier = self._vault.open(
            authorization.verifier, verifier_context(user_id, authorization.state_hash)
        )
        asked_at = time.monotonic()
        grant = await self._endpoints.exchange(provider, code, verifier)
        refresh_token, address = usable(provider, grant)
        done = await self._connected(authorization, provider, address, refresh_token)
        self._tokens.keep(done.mailbox, grant.tokens, asked_at=asked_at)
        if done.moved:
            await self._rejudge(user_id)
        if done.replaced is not None:  # last: the caller may not wait for a provider
            await self._revoker.revoke(*done.replaced)
        return done.mailbox

    async def revoke(self, user_id: str, mailbox_id: str) -> tuple[Mailbox, bool]:
        """Forget the mailbox's grant, and tell the provider; say whether it could be told.

        Raises MailboxNotFound or NotConnected.
        """
        async with self._store.begin(user_id) as tx:
            stored = await found(tx, checked_mailbox_id(mailbox_id))
            if stored.auth is not Auth.OAUTH:
                raise NotConnected
            grant = await tx.secrets.find(stored.id, SecretField.MAILBOX_REFRESH_TOKEN)
            now = self._clock()
            mailbox = replace(
                with_new_secret(stored, now=now), status=Status.NEEDS_REAUTH, last_error=_REVOKED
            )
            await tx.mailboxes.update(mailbox)
            await tx.secrets.delete(stored.id, SecretField.MAILBOX_REFRESH_TOKEN)
            await stop_harvest(tx, stored.id, now=now)
        return mailbox, grant is not None and await self._revoker.revoke(stored, grant)

    async def _taken(self, user_id: str, state: Secret) -> Authorization:
        """Use up the state. One that is unknown, used, too old or another user's is refused in one way."""
        async with self._store.begin(user_id) as tx:
            authorization = await tx.authorizations.take(_hash(state.reveal()))
        if authorization is None or authorization.expires_at <= self._clock():
            raise OAuthStateInvalid
        return authorization

    async def _connected(
        self, authorization: Authorization, provider: OAuthProvider, address: str, refresh_token: Secret
    ) -> _Connected:
        """Store the grant with the mailbox that was asked for, or that of this account, or a new one."""
        user_id = authorization.user_id
        wanted = authorization.mailbox_id or _known(
            await self._store.list_mailboxes(user_id), provider, address
        )
        if wanted is None:
            async with self._store.begin(user_id) as tx:
                # Nobody else adds one from here on, so that who connects the same at once is seen.
                held = await tx.mailboxes.count()
                wanted = _known(await tx.mailboxes.all(), provider, address)
                if wanted is None:
                    mailbox = await self._created(tx, user_id, provider, address, held=held)
                    await put_refresh_token(tx, self._vault, mailbox, refresh_token)
                    return _Connected(mailbox)
        return await self._connected_again(user_id, wanted, provider, address, refresh_token)

    async def _connected_again(
        self, user_id: str, mailbox_id: str, provider: OAuthProvider, address: str, refresh_token: Secret
    ) -> _Connected:
        async with self._store.begin(user_id) as tx:
            stored = await found(tx, mailbox_id)
            check_account(stored.destination.user, address)
            grant = await stored_grant(tx, stored)
            moved = _is_moved(stored.destination, provider, address)
            mailbox = self._reconnected(stored, provider, address)
            await tx.mailboxes.update(mailbox)
            if moved:
                await forget_harvests(tx, stored.id, now=mailbox.updated_at)
            await tx.schedules.renew(mailbox.id, mailbox.destination, now=mailbox.updated_at)
            await put_refresh_token(tx, self._vault, mailbox, refresh_token)
        # At the same provider both may be one grant, which would end with the older token.
        if grant is None or stored.oauth_provider == provider.id:
            return _Connected(mailbox, moved)
        return _Connected(mailbox, moved, (stored, grant))

    async def _created(
        self, tx: Transaction, user_id: str, provider: OAuthProvider, address: str, *, held: int
    ) -> Mailbox:
        if held >= MAX_MAILBOXES:
            raise TooManyMailboxes
        mailbox = new_mailbox(
            user_id,
            self._new_id(),
            address[:MAX_LABEL],
            provider.destination(address),
            now=self._clock(),
            oauth_provider=provider.id,
        )
        await tx.mailboxes.insert(mailbox)
        return mailbox

    def _reconnected(self, stored: Mailbox, provider: OAuthProvider, address: str) -> Mailbox:
        return replace(
            with_new_secret(stored, now=self._clock()),
            destination=provider.destination(address),
            auth=Auth.OAUTH,
            oauth_provider=provider.id,
            has_password=False,
        )


def _known(mailboxes: Iterable[Mailbox], provider: OAuthProvider, address: str) -> str | None:
    """Return which of them is this account's already: nobody wants it twice."""
    for mailbox in mailboxes:
        there = mailbox.destination
        # By the address itself, not by what may be the same: nobody asked to replace another mailbox.
        if canonical(there.user) == canonical(address) and _same_server(there.host, provider.imap_host):
            return mailbox.id
    return None


def _same_server(one: str, other: str) -> bool:
    """Say whether two hosts hold the same accounts: one host, or two names of one provider."""
    if one.lower() == other.lower():
        return True
    provider = provider_of(one)
    return provider is not None and provider is provider_of(other)


def _is_moved(before: Destination, provider: OAuthProvider, address: str) -> bool:
    """Say whether the mailbox is another account's than before, so that what was read there is void."""
    renamed = "@" in before.user and canonical(before.user) != canonical(address)
    return renamed or not _same_server(before.host, provider.imap_host)


def _hash(state: str) -> str:
    # Without salt or stretching: a state has 256 random bits.
    return hashlib.sha256(state.encode()).hexdigest()


def _checked_hint(login_hint: str | None) -> str | None:
    if login_hint is not None and (len(login_hint) > MAX_USER or has_control(login_hint)):
        raise InvalidFields(FieldViolation("login_hint", "This is not an e-mail address."))
    return login_hint or None


def _check_answer(state: Secret, code: Secret | None, error: str | None) -> None:
    if not state or len(state) > _MAX_STATE:
        raise InvalidFields(FieldViolation("state", "The state is missing or not one of ours."))
    if (not code and not error) or (code and not _CODE.fullmatch(code.reveal())):
        raise InvalidFields(FieldViolation("code", "Send the code, or the error, that the provider gave."))
