"""The sealed secrets of one user, as rows. Nothing here can open them."""

from __future__ import annotations

from sqlalchemy import Integer, LargeBinary, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import SealedSecret, SecretContext, SecretField
from mailbox_svc.storage.authorization_rows import AuthorizationRows
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.tables import mailbox_secrets, mailboxes

_t = mailbox_secrets.c
_m = mailboxes.c
_MINE = _t.user_id == bindparam("for_user")
_THIS = (_MINE, _t.mailbox_id == bindparam("for_mailbox"), _t.field == bindparam("for_field"))
_FIND = select(_t.key_id, _t.blob).where(*_THIS)
_DELETE = delete(mailbox_secrets).where(*_THIS)
# One statement, so that a secret and the destination it is bound to are of one moment.
_FIND_STALE = (
    select(_t.field, _t.mailbox_id, _m.host, _m.port, _m.tls, _m.login, _t.version, _t.key_id, _t.blob)
    .join_from(mailbox_secrets, mailboxes, (_m.id == _t.mailbox_id) & (_m.user_id == _t.user_id))
    .where(_MINE, _t.key_id != bindparam("active_key_id"))
    .order_by(_t.mailbox_id, _t.field)
    .limit(bindparam("page"))
)
_REWRAP = (
    update(mailbox_secrets)
    .where(
        *_THIS,
        _t.version == bindparam("for_version"),
        _t.key_id == bindparam("old_key_id"),
        _t.blob == bindparam("old_blob"),
    )
    .values(key_id=bindparam("key_id"), blob=bindparam("blob"))
    .returning(_t.mailbox_id)
)


def _put(dialect: DialectName) -> Statement:
    """Upsert for a mailbox of this user, and nothing at all when it is not this user's."""
    new = sqlite.insert(mailbox_secrets) if dialect == "sqlite" else postgresql.insert(mailbox_secrets)
    row = select(
        _m.id,
        bindparam("field", type_=Text),
        _m.user_id,
        bindparam("key_id", type_=Text),
        bindparam("version", type_=Integer),
        bindparam("blob", type_=LargeBinary),
    ).where(_m.user_id == bindparam("for_user"), _m.id == bindparam("for_mailbox"))
    replaced = ("key_id", "version", "blob")
    return (
        new.from_select(["mailbox_id", "field", "user_id", *replaced], row)
        .on_conflict_do_update(
            index_elements=[_t.mailbox_id, _t.field], set_={n: new.excluded[n] for n in replaced}
        )
        .returning(_t.mailbox_id)
    )


_PUT: dict[DialectName, Statement] = {"sqlite": _put("sqlite"), "postgresql": _put("postgresql")}


class SecretRows:
    """Satisfies `ports.SecretRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id
        self._verifiers = AuthorizationRows(executor, user_id)

    async def find(self, mailbox_id: str, field: SecretField) -> SealedSecret | None:
        rows = await self._executor.run(_FIND, self._this(mailbox_id, field))
        return SealedSecret(*rows[0]) if rows else None

    async def put(self, mailbox_id: str, field: SecretField, version: int, sealed: SealedSecret) -> None:
        """Store it in place of an earlier one. Raises MailboxNotFound when the mailbox is not the user's."""
        parameters = {
            "for_user": self._user_id,
            "for_mailbox": mailbox_id,
            "field": field.value,
            "key_id": sealed.key_id,
            "version": version,
            "blob": sealed.blob,
        }
        if not await self._executor.run(_PUT[self._executor.dialect], parameters):
            raise MailboxNotFound

    async def delete(self, mailbox_id: str, field: SecretField) -> None:
        await self._executor.run(_DELETE, self._this(mailbox_id, field))

    async def stale(self, active_key_id: str, limit: int) -> list[tuple[SecretContext, SealedSecret]]:
        rows = await self._executor.run(
            _FIND_STALE, {"for_user": self._user_id, "active_key_id": active_key_id, "page": limit}
        )
        stale = [
            (
                SecretContext(
                    field=SecretField(field),
                    user_id=self._user_id,
                    mailbox_id=mailbox_id,
                    destination=Destination(host=host, port=port, tls=tls, user=login),
                    version=version,
                ),
                SealedSecret(key_id=key_id, blob=blob),
            )
            for field, mailbox_id, host, port, tls, login, version, key_id, blob in rows
        ]
        return stale + await self._verifiers.stale(active_key_id, limit - len(stale))

    async def rewrapped(self, context: SecretContext, old: SealedSecret, new: SealedSecret) -> bool:
        if context.field is SecretField.OAUTH_VERIFIER:
            return await self._verifiers.rewrapped(context.mailbox_id, old, new)
        parameters = {
            **self._this(context.mailbox_id, context.field),
            "for_version": context.version,
            "old_key_id": old.key_id,
            "old_blob": old.blob,
            "key_id": new.key_id,
            "blob": new.blob,
        }
        return bool(await self._executor.run(_REWRAP, parameters))

    def _this(self, mailbox_id: str, field: SecretField) -> dict[str, object]:
        return {"for_user": self._user_id, "for_mailbox": mailbox_id, "for_field": field.value}
