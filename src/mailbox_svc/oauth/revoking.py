"""Gives permissions back to their providers: as well as that can be done, and never at anybody's cost."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from mailbox_svc.errors import MailboxSvcError
from mailbox_svc.mailboxes.credentials import refresh_token_context
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.secret import SealedSecret
from mailbox_svc.oauth.providers import Providers
from mailbox_svc.ports import Store, Vault
from mailbox_svc.ports.oauth import ProviderEndpoints

_log = logging.getLogger(__name__)

#: Seconds that a caller waits for the provider; the request itself may go on a little longer.
_PATIENCE = 4.0


class Revoker:
    """Satisfies `ports.oauth.GrantRevoker`."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        endpoints: ProviderEndpoints,
        providers: Providers,
        *,
        patience: float = _PATIENCE,
    ) -> None:
        self._store = store
        self._vault = vault
        self._endpoints = endpoints
        self._providers = providers
        self._patience = patience
        self._running: set[asyncio.Task[bool]] = set()

    async def revoke(self, mailbox: Mailbox, refresh_token: SealedSecret) -> bool:
        """Tell the provider, as `ports.oauth.GrantRevoker` says."""
        task = asyncio.create_task(self._told(mailbox, refresh_token))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        with suppress(TimeoutError):
            # shield: the mailbox is gone whatever comes; the provider should hear of it all the same.
            return await asyncio.wait_for(asyncio.shield(task), self._patience)
        return False

    async def finish(self) -> None:
        """Wait until the providers that are being told have been."""
        while self._running:
            await asyncio.wait(list(self._running))

    async def _told(self, mailbox: Mailbox, refresh_token: SealedSecret) -> bool:
        try:
            provider = self._providers.configured(mailbox.oauth_provider)
            # Google, for one, ends all grants of an account at once: those of its other mailboxes too.
            if await self._store.grant_is_shared(mailbox):
                return False
            token = self._vault.open(refresh_token, refresh_token_context(mailbox))
            return await self._endpoints.revoke(provider, token)
        except MailboxSvcError as error:
            _log.warning(
                "a permission could not be given back",
                extra={"provider": mailbox.oauth_provider, "reason": error.reason},
            )
            return False
        except Exception:  # noqa: BLE001  (whoever deletes a mailbox must not hear of it)
            _log.exception("a permission could not be given back", extra={"provider": mailbox.oauth_provider})
            return False
