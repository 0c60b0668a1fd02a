"""What happens to a mailbox, whichever use case does it: begun, tested, pointed at another account."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.check import Code, ConnectionReport, Stage
from mailbox_svc.model.harvest import connection_failure
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.ports import Transaction

#: Codes after which only the user can mend it, by connecting the account again.
_REAUTH = frozenset({Code.AUTH_REAUTH_REQUIRED, Code.AUTH_TOKEN_REJECTED})

#: The operator of this service has to mend it; then it works with the same credential.
_NOT_THE_CREDENTIAL = frozenset({Code.AUTH_CLIENT_REFUSED})


def new_mailbox(
    user_id: str,
    mailbox_id: str,
    label: str,
    destination: Destination,
    *,
    now: datetime,
    oauth_provider: str = "",
) -> Mailbox:
    """Return a mailbox that was never tested; with a provider it logs in by OAuth2, else by password."""
    return Mailbox(
        id=mailbox_id,
        user_id=user_id,
        label=label,
        destination=destination,
        auth=Auth.OAUTH if oauth_provider else Auth.PASSWORD,
        has_password=not oauth_provider,
        status=Status.PENDING,
        last_tested_at=None,
        last_error="",
        etag=new_etag(),
        secret_version=1,
        created_at=now,
        updated_at=now,
        oauth_provider=oauth_provider,
    )


def with_new_secret(mailbox: Mailbox, *, now: datetime) -> Mailbox:
    """Return the mailbox as it is when its secret is another: of a new version, and never tested with it."""
    return replace(
        mailbox,
        status=Status.PENDING,
        last_error="",
        last_remedy=None,
        etag=new_etag(),
        secret_version=mailbox.secret_version + 1,
        updated_at=now,
    )


def is_another_account(one: Destination, other: Destination) -> bool:
    """Say whether it is another account, rather than another way to the same."""
    return (one.host.lower(), one.user) != (other.host.lower(), other.user)


async def found(tx: Transaction, mailbox_id: str) -> Mailbox:
    """Return the mailbox as `MailboxRepository.find` does. Raises MailboxNotFound."""
    mailbox = await tx.mailboxes.find(mailbox_id)
    if mailbox is None:
        raise MailboxNotFound
    return mailbox


async def stop_harvest(tx: Transaction, mailbox_id: str, *, now: datetime) -> None:
    """Cancel the harvest that is under way, if there is one; what was read stays."""
    harvest = await tx.harvests.unfinished(mailbox_id)
    if harvest is not None:
        await tx.harvests.cancel(harvest.id, now=now)


async def forget_harvests(tx: Transaction, mailbox_id: str, *, now: datetime) -> None:
    """Take back what was read in the account that the mailbox was before; the next harvest reads the new."""
    await stop_harvest(tx, mailbox_id, now=now)
    for position in await tx.folders.all(mailbox_id):
        await tx.folders.take_back(position.id)


def new_etag() -> str:
    """Return an etag that no mailbox has had."""
    return secrets.token_hex(8)


async def record_login(tx: Transaction, mailbox: Mailbox, report: ConnectionReport, *, now: datetime) -> None:
    """Store what a real connection showed, unless the mailbox's secret has changed since it was read.

    A login that works starts the schedule again that a refused one has stopped.
    """
    recorded = await tx.mailboxes.record_test(
        mailbox.id,
        secret_version=mailbox.secret_version,
        status=_status_after(report),
        tested_at=now,
        error=report.error,
        remedy=report.remedy,
    )
    if not recorded:
        return
    if report.ok:
        await tx.schedules.resume(mailbox.id, now=now)
    elif is_refused(report):
        await tx.schedules.refuse(mailbox.id, connection_failure(report))


def is_refused(report: ConnectionReport) -> bool:
    """Say whether the same credential must not be tried again: accounts are locked for that."""
    return report.stage is Stage.AUTH and not report.retryable and report.code not in _NOT_THE_CREDENTIAL


def _status_after(report: ConnectionReport) -> Status:
    if report.ok:
        return Status.OK
    return Status.NEEDS_REAUTH if report.code in _REAUTH else Status.ERROR
