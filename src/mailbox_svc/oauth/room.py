"""How many token refreshes of one provider run at a time: one that hangs must not be in the others' way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailbox_svc.errors import OAuthProviderUnavailable

#: Refreshes of one provider that hold, or wait for, the lock among processes. On PostgreSQL that has room for
#: three times as many in a process, and each holds its place for as long as the provider takes.
MOST = 4


class ProviderRoom:
    """Room for each provider, by its id. Use it in one event loop."""

    def __init__(self, *, patience: float, most: int = MOST) -> None:
        """`patience` is how many seconds a refresh waits for a place."""
        self._patience = patience
        self._most = most
        self._places: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def of(self, provider_id: str) -> AsyncIterator[None]:
        """Hold a place. Raises OAuthProviderUnavailable when all are taken for too long."""
        places = self._places.setdefault(provider_id, asyncio.Semaphore(self._most))
        try:
            async with asyncio.timeout(self._patience):
                await places.acquire()
        except TimeoutError:
            raise OAuthProviderUnavailable from None
        try:
            yield
        finally:
            places.release()
