"""Logs in to one mailbox as often as a run needs it, and remembers which access token was refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mailbox_svc.harvest.limits import HarvestLimits
from mailbox_svc.mailboxes.changes import record_login
from mailbox_svc.mailboxes.credentials import Credentials, StoredLogin, is_token_refused
from mailbox_svc.model.check import Code, ConnectionReport, Credential, Stage
from mailbox_svc.model.mailbox import Mailbox, Status
from mailbox_svc.ports import Clock, Store
from mailbox_svc.ports.mail import MailFolder, MailReader, MailSource, ReadingFailed


@dataclass(frozen=True, slots=True)
class RunParts:
    """What every run works with."""

    store: Store
    credentials: Credentials
    source: MailSource
    clock: Clock
    limits: HarvestLimits


@dataclass(frozen=True, slots=True)
class OpenMailbox:
    """A connection that has logged in. Whoever has it closes it, as a context manager."""

    mailbox: Mailbox
    reader: MailReader
    _stack: AsyncExitStack
    #: What the server has listed on it, if it was asked already.
    folders: Sequence[MailFolder] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)


Work = Callable[[OpenMailbox], Awaitable[None]]


class Login:
    """The logins of one run."""

    def __init__(
        self, parts: RunParts, user_id: str, mailbox_id: str, *, stored: StoredLogin | None = None
    ) -> None:
        """`stored` is what the run has read already; the first login goes by it."""
        self._stored = stored
        self._parts = parts
        self._user_id = user_id
        self._mailbox_id = mailbox_id
        #: The access token that a server refused last.
        self._refused: Credential | None = None
        self._tried: tuple[Mailbox, Credential] | None = None

    async def use(
        self, work: Work, *, opened: OpenMailbox | None = None, progressed: Callable[[], bool]
    ) -> None:
        """Do the work in one connection, `opened` or a new one, and close it.

        A token that the server refuses is replaced and the work begun anew: once, and once more
        whenever it has `progressed` meanwhile. Raises what `open` and the work do.
        """
        while True:
            try:
                async with opened or await self._open() as mailbox:
                    await work(mailbox)
            except ReadingFailed as error:
                if progressed():
                    self._refused = None  # it has been replaced by one that worked
                if not await self._may_try_another_token(error):
                    raise
                opened = None
            else:
                return

    async def open(self) -> OpenMailbox:
        """Log in. Raises MailboxNotFound, PasswordRequired, SecretUnreadable, ReadingFailed."""
        while True:
            try:
                return await self._open()
            except ReadingFailed as error:
                if not await self._may_try_another_token(error):
                    raise

    async def _open(self) -> OpenMailbox:
        parts = self._parts
        self._tried = None
        stored, self._stored = self._stored, None
        mailbox, credential = await parts.credentials.of(
            self._user_id, self._mailbox_id, refused=self._refused, stored=stored
        )
        self._tried = mailbox, credential
        async with AsyncExitStack() as stack:
            reader = await stack.enter_async_context(
                parts.source.open(mailbox.destination, credential, timeout=parts.limits.connect_timeout)
            )
            if mailbox.status is not Status.OK:
                await self._record(mailbox, ConnectionReport(Code.OK, Stage.LIST))
            return OpenMailbox(mailbox, reader, stack.pop_all())

    async def _may_try_another_token(self, error: ReadingFailed) -> bool:
        """Say so of a token's first refusal; show on the mailbox what only its user can mend."""
        if self._tried is None:
            return False
        mailbox, credential = self._tried
        if is_token_refused(credential, error.report) and self._refused is None:
            self._refused = credential
            return True
        if not error.report.retryable:
            await self._record(mailbox, error.report)
        return False

    async def _record(self, mailbox: Mailbox, report: ConnectionReport) -> None:
        async with self._parts.store.begin(mailbox.user_id) as tx:
            await record_login(tx, mailbox, report, now=self._parts.clock())
