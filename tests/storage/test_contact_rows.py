"""What `ports.contacts.ContactRepository` promises of judgements, and of what users type and delete."""

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbox_svc.model.contact import (
    Contact,
    ContactAddress,
    Filter,
    Kind,
    Order,
    Reason,
    ReasonCode,
    SkipReason,
    Typed,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally
from mailbox_svc.storage.store import SqlStore
from support.evidence import (
    NOW,
    chunk_of,
    contacts_by_address,
    folder_with,
    group_of,
    judge_all,
    judged_as,
    named,
    seen,
    unjudged,
)

LATER = NOW + timedelta(hours=1)
BOB = "Bob@example.org"


async def one_contact(store: SqlStore, written: str = BOB) -> Contact:
    """Return a contact that was judged."""
    await folder_with(store, chunk_of(seen(written, received=1), names=[named(written, "Bob", 1)]))
    await judge_all(store)
    contact: Contact = (await contacts_by_address(store))[written]
    return contact


async def test_a_judgement_comes_back_as_a_contact(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen("m.ax@gmail.com"), seen("MAX@gmail.com")))
    (evidence,) = await unjudged(store)
    judgement = judged_as(
        evidence,
        display_name="Größe 数 'q' \"\\",
        alternate_names=("Max", "M."),
        kind=Kind.ROLE,
        reason=Reason(ReasonCode.ROLE_ADDRESS, "it is a function"),
        skipped=SkipReason.NEVER_WROTE_TO,
        score=12345.678901,
        first_at=0,
        last_at=253_402_300_799,
        addresses=(("max@gmail.com", "MAX@gmail.com"), ("m.ax@gmail.com", "m.ax@gmail.com")),
    )
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.unjudged(10)
        await tx.contacts.judge([(evidence, judgement)], now=NOW)
        (contact,) = await tx.contacts.page(Filter(kept=None), Order.RANK, after=None, limit=5)
        assert await tx.contacts.find(contact.id) == contact
    assert contact == Contact(
        id=contact.id,
        user_id="anna",
        found_name="Größe 数 'q' \"\\",
        alternate_names=("Max", "M."),
        addresses=(
            ContactAddress("MAX@gmail.com", "max@gmail.com"),
            ContactAddress("m.ax@gmail.com", "max@gmail.com"),
        ),
        kind=Kind.ROLE,
        reason=Reason(ReasonCode.ROLE_ADDRESS, "it is a function"),
        skipped=SkipReason.NEVER_WROTE_TO,
        score=12345.678901,
        wrote_to=1,
        received=2,
        together=3,
        first_at=None,
        last_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        typed=Typed(),
        group_ids=(),
        revision=1,
        etag=contact.etag,
        created_at=NOW,
        updated_at=NOW,
    )
    made = uuid.UUID(contact.id)
    assert (made.version, made.variant, str(made)) == (7, uuid.RFC_4122, contact.id)
    assert abs((made.int >> 80) / 1000 - time.time()) < 60


async def rejudged(store: SqlStore, contact: Contact, **changes: object) -> Contact:
    """Judge the contact again, an hour later."""
    async with store.begin("anna") as tx:
        (evidence,) = await tx.contacts.evidence([contact.id])
        await tx.contacts.judge([(evidence, judged_as(evidence, **changes))], now=LATER)
        after = await tx.contacts.find(contact.id)
    assert after is not None
    return after


async def test_the_revision_grows_where_name_addresses_or_kind_differ_and_only_there(
    store: SqlStore,
) -> None:
    contact = await one_contact(store)
    same = await rejudged(store, contact, score=9.0, wrote_to=9, alternate_names=("B.",))
    assert (same.revision, same.updated_at, same.score) == (1, NOW, 9.0)
    renamed = await rejudged(store, contact, display_name="Robert")
    assert (renamed.revision, renamed.updated_at, renamed.etag) == (2, LATER, contact.etag)
    robot = await rejudged(store, contact, display_name="Robert", kind=Kind.AUTOMATED)
    assert robot.revision == 3
    spelt = await rejudged(
        store,
        contact,
        display_name="Robert",
        kind=Kind.AUTOMATED,
        addresses=(("bob@example.org", "BOB@example.org"),),
    )
    assert (spelt.revision, spelt.addresses[0].written) == (4, "BOB@example.org")
    assert spelt.created_at == NOW


async def test_what_the_user_types_is_kept_and_is_evidence(store: SqlStore) -> None:
    contact = await one_contact(store)
    typed = Typed("Robert 'Ü'", "Firm", "+49 30 1", "A note.\n" * 200)
    wanted = replace(contact, typed=typed, etag="etag-2", updated_at=LATER)
    async with store.begin("anna") as tx:
        await tx.contacts.update(wanted)
        assert await tx.contacts.find(contact.id) == replace(wanted, revision=2)
        (evidence,) = await tx.contacts.evidence([contact.id])
    assert evidence.typed == typed
    after = await rejudged(store, contact, display_name="Bobby")
    assert (after.typed, after.etag, after.revision) == (typed, "etag-2", 2), "the shown name is the same"
    assert after.display_name == "Robert 'Ü'"
    async with store.read("anna") as tx:
        for words in (("robert",), ("bobby",), ("robert", "example.org")):
            assert await tx.contacts.count(Filter(words=words)) == 1


