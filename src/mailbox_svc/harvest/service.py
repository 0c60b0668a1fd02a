"""Start, watch, look at and cancel the harvests of one user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from mailbox_svc.errors import HarvestNotFound, MailboxNotFound
from mailbox_svc.harvest.runs import HarvestRuns
from mailbox_svc.mailboxes.limits import LoginLimits
from mailbox_svc.model.fields import checked_id
from mailbox_svc.model.harvest import Harvest, HarvestState, Policy, new_harvest
from mailbox_svc.ports import Clock, Store

#: Seconds between two looks of a watcher: at a run of this process, and at one of another in the database.
_LOOK_HERE, _LOOK_ELSEWHERE = 0.2, 1.0


class Harvests:
    """The use cases of HarvestService."""

    def __init__(
        self,
        store: Store,
        runs: HarvestRuns,
        *,
        clock: Clock,
        logins: LoginLimits | None = None,
    ) -> None:
        self._store = store
        self._runs = runs
        self._clock = clock
        self._logins = logins or LoginLimits()

    async def start(self, user_id: str, mailbox_id: str, policy: Policy | None) -> Harvest:
        """Begin a harvest, or join the one that is under way.

        Raises InvalidFields, MailboxNotFound or RateLimited.
        """
        mailbox_id = checked_id(mailbox_id, "mailbox_id")
        async with self._store.begin(user_id) as tx:
            # Locks the mailbox, so that there is one harvest for all who ask at once.
            mailbox = await tx.mailboxes.find(mailbox_id)
            if mailbox is None:
                raise MailboxNotFound
            if policy is not None:
                await tx.harvests.set_policy(mailbox_id, policy)
            harvest = await tx.harvests.unfinished(mailbox_id)
            if harvest is None:
                self._logins.take(user_id, mailbox.destination)
                policy = await tx.harvests.policy(mailbox_id)
                harvest = new_harvest(user_id, mailbox_id, policy, now=self._clock())
                await tx.harvests.insert(harvest)
            elif policy is not None:
                harvest = replace(harvest, policy=policy)
        self._runs.wake()
        return self._runs.running(harvest.id) or harvest

    async def get(self, user_id: str, harvest_id: str) -> Harvest:
        """Return the harvest as it is now. Raises InvalidFields or HarvestNotFound."""
        async with self._store.read(user_id) as tx:
            harvest = await tx.harvests.find(checked_id(harvest_id))
        return self._now(harvest)

    async def latest(self, user_id: str, mailbox_id: str) -> Harvest:
        """Return the mailbox's latest harvest. Raises InvalidFields, MailboxNotFound or HarvestNotFound."""
        mailbox_id = checked_id(mailbox_id, "mailbox_id")
        async with self._store.read(user_id) as tx:
            harvest = await tx.harvests.latest(mailbox_id)
            if harvest is None and await tx.mailboxes.find(mailbox_id) is None:
                raise MailboxNotFound
        return self._now(harvest)

    async def watch(self, user_id: str, harvest_id: str) -> AsyncGenerator[Harvest, None]:
        """Yield the harvest now, whenever it has moved on, and at its end.

        Raises InvalidFields or HarvestNotFound; the latter also when its mailbox is deleted meanwhile.
        """
        shown = await self.get(user_id, harvest_id)
        yield shown
        while not shown.state.final:
            here = self._runs.running(shown.id)
            await asyncio.sleep(_LOOK_HERE if here or shown.state is HarvestState.QUEUED else _LOOK_ELSEWHERE)
            now = self._runs.running(shown.id) or await self.get(user_id, shown.id)
            if now != shown:
                shown = now
                yield shown

    async def cancel(self, user_id: str, harvest_id: str) -> Harvest:
        """Stop the harvest unless it has ended. Raises InvalidFields or HarvestNotFound."""
        harvest_id = checked_id(harvest_id)
        async with self._store.begin(user_id) as tx:
            if await tx.harvests.find(harvest_id) is None:
                raise HarvestNotFound
            await tx.harvests.cancel(harvest_id, now=self._clock())
        await self._runs.cancelled(harvest_id)
        return await self.get(user_id, harvest_id)

    def _now(self, harvest: Harvest | None) -> Harvest:
        if harvest is None:
            raise HarvestNotFound
        return harvest if harvest.state.final else self._runs.running(harvest.id) or harvest
