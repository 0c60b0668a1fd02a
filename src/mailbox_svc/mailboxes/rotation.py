"""Re-wraps every stored secret under the active key while the service runs.

Invariants: a secret is replaced only by the same secret under another key, and only if it is still
the stored one; every step is one user's transaction, so it can be stopped anywhere and started again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailbox_svc.errors import ConfigError, SecretUnreadable
from mailbox_svc.ports import Store, Vault


@dataclass(frozen=True, slots=True)
class RotationResult:
    """What one rotation did."""

    rewrapped: int
    #: Secrets that do not open under the keys at hand; they stay as they are.
    unreadable: int


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """One key-encryption key."""

    key_id: str
    active: bool
    #: False when secrets name a key that is not in the keyring: they cannot be read.
    present: bool
    secrets: int


async def rotate(
    store: Store, vault: Vault, *, batch: int = 500, on_progress: Callable[[int], None] | None = None
) -> RotationResult:
    """Wrap all secrets of all users under the active key, up to `batch` of a user in a transaction.

    `on_progress` gets the number of secrets done so far. Goes round again until a round finds nothing
    to do, because a process that has not seen the new key yet may save under the old one meanwhile.
    """
    rewrapped = 0
    while True:
        before, unreadable = rewrapped, 0
        async for user_id in store.users_with_stale_secrets(vault.active_key_id):
            done, failed = await _rotate_user(store, vault, user_id, batch)
            rewrapped += done
            unreadable += failed
            if on_progress is not None and done:
                on_progress(rewrapped)
        if rewrapped == before:
            return RotationResult(rewrapped, unreadable)


async def key_status(store: Store, vault: Vault) -> list[KeyStatus]:
    """Return all keys that exist or are used, the active one first, then by id."""
    usage, active, present = await store.key_usage(), vault.active_key_id, vault.key_ids
    keys = [
        KeyStatus(key_id, key_id == active, key_id in present, usage.get(key_id, 0))
        for key_id in usage.keys() | set(present)
    ]
    return sorted(keys, key=lambda key: (not key.active, key.key_id))


async def refuse_key_in_use(store: Store, vault: Vault, key_id: str) -> None:
    """Raise ConfigError unless this key may be dropped: it is not active and wraps nothing."""
    if key_id == vault.active_key_id:
        raise ConfigError(f"The key {key_id} is the active one; add another and rotate first.")
    if used := (await store.key_usage()).get(key_id, 0):
        raise ConfigError(
            f"The key {key_id} still wraps {used} secrets; run 'mailbox-svc keys rotate' first."
        )


async def _rotate_user(store: Store, vault: Vault, user_id: str, batch: int) -> tuple[int, int]:
    """Return how many of the user's secrets were wrapped anew and how many cannot be read."""
    rewrapped = unreadable = 0
    while True:
        # Unreadable ones come again each time, so that many more are asked for.
        limit = batch + unreadable
        done, unreadable, seen = await _rotate_batch(store, vault, user_id, limit)
        rewrapped += done
        if seen < limit and done + unreadable == seen:  # else there are more, or a save came between
            return rewrapped, unreadable


async def _rotate_batch(store: Store, vault: Vault, user_id: str, limit: int) -> tuple[int, int, int]:
    """Return how many secrets were wrapped anew, how many cannot be read, and how many there were."""
    rewrapped = unreadable = 0
    async with store.begin(user_id) as tx:
        stale = await tx.secrets.stale(vault.active_key_id, limit)
        for context, sealed in stale:
            try:
                renewed = vault.rewrap(sealed, context)
            except SecretUnreadable:
                unreadable += 1
                continue
            rewrapped += await tx.secrets.rewrapped(context, sealed, renewed)
    return rewrapped, unreadable, len(stale)
