"""Authorizations under way: taken once, few kept, cleared away, and their keys rotated; on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.mailboxes.rotation import RotationResult, refuse_key_in_use, rotate
from mailbox_svc.model.oauth import verifier_context
from mailbox_svc.model.secret import Secret, SecretField
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Keyring, Vault
from support.authorizations import LIFETIME, NOW, VERIFIER, authorization_of, begin, take
from support.stores import PreparedDatabase, add, context_of, mailbox_of, opened

FIELDS_OF_A_MAILBOX = (SecretField.MAILBOX_PASSWORD, SecretField.MAILBOX_REFRESH_TOKEN)


async def test_what_was_begun_is_taken_as_it_was_and_once(store: SqlStore, vault: Vault) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    for mailbox_id in (None, mailbox.id):
        (begun,) = await begin(store, authorization_of("anna", vault, mailbox_id=mailbox_id))
        assert await take(store, begun) == begun
        assert await take(store, begun) is None


async def test_one_that_has_expired_is_taken_as_well(store: SqlStore, vault: Vault) -> None:
    (begun,) = await begin(store, authorization_of("anna", vault, expires_at=NOW + timedelta(seconds=1)))
    assert await take(store, begun) == begun


async def test_another_users_is_neither_taken_nor_removed(store: SqlStore, vault: Vault) -> None:
    (begun,) = await begin(store, authorization_of("anna", vault))
    async with store.begin("bob") as tx:
        assert await tx.authorizations.take(begun.state_hash) is None
    assert await take(store, begun) == begun


async def test_of_many_who_take_it_at_once_one_gets_it(
    store: SqlStore, database: PreparedDatabase, vault: Vault
) -> None:
    async with opened(database.url, pool_size=5) as another_process:
        for _ in range(20):
            (begun,) = await begin(store, authorization_of("anna", vault))
            taken = await asyncio.gather(
                *(take(s, begun) for s in (store, another_process) for _ in range(4))
            )
            assert [one for one in taken if one] == [begun]


async def test_who_fails_after_taking_has_taken_nothing(store: SqlStore, vault: Vault) -> None:
    (begun,) = await begin(store, authorization_of("anna", vault))

    async def fail() -> None:
        async with store.begin("anna") as tx:
            assert await tx.authorizations.take(begun.state_hash) == begun
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await take(store, begun) == begun


@pytest.mark.parametrize("reverse", [False, True])
async def test_of_one_user_those_are_kept_that_end_last_and_the_new_one(
    store: SqlStore, vault: Vault, *, reverse: bool
) -> None:
    of_bob = await begin(store, authorization_of("bob", vault))
    ends = sorted((NOW + LIFETIME + timedelta(seconds=n) for n in range(6)), reverse=reverse)
    begun = [authorization_of("anna", vault, expires_at=end) for end in ends]
    await begin(store, *begun, keep=3)
    taken = [await take(store, one) for one in begun]
    kept = [begun[0], begun[1], begun[5]] if reverse else begun[3:]
    assert [one for one in taken if one] == kept
    assert await take(store, of_bob[0])


async def test_many_begun_at_once_are_not_more_than_are_kept(store: SqlStore, vault: Vault) -> None:
    begun = [authorization_of("anna", vault) for _ in range(20)]
    await asyncio.gather(*(begin(store, one, keep=3) for one in begun))
    assert await store.key_usage() == {vault.active_key_id: 3}


async def test_whoever_begins_clears_up_what_has_expired_of_everybody(store: SqlStore, vault: Vault) -> None:
    old = [authorization_of(user, vault) for user in ("anna", "anna", "bob", "carl")]
    await begin(store, *old)
    (young,) = await begin(store, authorization_of("dora", vault, expires_at=NOW + LIFETIME * 2))
    assert await store.key_usage() == {vault.active_key_id: 5}
    await begin(store, authorization_of("anna", vault), now=NOW + LIFETIME - timedelta(microseconds=1))
    assert await store.key_usage() == {vault.active_key_id: 6}
    (new,) = await begin(
        store, authorization_of("emil", vault, expires_at=NOW + LIFETIME * 2), now=NOW + LIFETIME
    )
    assert await store.key_usage() == {vault.active_key_id: 2}
    assert [await take(store, one) for one in (young, new, *old)] == [young, new, None, None, None, None]


async def test_it_goes_with_its_mailbox(store: SqlStore, vault: Vault) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    begun = await begin(
        store, authorization_of("anna", vault, mailbox_id=mailbox.id), authorization_of("anna", vault)
    )
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.delete(mailbox.id)
    assert [await take(store, one) for one in begun] == [None, begun[1]]


async def test_it_is_not_begun_for_another_user_or_anothers_mailbox(store: SqlStore, vault: Vault) -> None:
    mailbox = await add(store, mailbox_of("bob"))
    for mailbox_id in (mailbox.id, "none"):
        with pytest.raises(MailboxNotFound):
            await begin(store, authorization_of("anna", vault, mailbox_id=mailbox_id))
    with pytest.raises(MailboxNotFound):
        async with store.begin("anna") as tx:
            await tx.authorizations.insert(authorization_of("bob", vault), keep=5, now=NOW)
    assert await store.key_usage() == {}


async def test_rotation_covers_verifiers_and_refresh_tokens(store: SqlStore) -> None:
    old = Keyring.generate()
    vault = Vault(old)
    mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-password")
    token_context = replace(context_of(mailbox), field=SecretField.MAILBOX_REFRESH_TOKEN)
    async with store.begin("anna") as tx:
        sealed = vault.seal(Secret("CANARY-refresh"), token_context)
        await tx.secrets.put(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN, 1, sealed)
    begun = await begin(store, *(authorization_of(user, vault) for user in ("anna", "bob", "anna")))
    assert await store.key_usage() == {old.active: 5}
    new = Vault(old.add())
    assert [user async for user in store.users_with_stale_secrets(new.active_key_id)] == ["anna", "bob"]
    async with store.begin("anna") as tx:
        fields = [context.field for context, _ in await tx.secrets.stale(new.active_key_id, 3)]
    assert sorted(fields) == [*sorted(FIELDS_OF_A_MAILBOX), SecretField.OAUTH_VERIFIER]
    assert await rotate(store, new, batch=2) == RotationResult(5, 0)
    assert await store.key_usage() == {new.active_key_id: 5}
    await refuse_key_in_use(store, new, old.active)
    for authorization in begun:
        taken = await take(store, authorization)
        assert taken is not None
        context = verifier_context(authorization.user_id, authorization.state_hash)
        assert new.open(taken.verifier, context).reveal() == VERIFIER
    async with store.begin("anna") as tx:
        token = await tx.secrets.find(mailbox.id, SecretField.MAILBOX_REFRESH_TOKEN)
    assert token is not None
    assert new.open(token, token_context).reveal() == "CANARY-refresh"


async def test_a_verifier_is_rewrapped_for_its_user_and_as_long_as_it_is_the_stored_one(
    store: SqlStore, vault: Vault
) -> None:
    (begun,) = await begin(store, authorization_of("anna", vault))
    context, sealed = verifier_context("anna", begun.state_hash), begun.verifier
    renewed = vault.rewrap(sealed, context)
    async with store.begin("bob") as tx:
        assert await tx.secrets.stale("another", 10) == []
        assert not await tx.secrets.rewrapped(context, sealed, renewed)
    async with store.begin("anna") as tx:
        assert await tx.secrets.stale("another", 10) == [(context, sealed)]
        assert await tx.secrets.stale("another", 0) == []
        assert not await tx.secrets.rewrapped(context, replace(sealed, blob=b"other"), renewed)
        assert not await tx.secrets.rewrapped(context, replace(sealed, key_id="other"), renewed)
        assert await tx.secrets.rewrapped(context, sealed, renewed)
        assert not await tx.secrets.rewrapped(context, sealed, renewed)
