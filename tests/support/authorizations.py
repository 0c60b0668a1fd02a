"""Authorizations under way, to put into a store."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

from mailbox_svc.model.oauth import Authorization, verifier_context
from mailbox_svc.model.secret import Secret
from mailbox_svc.ports import Store, Vault

#: When a test begins its authorizations, in words of the service's clock.
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIFETIME = timedelta(minutes=10)
VERIFIER = "CANARY-verifier"
KEEP = 5


def authorization_of(
    user_id: str, vault: Vault, *, mailbox_id: str | None = None, expires_at: datetime = NOW + LIFETIME
) -> Authorization:
    """Return a new authorization of this user."""
    state_hash = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    return Authorization(
        state_hash=state_hash,
        user_id=user_id,
        provider="google",
        mailbox_id=mailbox_id,
        verifier=vault.seal(Secret(VERIFIER), verifier_context(user_id, state_hash)),
        expires_at=expires_at,
    )


async def begin(
    store: Store, *authorizations: Authorization, keep: int = KEEP, now: datetime = NOW
) -> list[Authorization]:
    """Insert them, each in a transaction of its own."""
    for authorization in authorizations:
        async with store.begin(authorization.user_id) as tx:
            await tx.authorizations.insert(authorization, keep=keep, now=now)
    return list(authorizations)


async def take(store: Store, authorization: Authorization) -> Authorization | None:
    async with store.begin(authorization.user_id) as tx:
        return await tx.authorizations.take(authorization.state_hash)
