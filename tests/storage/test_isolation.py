"""User B with user A's ids, on every method of the store and on both databases."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbox_svc.errors import MailboxNotFound
from mailbox_svc.model.mailbox import Status
from mailbox_svc.model.secret import SealedSecret
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Vault
from support.stores import FIELD, add, context_of, mailbox_of

SEALED = SealedSecret("22222222", b"\x01of-bob")


async def test_another_user_sees_and_changes_nothing(store: SqlStore, vault: Vault) -> None:
    mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-anna")
    async with store.begin("anna") as tx:
        before = await tx.secrets.find(mailbox.id, FIELD)
    assert before is not None
    assert await store.list_mailboxes("bob") == []
    async with store.begin("bob") as tx:
        assert await tx.mailboxes.find(mailbox.id) is None
        assert await tx.mailboxes.count() == 0
        assert not await tx.mailboxes.delete(mailbox.id)
        await tx.mailboxes.update(replace(mailbox, label="taken"))
        await tx.mailboxes.record_test(
            mailbox.id, secret_version=1, status=Status.ERROR, tested_at=datetime.now(UTC), error="taken"
        )
        assert await tx.secrets.find(mailbox.id, FIELD) is None
        await tx.secrets.delete(mailbox.id, FIELD)
        assert await tx.secrets.stale("another", 10) == []
        assert not await tx.secrets.rewrapped(context_of(mailbox), before, SEALED)
        with pytest.raises(MailboxNotFound):
            await tx.secrets.put(mailbox.id, FIELD, 1, SEALED)
        with pytest.raises(MailboxNotFound):
            await tx.mailboxes.insert(mailbox_of("bob", id=mailbox.id))
        with pytest.raises(MailboxNotFound):
            await tx.mailboxes.insert(mailbox_of("anna"))
    assert await store.list_mailboxes("anna") == [mailbox]
    async with store.begin("anna") as tx:
        assert await tx.secrets.find(mailbox.id, FIELD) == before


async def test_a_secret_for_a_mailbox_without_one_is_refused_as_well(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    with pytest.raises(MailboxNotFound):
        async with store.begin("bob") as tx:
            await tx.secrets.put(mailbox.id, FIELD, 1, SEALED)
    assert await store.key_usage() == {}
