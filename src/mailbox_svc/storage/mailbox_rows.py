"""The mailboxes of one user, as rows. Each statement names the user; on PostgreSQL a policy does so again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, select, update

from mailbox_svc.errors import MailboxNotFound, StaleMailbox
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.model.secret import SecretField
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.dialects import for_each_dialect, insert_into
from mailbox_svc.storage.evidence_marks import EvidenceMarks
from mailbox_svc.storage.failure_text import remedy_from, remedy_text
from mailbox_svc.storage.tables import mailbox_secrets, mailboxes

_t = mailboxes.c
_MINE = _t.user_id == bindparam("for_user")
_THIS = (_MINE, _t.id == bindparam("for_mailbox"))
#: Derived in the read, so that it can never disagree with what is stored.
_HAS_PASSWORD = exists().where(
    mailbox_secrets.c.user_id == _t.user_id,
    mailbox_secrets.c.mailbox_id == _t.id,
    mailbox_secrets.c.field == SecretField.MAILBOX_PASSWORD.value,
)
_SELECT = select(
    _t.id,
    _t.user_id,
    _t.label,
    _t.host,
    _t.port,
    _t.tls,
    _t.login,
    _t.auth,
    _HAS_PASSWORD.label("has_password"),
    _t.status,
    _t.last_tested_at,
    _t.last_error,
    _t.etag,
    _t.secret_version,
    _t.created_at,
    _t.updated_at,
    _t.oauth_provider,
    _t.last_remedy,
)
#: Where a row of `_SELECT` names its owner.
OWNER = 1
LIST_OF_ALL = _SELECT.order_by(_t.created_at, _t.id)
LIST = LIST_OF_ALL.where(_MINE)
_FIND = _SELECT.where(*_THIS)
_COUNT = select(func.count()).select_from(mailboxes).where(_MINE)
# The locks are statements of their own: on PostgreSQL a SELECT that has waited for a row lock still
# sees other tables as they were before the wait.
_LOCK_MAILBOX = select(_t.id).where(*_THIS).with_for_update()
LOCK_USER = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("for_user"), 0)))
_STORED = [c.name for c in mailboxes.columns if c.name != "harvest_policy"]
_INSERT = for_each_dialect(
    lambda dialect: (
        insert_into(mailboxes, dialect)
        .values({name: bindparam(name) for name in _STORED})
        .on_conflict_do_nothing(index_elements=[_t.id])
        .returning(_t.id)
    )
)
_CHANGEABLE = [name for name in _STORED if name not in {"id", "user_id", "created_at"}]
_UPDATE = update(mailboxes).where(*_THIS).values({name: bindparam(name) for name in _CHANGEABLE})
_RECORD_TEST = (
    update(mailboxes)
    .where(*_THIS, _t.secret_version == bindparam("for_version"))
    .values({name: bindparam(name) for name in ("status", "last_tested_at", "last_error", "last_remedy")})
    .returning(_t.id)
)
_DELETE = delete(mailboxes).where(*_THIS).returning(_t.id)


class MailboxRows:
    """Satisfies `ports.MailboxRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def find(self, mailbox_id: str) -> Mailbox | None:
        await self._executor.lock(_LOCK_MAILBOX, self._this(mailbox_id))
        return await self.seen(mailbox_id)

    async def seen(self, mailbox_id: str) -> Mailbox | None:
        rows = await self._executor.run(_FIND, self._this(mailbox_id))
        return mailbox_from(rows[0]) if rows else None

    async def all(self) -> list[Mailbox]:
        return [mailbox_from(row) for row in await self._executor.run(LIST, {"for_user": self._user_id})]

    async def count(self) -> int:
        await self._executor.lock(LOCK_USER, {"for_user": self._user_id})
        rows = await self._executor.run(_COUNT, {"for_user": self._user_id})
        return int(rows[0][0])

    async def insert(self, mailbox: Mailbox) -> None:
        """Add it. Raises MailboxNotFound when the id is another user's, StaleMailbox when one's own.

        The latter happens when the same new id is saved twice at once.
        """
        if mailbox.user_id != self._user_id:
            raise MailboxNotFound
        statement = _INSERT[self._executor.dialect]
        if await self._executor.run(
            statement,
            {
                **_values(mailbox),
                "id": mailbox.id,
                "user_id": self._user_id,
                "created_at": mailbox.created_at,
            },
        ):
            return
        raise StaleMailbox if await self.find(mailbox.id) else MailboxNotFound

    async def update(self, mailbox: Mailbox) -> None:
        await self._executor.run(_UPDATE, self._this(mailbox.id) | _values(mailbox))

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
        parameters = {
            **self._this(mailbox_id),
            "for_version": secret_version,
            "status": status.value,
            "last_tested_at": tested_at,
            "last_error": error,
            "last_remedy": remedy_text(remedy),
        }
        return bool(await self._executor.run(_RECORD_TEST, parameters))

    async def delete(self, mailbox_id: str) -> bool:
        await EvidenceMarks(self._executor, self._user_id).of_mailbox(mailbox_id)
        return bool(await self._executor.run(_DELETE, self._this(mailbox_id)))

    def _this(self, mailbox_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_mailbox": mailbox_id}


def mailbox_from(row: Row) -> Mailbox:
    """Return the mailbox of a row of `LIST`; the columns come in that order."""
    (
        mailbox_id,
        user_id,
        label,
        host,
        port,
        tls,
        login,
        auth,
        has_password,
        status,
        last_tested_at,
        last_error,
        etag,
        secret_version,
        created_at,
        updated_at,
        oauth_provider,
        last_remedy,
    ) = row
    return Mailbox(
        id=mailbox_id,
        user_id=user_id,
        label=label,
        destination=Destination(host=host, port=port, tls=tls, user=login),
        auth=Auth(auth),
        has_password=has_password,
        status=Status(status),
        last_tested_at=last_tested_at,
        last_error=last_error,
        etag=etag,
        secret_version=secret_version,
        created_at=created_at,
        updated_at=updated_at,
        oauth_provider=oauth_provider,
        last_remedy=remedy_from(last_remedy) if last_error else None,
    )


def account_of(mailbox: Mailbox) -> dict[str, object]:
    """Return the parameters of the question whether another mailbox has the same grant."""
    return {
        "id": mailbox.id,
        "provider": mailbox.oauth_provider,
        "host": mailbox.destination.host,
        "login": mailbox.destination.user,
    }


def _values(mailbox: Mailbox) -> dict[str, object]:
    """Return the columns that an update may change."""
    return {
        "label": mailbox.label,
        "host": mailbox.destination.host,
        "port": mailbox.destination.port,
        "tls": mailbox.destination.tls,
        "login": mailbox.destination.user,
        "auth": mailbox.auth.value,
        "status": mailbox.status.value,
        "last_tested_at": mailbox.last_tested_at,
        "last_error": mailbox.last_error,
        "etag": mailbox.etag,
        "secret_version": mailbox.secret_version,
        "updated_at": mailbox.updated_at,
        "oauth_provider": mailbox.oauth_provider,
        "last_remedy": remedy_text(mailbox.last_remedy),
    }
