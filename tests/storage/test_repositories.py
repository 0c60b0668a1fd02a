"""What `ports.Store` promises, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mailbox_svc.errors import MailboxNotFound, StaleMailbox
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.model.secret import SealedSecret, SecretField
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Vault
from support.stores import FIELD, add, context_of, mailbox_of

SEALED = SealedSecret("11111111", b"\x01sealed")


async def test_a_mailbox_comes_back_as_it_was_saved(store: SqlStore) -> None:
    mailbox = mailbox_of(
        "anna",
        label="Größe 数 'quoted' \"\\",
        status=Status.ERROR,
        last_error="The server refused the password.",
        last_tested_at=datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
        destination=Destination(host="192.0.2.1", port=143, tls=False, user="ü@exämple.org"),
        secret_version=7,
        auth=Auth.OAUTH,
        oauth_provider="google",
    )
    await add(store, mailbox)
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.find(mailbox.id) == mailbox
    assert await store.list_mailboxes("anna") == [mailbox]


async def test_a_time_in_another_zone_comes_back_as_the_same_moment_in_utc(store: SqlStore) -> None:
    east = datetime(2026, 1, 1, 5, 30, 0, 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    mailbox = await add(store, mailbox_of("anna", created_at=east))
    (found,) = await store.list_mailboxes("anna")
    assert found.created_at == mailbox.created_at
    assert found.created_at.utcoffset() == timedelta(0)


async def test_a_time_without_its_zone_is_not_stored(store: SqlStore) -> None:
    with pytest.raises(Exception, match="without its zone"):
        await add(store, mailbox_of("anna", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert await store.list_mailboxes("anna") == []


async def test_an_unknown_mailbox_is_none(store: SqlStore) -> None:
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.find("none") is None
        assert await tx.secrets.find("none", FIELD) is None


async def test_the_list_goes_by_creation_time_and_then_id(store: SqlStore) -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    for mailbox_id, created in (("c", late), ("b", early), ("a", late), ("d", early)):
        await add(store, mailbox_of("anna", id=mailbox_id, created_at=created))
    assert [mailbox.id for mailbox in await store.list_mailboxes("anna")] == ["b", "d", "a", "c"]


async def test_an_update_replaces_all_but_the_creation_time(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    changed = replace(
        mailbox_of("anna", id=mailbox.id),
        label="Home",
        destination=Destination(host="mail.example.net", port=143, tls=False, user="a"),
        etag="etag-2",
        secret_version=2,
        status=Status.OK,
        last_tested_at=datetime.now(UTC),
        last_error="x",
        auth=Auth.OAUTH,
        oauth_provider="microsoft",
        last_remedy=Remedy("Connect it again."),
    )
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.find(mailbox.id) == mailbox
        await tx.mailboxes.update(changed)
    assert await store.list_mailboxes("anna") == [replace(changed, created_at=mailbox.created_at)]


async def test_has_password_says_whether_a_password_is_stored(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna", has_password=True))
    assert not (await store.list_mailboxes("anna"))[0].has_password
    async with store.begin("anna") as tx:
        await tx.secrets.put(mailbox.id, FIELD, 1, SEALED)
        found = await tx.mailboxes.find(mailbox.id)
        assert found is not None
        assert found.has_password
    async with store.begin("anna") as tx:
        await tx.secrets.delete(mailbox.id, FIELD)
    assert not (await store.list_mailboxes("anna"))[0].has_password


async def test_a_secret_is_replaced_by_the_next(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    newer = SealedSecret("22222222", bytes(range(256)))
    async with store.begin("anna") as tx:
        await tx.secrets.put(mailbox.id, FIELD, 1, SEALED)
        await tx.secrets.put(mailbox.id, FIELD, 2, newer)
    async with store.begin("anna") as tx:
        assert await tx.secrets.find(mailbox.id, FIELD) == newer
    assert await store.key_usage() == {"22222222": 1}


async def test_deleting_a_mailbox_deletes_its_secret(store: SqlStore, vault: Vault) -> None:
    mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-password")
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.delete(mailbox.id)
        assert not await tx.mailboxes.delete(mailbox.id)
    assert await store.key_usage() == {}


async def test_a_test_sets_status_time_error_and_remedy_and_nothing_else(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    now = datetime.now(UTC)
    # without an error there is nothing to mend, whatever is stored
    for error, remedy in (
        ("No.", Remedy("Größer.", "https://example.org/")),
        ("No.", None),
        ("", Remedy("?")),
    ):
        async with store.begin("anna") as tx:
            await tx.mailboxes.record_test(
                mailbox.id, secret_version=1, status=Status.ERROR, tested_at=now, error=error, remedy=remedy
            )
        expected = replace(
            mailbox,
            status=Status.ERROR,
            last_tested_at=now,
            last_error=error,
            last_remedy=remedy if error else None,
        )
        assert await store.list_mailboxes("anna") == [expected]


async def test_a_test_of_an_older_secret_or_a_deleted_mailbox_leaves_no_trace(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna", secret_version=2))
    async with store.begin("anna") as tx:
        for mailbox_id, version in ((mailbox.id, 1), ("gone", 2)):
            await tx.mailboxes.record_test(
                mailbox_id, secret_version=version, status=Status.OK, tested_at=datetime.now(UTC), error=""
            )
    assert await store.list_mailboxes("anna") == [mailbox]


async def test_an_exception_undoes_the_whole_transaction(store: SqlStore) -> None:
    kept = await add(store, mailbox_of("anna"))

    async def fail_half_way() -> None:
        async with store.begin("anna") as tx:
            await tx.mailboxes.insert(mailbox_of("anna"))
            await tx.mailboxes.delete(kept.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_half_way()
    assert await store.list_mailboxes("anna") == [kept]


async def test_the_id_of_another_users_mailbox_is_not_found(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    with pytest.raises(MailboxNotFound):
        await add(store, mailbox_of("bob", id=mailbox.id))
    assert await store.list_mailboxes("bob") == []
    assert await store.list_mailboxes("anna") == [mailbox]


async def test_a_mailbox_is_inserted_for_the_transactions_user_only(store: SqlStore) -> None:
    with pytest.raises(MailboxNotFound):
        async with store.begin("bob") as tx:
            await tx.mailboxes.insert(mailbox_of("anna"))
    assert await store.list_mailboxes("anna") == []


async def test_the_same_new_id_saved_twice_at_once_is_stored_once(store: SqlStore) -> None:
    mailbox = mailbox_of("anna")

    async def create() -> None:
        async with store.begin("anna") as tx:
            assert await tx.mailboxes.find(mailbox.id) is None
            await tx.mailboxes.count()
            await tx.mailboxes.insert(mailbox)

    async def save() -> str:
        try:
            await create()
        except (StaleMailbox, AssertionError):  # found meanwhile, or another won between find and insert
            return "second"
        return "first"

    assert sorted(await asyncio.gather(*(save() for _ in range(5)))) == ["first", *["second"] * 4]
    with pytest.raises(StaleMailbox):
        await add(store, mailbox)
    assert await store.list_mailboxes("anna") == [mailbox]


async def test_counting_keeps_others_from_adding_until_the_transaction_ends(store: SqlStore) -> None:
    async def add_below_limit() -> None:
        async with store.begin("anna") as tx:
            if await tx.mailboxes.count() < 3:
                await asyncio.sleep(0.01)  # time for the others to count as well
                await tx.mailboxes.insert(mailbox_of("anna"))

    await asyncio.gather(*(add_below_limit() for _ in range(8)))
    assert len(await store.list_mailboxes("anna")) == 3


async def test_concurrent_changes_of_one_mailbox_are_not_lost(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna", secret_version=0))

    async def increment() -> None:
        async with store.begin("anna") as tx:
            found = await tx.mailboxes.find(mailbox.id)
            assert found is not None
            await asyncio.sleep(0)
            await tx.mailboxes.update(replace(found, secret_version=found.secret_version + 1))

    await asyncio.gather(*(increment() for _ in range(20)))
    assert (await store.list_mailboxes("anna"))[0].secret_version == 20


async def test_a_save_during_a_delete_leaves_no_orphan_secret(store: SqlStore, vault: Vault) -> None:
    for _ in range(10):
        mailbox = await add(store, mailbox_of("anna"), vault, "CANARY-old")

        async def save(mailbox_id: str = mailbox.id) -> None:
            async with store.begin("anna") as tx:
                if found := await tx.mailboxes.find(mailbox_id):
                    await tx.mailboxes.update(replace(found, secret_version=2))
                    await tx.secrets.put(mailbox_id, FIELD, 2, SEALED)

        async def delete(mailbox_id: str = mailbox.id) -> None:
            async with store.begin("anna") as tx:
                await tx.mailboxes.delete(mailbox_id)

        await asyncio.gather(save(), delete(), save())
    assert await store.key_usage() == {}


async def test_stale_secrets_come_with_the_context_they_were_sealed_for(
    store: SqlStore, vault: Vault
) -> None:
    mailboxes = [await add(store, mailbox_of("anna"), vault, f"CANARY-{n}") for n in range(3)]
    await add(store, mailbox_of("bob"), vault, "CANARY-bob")
    async with store.begin("anna") as tx:
        assert await tx.secrets.stale(vault.active_key_id, 10) == []
        assert len(await tx.secrets.stale("another", 2)) == 2
        stale = await tx.secrets.stale("another", 10)
    assert {context.mailbox_id: context for context, _ in stale} == {m.id: context_of(m) for m in mailboxes}
    passwords = {vault.open(sealed, context).reveal() for context, sealed in stale}
    assert passwords == {"CANARY-0", "CANARY-1", "CANARY-2"}


async def test_a_secret_that_was_changed_meanwhile_is_not_rewrapped(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    renewed = SealedSecret("22222222", b"\x01renewed")
    async with store.begin("anna") as tx:
        await tx.secrets.put(mailbox.id, FIELD, 1, SEALED)
        context = context_of(mailbox)
        assert not await tx.secrets.rewrapped(context, replace(SEALED, blob=b"other"), renewed)
        assert not await tx.secrets.rewrapped(context, replace(SEALED, key_id="other"), renewed)
        assert not await tx.secrets.rewrapped(replace(context, version=2), SEALED, renewed)
        assert await tx.secrets.find(mailbox.id, FIELD) == SEALED
        assert await tx.secrets.rewrapped(context, SEALED, renewed)
        assert await tx.secrets.find(mailbox.id, FIELD) == renewed


async def test_users_with_stale_secrets_are_each_named_once(store: SqlStore, vault: Vault) -> None:
    for user in ("carl", "anna", "bob", "anna"):
        await add(store, mailbox_of(user), vault, "CANARY-p")
    await add(store, mailbox_of("dora"))
    assert [user async for user in store.users_with_stale_secrets("another")] == ["anna", "bob", "carl"]
    assert [user async for user in store.users_with_stale_secrets(vault.active_key_id)] == []
    assert await store.key_usage() == {vault.active_key_id: 4}


def connected(user_id: str, **changes: Any) -> Mailbox:
    return mailbox_of(user_id, **{"auth": Auth.OAUTH, "oauth_provider": "google", **changes})


async def test_a_grant_is_shared_with_any_users_mailbox_of_the_same_account(store: SqlStore) -> None:
    mailbox = await add(store, connected("anna"))
    assert not await store.grant_is_shared(mailbox)
    there = mailbox.destination

    async def granted(other: Mailbox) -> Mailbox:
        async with store.begin(other.user_id) as tx:
            sealed = SealedSecret("key-1", b"sealed")
            await tx.secrets.put(other.id, SecretField.MAILBOX_REFRESH_TOKEN, other.secret_version, sealed)
        return other

    for other in (
        connected("bob", oauth_provider="microsoft"),
        connected("bob", auth=Auth.PASSWORD),
        connected("bob", destination=replace(there, host="imap.example.net")),
        connected("bob", destination=replace(there, user="bob@example.org")),
        connected("bob", destination=replace(there, user="anna_example.org")),
    ):
        await granted(await add(store, other))
        assert not await store.grant_is_shared(mailbox)
    same = replace(there, port=143)
    other = await add(store, connected("bob", destination=same))
    assert not await store.grant_is_shared(mailbox)  # its permission was given back
    await granted(other)
    assert await store.grant_is_shared(mailbox)
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.delete(mailbox.id)
    assert await store.grant_is_shared(mailbox)
    assert not await store.grant_is_shared(other)


async def test_an_answering_database_is_ready(store: SqlStore) -> None:
    await store.ping()
    await store.check_ready()
