"""List, save, delete and test the mailboxes of one user.

Invariants: a refused call changes nothing; one use case is one transaction; no connection to a
mail server is made while a transaction is open.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from mailbox_svc.errors import (
    FieldViolation,
    InvalidFields,
    MailboxNotFound,
    PasswordRequired,
    StaleMailbox,
    TooManyMailboxes,
)
from mailbox_svc.mailboxes.credentials import mailbox_with_credential, put_password
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.mailboxes.limits import LoginLimits
from mailbox_svc.mailboxes.rules import MAX_MAILBOXES, CheckedDraft, checked, checked_mailbox_id
from mailbox_svc.mailboxes.shared import SharedRuns
from mailbox_svc.model.check import Code, ConnectionReport, Credential, Password
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.ports import Clock, ConnectionTester, Store, Transaction, Vault

#: Codes after which only the user can mend it, by connecting the account again.
_REAUTH = frozenset({Code.AUTH_REAUTH_REQUIRED})


class Mailboxes:
    """The use cases of MailboxService."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        tester: ConnectionTester,
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
            saved = await self._update(tx, stored, wanted)
            moved = _account(saved.destination) != _account(stored.destination)
            if moved:
                await _forget_harvests(tx, saved.id, now=saved.updated_at)
        if moved and self._rejudge is not None:
            await self._rejudge(user_id)
        return saved

    async def delete(self, user_id: str, mailbox_id: str) -> None:
        """Remove a mailbox and all that hangs on it. Raises MailboxNotFound."""
        async with self._store.begin(user_id) as tx:
            if not await tx.mailboxes.delete(checked_mailbox_id(mailbox_id)):
                raise MailboxNotFound
        if self._rejudge is not None:
            await self._rejudge(user_id)

    async def test_saved(self, user_id: str, mailbox_id: str, *, timeout: float) -> ConnectionReport:
        """Test a saved mailbox and record status, last_tested_at and last_error.

        Tests of one mailbox that overlap share one connection. `timeout` is in seconds.
        Raises MailboxNotFound, RateLimited or SecretUnreadable.
        """
        mailbox, credential = await mailbox_with_credential(
            self._store, self._vault, user_id, checked_mailbox_id(mailbox_id)
        )
        return await self._runs.run(
            (user_id, mailbox.id, mailbox.secret_version),
            lambda: self._test_and_record(mailbox, credential, timeout),
        )

    async def test_draft(self, user_id: str, draft: Draft, *, timeout: float) -> ConnectionReport:
        """Test a draft and store nothing.

        With the id of a saved mailbox and no password, the stored password is used, and then the
        destination must be the stored one. Raises InvalidFields, PasswordRequired or RateLimited.
        """
        wanted = checked(draft, label_needed=False)
        credential: Credential
        if wanted.password is not None:
            credential = Password(wanted.password)
        elif wanted.id is None:
            raise InvalidFields(FieldViolation("password", "Enter the password."))
        else:
            mailbox, credential = await mailbox_with_credential(self._store, self._vault, user_id, wanted.id)
            if mailbox.destination != wanted.destination:
                raise PasswordRequired
        self._logins.take(user_id, wanted.destination)
        return await self._tester.test(wanted.destination, credential, timeout=timeout)

    async def _create(self, tx: Transaction, user_id: str, wanted: CheckedDraft) -> Mailbox:
        if wanted.id is not None and (wanted.etag is not None or wanted.password is None):
            # It was meant as an update of something that is gone, or was never the caller's.
            raise MailboxNotFound
        if wanted.password is None:
            raise InvalidFields(FieldViolation("password", "A new mailbox needs its password."))
        if await tx.mailboxes.count() >= MAX_MAILBOXES:
            raise TooManyMailboxes
        mailbox = new_mailbox(user_id, wanted.id or self._new_id(), wanted, self._clock())
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
            mailbox = replace(stored, label=wanted.label, etag=_new_etag(), updated_at=self._clock())
            await tx.mailboxes.update(mailbox)
            return mailbox
        mailbox = replace(
            stored,
            label=wanted.label,
            destination=wanted.destination,
            auth=Auth.PASSWORD,
            has_password=True,
            status=Status.PENDING,
            last_error="",
            etag=_new_etag(),
            secret_version=stored.secret_version + 1,
            updated_at=self._clock(),
        )
        await tx.mailboxes.update(mailbox)
        await put_password(tx, self._vault, mailbox, wanted.password)
        return mailbox

    async def _test_and_record(
        self, mailbox: Mailbox, credential: Credential, timeout: float
    ) -> ConnectionReport:
        self._logins.take(mailbox.user_id, mailbox.destination)
        report = await self._tester.test(mailbox.destination, credential, timeout=timeout)
        async with self._store.begin(mailbox.user_id) as tx:
            await record_login(tx, mailbox, report, now=self._clock())
        return report


def new_mailbox(user_id: str, mailbox_id: str, wanted: CheckedDraft, now: datetime) -> Mailbox:
    """Return a mailbox that was never tested, as a checked draft wants it."""
    return Mailbox(
        id=mailbox_id,
        user_id=user_id,
        label=wanted.label,
        destination=wanted.destination,
        auth=Auth.PASSWORD,
        has_password=True,
        status=Status.PENDING,
        last_tested_at=None,
        last_error="",
        etag=_new_etag(),
        secret_version=1,
        created_at=now,
        updated_at=now,
    )


def _account(destination: Destination) -> tuple[str, str]:
    """Return what makes it another account, rather than another way to the same."""
    return destination.host.lower(), destination.user


async def _forget_harvests(tx: Transaction, mailbox_id: str, *, now: datetime) -> None:
    """Take back what was read in the account that the mailbox was before; the next harvest reads the new."""
    harvest = await tx.harvests.unfinished(mailbox_id)
    if harvest is not None:
        await tx.harvests.cancel(harvest.id, now=now)
    for position in await tx.folders.all(mailbox_id):
        await tx.folders.take_back(position.id)


def _new_etag() -> str:
    return secrets.token_hex(8)


async def record_login(tx: Transaction, mailbox: Mailbox, report: ConnectionReport, *, now: datetime) -> None:
    """Store what a real connection showed, unless the mailbox's secret has changed since it was read."""
    await tx.mailboxes.record_test(
        mailbox.id,
        secret_version=mailbox.secret_version,
        status=_status_after(report),
        tested_at=now,
        error=report.error,
    )


def _status_after(report: ConnectionReport) -> Status:
    if report.ok:
        return Status.OK
    return Status.NEEDS_REAUTH if report.code in _REAUTH else Status.ERROR
