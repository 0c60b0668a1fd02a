"""Opens mailboxes for reading. Their mail is never changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from mailbox_svc.imap.access import Access, told
from mailbox_svc.imap.failure import Stages
from mailbox_svc.imap.reader import RANGE, ImapReader
from mailbox_svc.model.check import ConnectionReport, Credential, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.ports.mail import ReadingFailed

#: Seconds of silence after which a server that owes an answer is given up.
PATIENCE = 60.0


class ImapMailSource:
    """Satisfies `ports.mail.MailSource`. Safe for concurrent use; each `open` is a connection of its own."""

    def __init__(self, access: Access, *, patience: float = PATIENCE, range_size: int = RANGE) -> None:
        """`patience` is in seconds, `range_size` in messages."""
        self._access = access
        self._patience = patience
        self._range_size = range_size

    @asynccontextmanager
    async def open(
        self, destination: Destination, credential: Credential, *, timeout: float
    ) -> AsyncIterator[ImapReader]:
        """Connect and log in within `timeout` seconds; log out at the end of the block.

        Raises ReadingFailed. What happens later is reported in the stage LIST.
        """
        stages = Stages()

        def report(error: Exception) -> ConnectionReport:
            return told(error, stages, destination, credential)

        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(timeout):
                    # Sooner than the deadline, so that it is told from a server that does not answer.
                    await held.enter_async_context(self._access.room(destination, timeout=0.9 * timeout))
                    session = await self._access.log_in(destination, credential, stages)
            except Exception as error:  # noqa: BLE001  (a server must not be able to break the caller)
                raise ReadingFailed(report(error)) from None
            session.wire.patience = self._patience
            try:
                with stages.enter(Stage.LIST):
                    yield ImapReader(session, report, range_size=self._range_size)
            except BaseException:
                session.abort()
                raise
            await session.close()
