"""The authorizations under way of one user, as rows. Their verifiers are sealed; nothing here opens them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, exists, func, insert, or_, select, update

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.oauth import Authorization, verifier_context
from mailbox_svc.model.secret import SealedSecret, SecretContext
from mailbox_svc.storage.database import Executor, Statement
from mailbox_svc.storage.mailbox_rows import LOCK_USER
from mailbox_svc.storage.tables import authorizations, mailboxes

_t = authorizations.c
_m = mailboxes.c
_MINE = _t.user_id == bindparam("for_user")
_THIS = (_MINE, _t.state_hash == bindparam("for_state"))
_ALL = (_t.state_hash, _t.user_id, _t.provider, _t.mailbox_id, _t.key_id, _t.blob, _t.expires_at)
_NEW = [bindparam(column.name, type_=column.type) for column in _ALL]
_MAILBOX_ID = bindparam("mailbox_id", type_=_t.mailbox_id.type)
_INSERT = (
    insert(authorizations)
    .from_select(
        [column.name for column in _ALL],
        select(*_NEW).where(
            or_(
                _MAILBOX_ID.is_(None),
                exists().where(_m.user_id == bindparam("user_id"), _m.id == _MAILBOX_ID),
            )
        ),
    )
    .returning(_t.state_hash)
)
# A row that somebody else works on is passed over: who waited for it might be waited for in turn.
_TOO_MANY = delete(authorizations).where(
    _t.state_hash.in_(
        select(_t.state_hash)
        .where(_MINE, _t.state_hash != bindparam("for_state"))
        .order_by(_t.expires_at.desc(), _t.state_hash)
        .offset(bindparam("others"))
        .with_for_update(skip_locked=True)
    )
)
# Of all users: whoever begins an authorization clears up after those who never came back.
_PRUNE: dict[str, Statement] = {
    "sqlite": delete(authorizations).where(_t.expires_at <= bindparam("now", type_=_t.expires_at.type)),
    "postgresql": select(func.mailbox_prune_authorizations(bindparam("now"))),
}
_TAKE = delete(authorizations).where(*_THIS).returning(*_ALL)
_FIND_STALE = (
    select(_t.state_hash, _t.key_id, _t.blob)
    .where(_MINE, _t.key_id != bindparam("active_key_id"))
    .order_by(_t.state_hash)
    .limit(bindparam("page"))
)
_REWRAP = (
    update(authorizations)
    .where(*_THIS, _t.key_id == bindparam("old_key_id"), _t.blob == bindparam("old_blob"))
    .values(key_id=bindparam("key_id"), blob=bindparam("blob"))
    .returning(_t.state_hash)
)


class AuthorizationRows:
    """Satisfies `ports.oauth.AuthorizationRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def insert(self, authorization: Authorization, *, keep: int, now: datetime) -> None:
        """Add it. Raises MailboxNotFound when it, or its mailbox, is not the user's."""
        if authorization.user_id != self._user_id:
            raise MailboxNotFound
        run = self._executor.run
        row = {
            "state_hash": authorization.state_hash,
            "user_id": self._user_id,
            "provider": authorization.provider,
            "mailbox_id": authorization.mailbox_id,
            "key_id": authorization.verifier.key_id,
            "blob": authorization.verifier.blob,
            "expires_at": authorization.expires_at,
        }
        if not await run(_INSERT, row):
            raise MailboxNotFound
        # After the mailbox, which the INSERT has locked: all transactions lock in this order.
        await self._executor.lock(LOCK_USER, {"for_user": self._user_id})
        await run(_PRUNE[self._executor.dialect], {"now": now})
        await run(_TOO_MANY, self._this(authorization.state_hash) | {"others": keep - 1})

    async def take(self, state_hash: str) -> Authorization | None:
        rows = await self._executor.run(_TAKE, self._this(state_hash))
        if not rows:
            return None
        taken_hash, user_id, provider, mailbox_id, key_id, blob, expires_at = rows[0]
        return Authorization(
            state_hash=taken_hash,
            user_id=user_id,
            provider=provider,
            mailbox_id=mailbox_id,
            verifier=SealedSecret(key_id=key_id, blob=blob),
            expires_at=expires_at,
        )

    async def stale(self, active_key_id: str, limit: int) -> list[tuple[SecretContext, SealedSecret]]:
        """Return what `ports.SecretRepository.stale` does, of the verifiers."""
        rows = await self._executor.run(
            _FIND_STALE, {"for_user": self._user_id, "active_key_id": active_key_id, "page": limit}
        )
        return [
            (verifier_context(self._user_id, state_hash), SealedSecret(key_id=key_id, blob=blob))
            for state_hash, key_id, blob in rows
        ]

    async def rewrapped(self, state_hash: str, old: SealedSecret, new: SealedSecret) -> bool:
        """Do what `ports.SecretRepository.rewrapped` does, to a verifier."""
        parameters = {
            **self._this(state_hash),
            "old_key_id": old.key_id,
            "old_blob": old.blob,
            "key_id": new.key_id,
            "blob": new.blob,
        }
        return bool(await self._executor.run(_REWRAP, parameters))

    def _this(self, state_hash: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_state": state_hash}
