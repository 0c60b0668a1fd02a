"""What the use cases need from outside, as Protocols. Adapters satisfy them by shape; `app` wires them.

Here: time, the store with mailboxes and secrets, the vault, the tester, the verifier.
`mail`, `harvests`, `schedules`, `contacts` and `oauth` hold the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from mailbox_svc.model.caller import Caller
from mailbox_svc.model.check import ConnectionReport, Credential
from mailbox_svc.model.mailbox import Destination, Mailbox, Status
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.model.schedule import SyncSurvey
from mailbox_svc.model.secret import SealedSecret, Secret, SecretContext, SecretField
from mailbox_svc.ports.contacts import ContactRepository, DuplicateRepository, GroupRepository
from mailbox_svc.ports.harvests import FolderRepository, HarvestRepository
from mailbox_svc.ports.oauth import AuthorizationRepository
from mailbox_svc.ports.schedules import Admit, Enqueue, ScheduleRepository

#: Returns the present time, aware, in UTC.
Clock = Callable[[], datetime]


class MailboxRepository(Protocol):
    """The mailboxes of the transaction's user. Never commits."""

    async def find(self, mailbox_id: str) -> Mailbox | None:
        """Return the mailbox, locked against other writers until the transaction ends."""

    async def seen(self, mailbox_id: str) -> Mailbox | None:
        """Return the mailbox as it is just now; others may change it."""

    async def all(self) -> list[Mailbox]:
        """Return all of the user's, by creation time, then id."""

    async def count(self) -> int:
        """Return how many the user holds; no other transaction can add one until this ends."""

    async def insert(self, mailbox: Mailbox) -> None:
        """Add it. Raises MailboxNotFound when the id is another user's (same words as unknown)."""

    async def update(self, mailbox: Mailbox) -> None:
        """Replace the stored one with the same id, which `find` has returned in this transaction."""

    async def record_test(
        self,
        mailbox_id: str,
        *,
        secret_version: int,
        status: Status,
        tested_at: datetime,
        error: str,
        remedy: Remedy | None = None,
    ) -> bool:
        """Set status, last_tested_at, last_error and last_remedy, and nothing else.

        False, and nothing set, when the mailbox is gone or its secret has changed since the test began.
        """

    async def delete(self, mailbox_id: str) -> bool:
        """Remove it with all that hangs on it; False when there is none.

        What it has seen is marked for judging anew: `contacts.unjudged` gives it.
        """


class SecretRepository(Protocol):
    """The sealed secrets of the transaction's user. Never commits."""

    async def find(self, mailbox_id: str, field: SecretField) -> SealedSecret | None:
        """Return the sealed secret, or None."""

    async def put(self, mailbox_id: str, field: SecretField, version: int, sealed: SealedSecret) -> None:
        """Store it in the place of an earlier one."""

    async def delete(self, mailbox_id: str, field: SecretField) -> None:
        """Remove it if it is there."""

    async def stale(self, active_key_id: str, limit: int) -> list[tuple[SecretContext, SealedSecret]]:
        """Return up to `limit` of the user's secrets not wrapped by this key; `rewrapped` compares them."""

    async def rewrapped(self, context: SecretContext, old: SealedSecret, new: SealedSecret) -> bool:
        """Replace `old` by `new`; False when it is no longer the stored one."""


class Transaction(Protocol):
    """One unit of work for one user: leaving it normally commits, an exception rolls back."""

    @property
    def mailboxes(self) -> MailboxRepository: ...

    @property
    def secrets(self) -> SecretRepository: ...

    @property
    def authorizations(self) -> AuthorizationRepository: ...

    @property
    def harvests(self) -> HarvestRepository: ...

    @property
    def schedules(self) -> ScheduleRepository: ...

    @property
    def folders(self) -> FolderRepository: ...

    @property
    def contacts(self) -> ContactRepository: ...

    @property
    def groups(self) -> GroupRepository: ...

    @property
    def duplicates(self) -> DuplicateRepository: ...


class Store(Protocol):
    """The database."""

    def begin(self, user_id: str) -> AbstractAsyncContextManager[Transaction]:
        """Open a read-write transaction that can see this user's rows only.

        Raises StorageUnavailable when the database does not answer.
        """

    def read(self, user_id: str) -> AbstractAsyncContextManager[Transaction]:
        """Open the same for reading only: it waits for no writer, and nobody waits for it.

        Each statement sees what is committed when it runs. Raises StorageUnavailable.
        """

    async def list_mailboxes(self, user_id: str) -> list[Mailbox]:
        """Return the user's mailboxes by creation time, then id. The hot read: one statement."""

    def refresh_lock(self, mailbox_id: str, *, timeout: float) -> AbstractAsyncContextManager[None]:
        """Be the only one, among all processes on this database, who refreshes this mailbox's token.

        Held for the length of the block, across transactions; the death of the process frees it, its
        being paused does not. Raises StorageUnavailable when somebody else holds it for `timeout`
        seconds, or when so many are held that this process has no room for one more.
        """

    async def grant_is_shared(self, mailbox: Mailbox) -> bool:
        """Say whether another mailbox, of any user, logs in to the same account by the same provider.

        To be asked before or after the mailbox is deleted.
        """

    async def claimable_harvests(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Return (user id, harvest id) of harvests that nobody runs: QUEUED, or RUNNING past their lease."""

    async def dispatch_syncs(self, now: datetime, most: int, admit: Admit, enqueue: Enqueue) -> int:
        """Have up to `most` mailboxes that are due at `now` decided on, claimed and queued, all or nothing.

        Returns how many there were: fewer than `most` when no more are due, 0 also when another process
        does the same just now. Raises StorageUnavailable; then nothing is claimed.
        """

    async def sync_survey(self, now: datetime) -> SyncSurvey:
        """Say how the schedules of all users stand."""

    async def release_syncs(self, now: datetime) -> None:
        """Make due at once what was in flight in a queue that is gone with its process."""

    async def now(self) -> datetime:
        """Return the time by the database's clock, which all processes on it share."""

    async def key_usage(self) -> dict[str, int]:
        """Return how many secrets of all users each key-encryption key wraps, by key id."""

    def users_with_stale_secrets(self, active_key_id: str) -> AsyncIterator[str]:
        """Yield the ids of users who have secrets wrapped by another key than this."""

    async def ping(self) -> None:
        """Raise StorageUnavailable when the database does not answer."""


class Vault(Protocol):
    """Encrypts secrets at rest."""

    @property
    def active_key_id(self) -> str: ...

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys at hand, the active one among them."""

    def seal(self, secret: Secret, context: SecretContext) -> SealedSecret:
        """Encrypt under the active key, bound to the context."""

    def open(self, sealed: SealedSecret, context: SecretContext) -> Secret:
        """Decrypt. Raises SecretUnreadable when key, bytes or context do not fit."""

    def rewrap(self, sealed: SealedSecret, context: SecretContext) -> SealedSecret:
        """Wrap the data key anew under the active key; the secret itself stays unseen."""


class ConnectionTester(Protocol):
    """Makes one real connection."""

    async def test(
        self, destination: Destination, credential: Credential, *, timeout: float
    ) -> ConnectionReport:
        """Connect, log in and list the folders, all within `timeout` seconds.

        What a server does is in the report, never an exception.
        """


class TokenVerifier(Protocol):
    """Says who is calling."""

    async def verify(self, token: str) -> Caller:
        """Raises TokenInvalid, TokenExpired or KeysUnavailable."""
