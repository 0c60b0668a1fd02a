"""List, save, delete and test the mailboxes of one user.

Invariants: a refused call changes nothing; one use case is one transaction; no connection to a
mail server is made while a transaction is open.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from mailbox_svc.errors import (
    FieldViolation,
    InvalidFields,
    MailboxNotFound,
    PasswordRequired,
    StaleMailbox,
    TooManyMailboxes,
)
from mailbox_svc.mailboxes.changes import (
    forget_harvests,
    found,
    is_another_account,
    new_etag,
    new_mailbox,
    record_login,
    with_new_secret,
)
from mailbox_svc.mailboxes.credentials import (
    Credentials,
    is_token_refused,
    no_token_in_time,
    put_password,
    stored_grant,
)
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.limits import LoginLimits
from mailbox_svc.mailboxes.rules import MAX_MAILBOXES, CheckedDraft, checked, checked_mailbox_id
from mailbox_svc.mailboxes.shared import SharedRuns
from mailbox_svc.model.check import ConnectionReport, Password
from mailbox_svc.model.mailbox import Auth, Mailbox
from mailbox_svc.ports import Clock, ConnectionTester, Store, Transaction, Vault
from mailbox_svc.ports.mail import NoCredential
from mailbox_svc.ports.oauth import GrantRevoker

#: Seconds that a connection gets at least, when most of a test's time went into getting a token.
_LEAST = 1.0


class Mailboxes:
    """The use cases of MailboxService."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        tester: ConnectionTester,
        credentials: Credentials,
        revoker: GrantRevoker,
        *,
        clock: Clock,
        logins: LoginLimits | None = None,
        rejudge: Callable[[str], Awaitable[None]] | None = None,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """`rejudge` is called for a user whose mail says less than before, so that contacts show it."""
        self._store = store
        self._rejudge = rejudge
        self._vault = vault
        self._tester = tester
        self._credentials = credentials
        self._revoker = revoker
        self._clock = clock
        self._new_id = new_id
        self._logins = logins or LoginLimits()
        self._runs: SharedRuns[ConnectionReport] = SharedRuns()

    async def list(self, user_id: str) -> list[Mailbox]:
        """Return the user's mailboxes, oldest first."""
        return await self._store.list_mailboxes(user_id)

    async def save(self, user_id: str, draft: Draft) -> Mailbox:
        """Create or update a mailbox and return it as stored.

        Raises InvalidFields, MailboxNotFound, PasswordRequired, StaleMailbox or TooManyMailboxes;
        then nothing has changed.
        """
        wanted = checked(draft)
        async with self._store.begin(user_id) as tx:
            stored = None if wanted.id is None else await tx.mailboxes.find(wanted.id)
            if stored is None:
                return await self._create(tx, user_id, wanted)
            grant = await stored_grant(tx, stored)
            saved = await self._update(tx, stored, wanted)
            moved = is_another_account(saved.destination, stored.destination)
            if moved:
                await forget_harvests(tx, saved.id, now=saved.updated_at)
        if moved and self._rejudge is not None:
            await self._rejudge(user_id)
        if grant is not None and saved.auth is not Auth.OAUTH:
            await self._revoker.revoke(stored, grant)
        return saved

    async def delete(self, user_id: str, mailbox_id: str) -> None:
        """Remove a mailbox and all that hangs on it; its permission is given back. Raises MailboxNotFound."""
        async with self._store.begin(user_id) as tx:
            mailbox = await found(tx, checked_mailbox_id(mailbox_id))
            grant = await stored_grant(tx, mailbox)
            await tx.mailboxes.delete(mailbox.id)
        if self._rejudge is not None:
            await self._rejudge(user_id)
        if grant is not None:  # last: the caller may not wait for a provider
            await self._revoker.revoke(mailbox, grant)

    async def test_saved(self, user_id: str, mailbox_id: str, *, timeout: float) -> ConnectionReport:
        """Test a saved mailbox and record status, last_tested_at, last_error and last_remedy.

        Tests of one mailbox that overlap share one connection. `timeout` is in seconds.
        Raises MailboxNotFound, RateLimited or SecretUnreadable.
        """
        mailbox_id = checked_mailbox_id(mailbox_id)
        async with self._store.read(user_id) as tx:
            mailbox = await found(tx, mailbox_id)
        return await self._runs.run(
            (user_id, mailbox.id, mailbox.secret_version),
            lambda: self._test_and_record(mailbox, timeout),
        )

    async def test_draft(self, user_id: str, draft: Draft, *, timeout: float) -> ConnectionReport:
        """Test a draft and store nothing.

        With the id of a saved mailbox and no password, the stored password is used, and then the
        destination must be the stored one. Raises InvalidFields, PasswordRequired or RateLimited.
        """
        wanted = checked(draft, label_needed=False)
        if wanted.password is not None:
            self._logins.take(user_id, wanted.destination)
            return await self._tester.test(wanted.destination, Password(wanted.password), timeout=timeout)
        if wanted.id is None:
            raise InvalidFields(FieldViolation("password", "Enter the password."))
        async with self._store.read(user_id) as tx:
            stored = await found(tx, wanted.id)
        if stored.destination != wanted.destination:
            raise PasswordRequired
        _, report = await self._tested(stored, timeout)
        return report

    async def _create(self, tx: Transaction, user_id: str, wanted: CheckedDraft) -> Mailbox:
        if wanted.id is not None and (wanted.etag is not None or wanted.password is None):
            # It was meant as an update of something that is gone, or was never the caller's.
            raise MailboxNotFound
        if wanted.password is None:
            raise InvalidFields(FieldViolation("password", "A new mailbox needs its password."))
        if await tx.mailboxes.count() >= MAX_MAILBOXES:
            raise TooManyMailboxes
        mailbox = new_mailbox(
            user_id, wanted.id or self._new_id(), wanted.label, wanted.destination, now=self._clock()
        )
        await tx.mailboxes.insert(mailbox)
        await put_password(tx, self._vault, mailbox, wanted.password)
        return mailbox

    async def _update(self, tx: Transaction, stored: Mailbox, wanted: CheckedDraft) -> Mailbox:
        if wanted.etag is not None and wanted.etag != stored.etag:
            raise StaleMailbox
        if wanted.password is None:
            if wanted.destination != stored.destination:
                # A stored secret goes only where it was meant to go, else whoever holds a session
                # could send it to a server of his own.
                raise PasswordRequired
            if wanted.label == stored.label:
                return stored
            mailbox = replace(stored, label=wanted.label, etag=new_etag(), updated_at=self._clock())
            await tx.mailboxes.update(mailbox)
            return mailbox
        mailbox = replace(
            with_new_secret(stored, now=self._clock()),
            label=wanted.label,
            destination=wanted.destination,
            auth=Auth.PASSWORD,
            oauth_provider="",
            has_password=True,
        )
        await tx.mailboxes.update(mailbox)
        await put_password(tx, self._vault, mailbox, wanted.password)
        await tx.schedules.renew(mailbox.id, mailbox.destination, now=mailbox.updated_at)
        return mailbox

    async def _test_and_record(self, mailbox: Mailbox, timeout: float) -> ConnectionReport:
        mailbox, report = await self._tested(mailbox, timeout)
        async with self._store.begin(mailbox.user_id) as tx:
            await record_login(tx, mailbox, report, now=self._clock())
        return report

    async def _tested(self, mailbox: Mailbox, timeout: float) -> tuple[Mailbox, ConnectionReport]:
        """Return the outcome, and the mailbox whose secret it is about.

        A token that the server refuses is replaced once.
        """
        self._logins.take(mailbox.user_id, mailbox.destination)
        deadline = time.monotonic() + timeout

        def left() -> float:
            return max(deadline - time.monotonic(), _LEAST)

        try:
            async with asyncio.timeout(left()):
                mailbox, credential = await self._credentials.of(mailbox.user_id, mailbox.id)
            report = await self._tester.test(mailbox.destination, credential, timeout=left())
            if is_token_refused(credential, report):
                async with asyncio.timeout(left()):
                    mailbox, credential = await self._credentials.of(
                        mailbox.user_id, mailbox.id, refused=credential
                    )
                report = await self._tester.test(mailbox.destination, credential, timeout=left())
        except NoCredential as error:
            report = error.report
        except TimeoutError:
            if mailbox.auth is not Auth.OAUTH:
                raise
            report = no_token_in_time(mailbox)
        return mailbox, report