async def test_typing_what_is_shown_already_changes_no_revision(store: SqlStore) -> None:
    contact = await one_contact(store)
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(contact, typed=Typed(contact.found_name, "Firm")))
        found = await tx.contacts.find(contact.id)
    assert found is not None
    assert found.revision == 1


async def test_typed_text_survives_the_last_evidence(store: SqlStore) -> None:
    _, folder = await folder_with(store, chunk_of(seen(BOB, received=1)))
    await judge_all(store)
    contact: Contact = (await contacts_by_address(store))[BOB]
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(contact, typed=Typed(note="Met in Rome.")))
        await tx.folders.take_back(folder.id)
    await judge_all(store)
    assert (await contacts_by_address(store))[BOB].typed.note == "Met in Rome."


async def test_deleting_erases_what_is_known_and_keeps_the_addresses(store: SqlStore) -> None:
    contact = await one_contact(store)
    group = group_of("anna")
    async with store.begin("anna") as tx:
        await tx.contacts.update(replace(contact, typed=Typed("Robert", "Firm", "1", "2")))
        await tx.groups.insert(group)
        await tx.groups.put_members(group.id, [(contact.id, 1)])
        await tx.contacts.delete(contact.id, now=LATER)
        found = await tx.contacts.find(contact.id)
        (left,) = await tx.groups.all()
        for word in ("bob", "robert"):
            assert await tx.contacts.count(Filter(kept=None, words=(word, "firm"))) == 0
    assert found is not None
    assert (found.found_name, found.alternate_names, found.typed, found.group_ids) == ("", (), Typed(), ())
    assert (found.skipped, found.score, found.wrote_to, found.received) == (SkipReason.DELETED, 0, 0, 0)
    assert (found.first_at, found.last_at, found.together) == (None, None, 0)
    assert found.addresses == contact.addresses
    assert left.members == 0
    assert await unjudged(store) == []


async def test_what_was_deleted_stays_deleted_when_it_is_seen_again(store: SqlStore) -> None:
    contact = await one_contact(store)
    async with store.begin("anna") as tx:
        await tx.contacts.delete(contact.id, now=LATER)
    await folder_with(store, chunk_of(seen(BOB, sent_to=9), names=[named(BOB, "Bob", 1)]))
    (evidence,) = await unjudged(store)
    assert (evidence.contact_id, evidence.deleted) == (contact.id, True)
    assert [use.by_self for use in evidence.addresses[0].names] == [1], "older names were forgotten"


async def test_a_deleted_contact_outlives_all_that_was_seen_of_it(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("max@gmail.com"), seen("m.ax@gmail.com")))
    await judge_all(store)
    (contact,) = (await contacts_by_address(store)).values()
    async with store.begin("anna") as tx:
        await tx.contacts.delete(contact.id, now=LATER)
        await tx.mailboxes.delete(mailbox.id)
        (evidence,) = await tx.contacts.unjudged(10)
    assert evidence.deleted
    assert {address.address for address in evidence.addresses} == {"max@gmail.com", "m.ax@gmail.com"}


async def test_no_address_of_a_deleted_contact_is_forgotten(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("max@gmail.com")))
    _, other = await folder_with(store, chunk_of(seen("m.ax@gmail.com")), mailbox=mailbox, name=b"Other")
    await judge_all(store)
    (contact,) = (await contacts_by_address(store)).values()
    async with store.begin("anna") as tx:
        await tx.contacts.delete(contact.id, now=LATER)
        await tx.folders.take_back(other.id)
        (evidence,) = await tx.contacts.unjudged(10)
    assert {address.address for address in evidence.addresses} == {"max@gmail.com", "m.ax@gmail.com"}


async def test_another_users_contacts_are_neither_seen_nor_changed(store: SqlStore) -> None:
    contact = await one_contact(store)
    async with store.begin("bob") as tx:
        assert await tx.contacts.find(contact.id) is None
        assert await tx.contacts.evidence([contact.id]) == []
        assert await tx.contacts.unjudged(10) == []
        ids = frozenset({contact.id})
        for which in (Filter(kept=None), Filter(kept=None, ids=ids), Filter(words=("bob",))):
            assert await tx.contacts.page(which, Order.NAME, after=None, limit=10) == []
            assert await tx.contacts.count(which) == 0
        await tx.contacts.update(replace(contact, typed=Typed("taken")))
        await tx.contacts.delete(contact.id, now=LATER)
    async with store.read("anna") as tx:
        assert await tx.contacts.find(contact.id) == contact


async def test_two_users_may_know_the_same_address(store: SqlStore) -> None:
    await one_contact(store)
    await folder_with(store, chunk_of(seen(BOB, sent_to=5)), user="bob")
    (evidence,) = await unjudged(store, "bob")
    assert evidence.contact_id is None
    assert evidence.addresses[0].tallies == ((Policy.CORRESPONDED, Tally(sent_to=5)),)
    assert await unjudged(store) == []
