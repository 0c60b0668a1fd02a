"""The connection test: one whole connection under one deadline, told as a report.

Whatever a server does ends in the report. No text of a server enters it or a log.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

from mailbox_svc.imap.access import Access, told
from mailbox_svc.imap.failure import Stages
from mailbox_svc.imap.session import Session
from mailbox_svc.model.check import Code, ConnectionReport, Credential, Stage
from mailbox_svc.model.mailbox import Destination


class ImapConnectionTester:
    """Makes one real connection; satisfies `ports.ConnectionTester`. Safe for concurrent use."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def test(
        self, destination: Destination, credential: Credential, *, timeout: float
    ) -> ConnectionReport:
        """Connect, log in, list the folders and log out, all within `timeout` seconds."""
        deadline = asyncio.get_running_loop().time() + timeout
        stages = Stages()
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(deadline):
                    # Sooner than the deadline, so that it is told from a server that does not answer.
                    await held.enter_async_context(self._access.room(destination, timeout=0.9 * timeout))
                    session = await self._listed(destination, credential, stages)
            except Exception as error:  # noqa: BLE001  (a server must not be able to break the caller)
                return told(error, stages, destination, credential)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await session.close()
        return ConnectionReport(Code.OK, Stage.LIST, checks=stages.checks)

    async def _listed(self, destination: Destination, credential: Credential, stages: Stages) -> Session:
        """Return a session that has logged in and listed its folders."""
        session = await self._access.log_in(destination, credential, stages)
        try:
            with stages.enter(Stage.LIST):
                await session.list_folders()
        except BaseException:
            session.abort()
            raise
        return session
