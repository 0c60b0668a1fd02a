"""Access tokens for logins: kept in memory until shortly before their end, one refresh at a time.

Invariants: no access token is ever stored; a refresh token that the provider has replaced is committed
before the access token that came with it is used; at most one process at a time refreshes a mailbox, and
once begun a refresh runs to its end, whoever stops waiting for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from mailbox_svc.errors import (
    MailboxSvcError,
    OAuthGrantRefused,
    OAuthProviderUnavailable,
    SecretUnreadable,
    StorageUnavailable,
)
from mailbox_svc.mailboxes.changes import found, record_login
from mailbox_svc.mailboxes.credentials import grant_ended, put_refresh_token, refresh_token_context
from mailbox_svc.model.check import AccessToken
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.oauth import Tokens
from mailbox_svc.model.secret import Secret, SecretField
from mailbox_svc.oauth.providers import Providers
from mailbox_svc.oauth.room import ProviderRoom
from mailbox_svc.ports import Clock, Store, Transaction, Vault
from mailbox_svc.ports.oauth import ProviderEndpoints

_log = logging.getLogger(__name__)

#: Seconds before its end from which a token is not given out any more, and the share of its life.
_MARGIN = 60.0
_MARGIN_SHARE = 0.1
#: Seconds that a token is taken to be good for when the provider does not say.
_UNKNOWN_LIFE = 300.0
#: Mailboxes whose token is kept.
_MOST_HELD = 10_000
#: Seconds to wait for another process that refreshes the same mailbox, and before that for other mailboxes
#: of the provider: longer than a token endpoint may take.
_LOCK_PATIENCE = 20.0
#: Seconds between tries to commit a new refresh token.
_SAVE_PAUSES = (0.1, 0.5, 2.0)

#: Called with the id of the provider and "ok", or the reason of the error in lower case.
OnRefresh = Callable[[str, str], None]

#: A mailbox with one grant; a new grant has a new version.
_Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class _Held:
    token: AccessToken
    #: On the monotonic clock.
    good_until: float


class TokenCache:
    """Satisfies `ports.oauth.AccessTokens`. Use it in one event loop."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        endpoints: ProviderEndpoints,
        providers: Providers,
        *,
        clock: Clock,
        on_refresh: OnRefresh | None = None,
    ) -> None:
        self._store = store
        self._vault = vault
        self._endpoints = endpoints
        self._providers = providers
        self._clock = clock
        self._on_refresh = on_refresh
        self._room = ProviderRoom(patience=_LOCK_PATIENCE)
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self._running: dict[_Key, asyncio.Task[AccessToken]] = {}
        #: What could not be committed: the only copy of a refresh token, so that it is tried again first.
        self._unsaved: dict[_Key, tuple[Secret, Tokens, float]] = {}

    async def get(self, mailbox: Mailbox, *, refused: AccessToken | None = None) -> AccessToken:
        """Return a token as `ports.oauth.AccessTokens.get` says; overlapping callers share a refresh."""
        key = _key(mailbox)
        held = self._held.get(key)
        if held is not None and held.token is not refused and time.monotonic() < held.good_until:
            return held.token
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._refreshed(key, mailbox))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # shield: a caller who gives up between the provider's answer and the commit must not lose the grant.
        return await asyncio.shield(task)

    def keep(self, mailbox: Mailbox, tokens: Tokens, *, asked_at: float) -> AccessToken:
        """Keep the access token of a grant that is stored. `asked_at` is when it was asked for, monotonic."""
        life = _UNKNOWN_LIFE if tokens.expires_in is None else tokens.expires_in
        provider = self._providers.configured(mailbox.oauth_provider)
        held = _Held(
            AccessToken(tokens.access_token, provider.mechanism),
            asked_at + life - min(_MARGIN, life * _MARGIN_SHARE),
        )
        key = _key(mailbox)
        for old in [known for known in self._unsaved if known[:2] == key[:2] and known != key]:
            del self._unsaved[old]  # of a grant that was replaced
        self._held[key] = held
        self._held.move_to_end(key)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return held.token

    async def finish(self) -> None:
        """Wait until the refreshes under way have ended, so that none is lost at a stop."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def _forget(self, key: _Key, task: asyncio.Task[AccessToken]) -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # seen, even when every caller has left

    async def _refreshed(self, key: _Key, mailbox: Mailbox) -> AccessToken:
        outcome = "internal"
        try:
            async with (
                self._room.of(mailbox.oauth_provider),
                self._store.refresh_lock(mailbox.id, timeout=_LOCK_PATIENCE),
            ):
                token = await self._refresh(key, mailbox)
            outcome = "ok"
        except OAuthGrantRefused as error:
            outcome = error.reason.lower()
            self._held.pop(key, None)
            async with self._store.begin(mailbox.user_id) as tx:
                await record_login(tx, mailbox, grant_ended(mailbox), now=self._clock())
            raise
        except MailboxSvcError as error:
            outcome = error.reason.lower()
            raise
        finally:
            if self._on_refresh is not None:
                self._on_refresh(mailbox.oauth_provider, outcome)
        return token

    async def _refresh(self, key: _Key, mailbox: Mailbox) -> AccessToken:
        """Ask the provider, under the lock; the refresh token is the one that is stored by now."""
        provider = self._providers.configured(mailbox.oauth_provider)
        if key in self._unsaved:
            await self._saved(key, mailbox, *self._unsaved[key])
            held = self._held[key]
            if time.monotonic() < held.good_until:
                return held.token
        async with self._store.read(mailbox.user_id) as tx:
            used = await self._stored(tx, mailbox)
        asked_at = time.monotonic()
        tokens = await self._endpoints.refresh(provider, used)
        return await self._saved(key, mailbox, used, tokens, asked_at)

    async def _stored(self, tx: Transaction, mailbox: Mailbox) -> Secret:
        stored = await found(tx, mailbox.id)
        if stored.secret_version != mailbox.secret_version:
            raise OAuthProviderUnavailable("The account was connected anew meanwhile; try again.")
        sealed = await tx.secrets.find(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN)
        if sealed is None:
            raise OAuthGrantRefused
        try:
            return self._vault.open(sealed, refresh_token_context(stored))
        except SecretUnreadable:
            raise SecretUnreadable(
                "The stored permission cannot be read any more; connect the account again."
            ) from None

    async def _saved(
        self, key: _Key, mailbox: Mailbox, used: Secret, tokens: Tokens, asked_at: float
    ) -> AccessToken:
        """Commit the new refresh token in the place of the one it was got for; only then keep the rest."""
        new = tokens.refresh_token
        if new is not None and new.reveal() != used.reveal():
            self._unsaved[key] = (used, tokens, asked_at)
            try:
                await self._replace(mailbox, used, new)
            except StorageUnavailable:
                raise  # and it is tried again, before anything else
            except MailboxSvcError:
                self._unsaved.pop(key, None)
                raise
            self._unsaved.pop(key, None)  # unless `keep` has: the account was connected anew meanwhile
        return self.keep(mailbox, tokens, asked_at=asked_at)

    async def _replace(self, mailbox: Mailbox, used: Secret, new: Secret) -> None:
        for pause in (*_SAVE_PAUSES, None):
            try:
                async with self._store.begin(mailbox.user_id) as tx:
                    stored = (await self._stored(tx, mailbox)).reveal()
                    if stored == new.reveal():
                        return  # the commit before, of which we heard nothing, was one
                    if stored != used.reveal():
                        _log.warning("a refresh token was replaced by another process meanwhile")
                        raise OAuthProviderUnavailable
                    await put_refresh_token(tx, self._vault, mailbox, new)
            except StorageUnavailable:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return


def _key(mailbox: Mailbox) -> _Key:
    return mailbox.user_id, mailbox.id, mailbox.secret_version
