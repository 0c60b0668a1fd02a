"""What `ports.contacts.ContactRepository` promises of evidence: what has changed, and all there is."""

from dataclasses import replace
from datetime import timedelta

from mailbox_svc.model.contact import (
    NameUse,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally
from mailbox_svc.storage.store import SqlStore
from support.evidence import (
    NOW,
    chunk_of,
    contacts_by_address,
    folder_with,
    judge_all,
    judged_as,
    named,
    seen,
    unjudged,
)

LATER = NOW + timedelta(hours=1)
BOB = "Bob@example.org"


async def test_evidence_is_summed_for_each_mailbox_with_its_policy(store: SqlStore) -> None:
    work, _ = await folder_with(store, chunk_of(seen(BOB, received=1, first_at=50, last_at=60)))
    await folder_with(store, chunk_of(seen(BOB, received=2, first_at=40)), mailbox=work, name=b"Archive")
    await folder_with(store, chunk_of(seen(BOB, sent_to=4), seen("carl@example.org")))
    async with store.begin("anna") as tx:
        await tx.harvests.set_policy(work.id, Policy.EVERYONE)
    evidence = {e.addresses[0].address: e for e in await unjudged(store)}
    assert evidence.keys() == {"bob@example.org", "carl@example.org"}
    tallies = dict(evidence["bob@example.org"].addresses[0].tallies)
    assert tallies == {
        Policy.EVERYONE: Tally(received=3, first_at=40, last_at=60),
        Policy.CORRESPONDED: Tally(sent_to=4),
    }


async def test_names_are_summed_over_folders(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen(BOB), names=[named(BOB, "Bob", 1, 2, 3, last_at=7)]))
    more = chunk_of(seen(BOB), names=[named(BOB, "Bob", 1, 1, 1, last_at=5), named(BOB, "bob", 0, 0, 1)])
    await folder_with(store, more, mailbox=mailbox, name=b"Archive")
    (evidence,) = await unjudged(store)
    assert set(evidence.addresses[0].names) == {NameUse("Bob", 2, 3, 4, 7), NameUse("bob", 0, 0, 1, 0)}


async def test_addresses_with_one_match_key_are_one_contact_for_good(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("max@gmail.com"), seen("m.ax@gmail.com")))
    (evidence,) = await unjudged(store)
    assert evidence.contact_id is None
    assert {address.address for address in evidence.addresses} == {"m.ax@gmail.com", "max@gmail.com"}
    await judge_all(store)
    (contact,) = (await contacts_by_address(store)).values()
    third = chunk_of(seen("max+x@googlemail.com"))
    await folder_with(store, third, mailbox=mailbox, name=b"Archive")
    (evidence,) = await unjudged(store)
    assert evidence.contact_id == contact.id
    assert len(evidence.addresses) == 3


async def test_no_more_than_the_limit_is_given_and_nothing_twice(store: SqlStore) -> None:
    addresses = [f"{number}@example.org" for number in range(25)]
    await folder_with(store, chunk_of(*map(seen, addresses)))
    found = []
    while True:
        async with store.begin("anna") as tx:
            page = await tx.contacts.unjudged(10)
            await tx.contacts.judge([(evidence, judged_as(evidence)) for evidence in page], now=NOW)
        found += [evidence.addresses[0].address for evidence in page]
        if len(page) < 10:
            break
    assert sorted(found) == sorted(addresses)
    assert await unjudged(store) == []


async def test_what_was_given_and_not_judged_is_given_again(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen(BOB), seen("carl@example.org")))
    async with store.begin("anna") as tx:
        first, _ = await tx.contacts.unjudged(10)
        await tx.contacts.judge([(first, judged_as(first))], now=NOW)
    (left,) = await unjudged(store)
    assert left.addresses != first.addresses


async def test_a_contact_without_evidence_is_removed_when_judged_none(store: SqlStore) -> None:
    _, folder = await folder_with(store, chunk_of(seen(BOB, received=1)))
    await judge_all(store)
    (contact,) = (await contacts_by_address(store)).values()
    async with store.begin("anna") as tx:
        await tx.folders.take_back(folder.id)
        (evidence,) = await tx.contacts.unjudged(10)
        assert (evidence.contact_id, evidence.addresses[0].tallies) == (contact.id, ())
        await tx.contacts.judge([(evidence, None)], now=LATER)
        assert await tx.contacts.find(contact.id) is None
        assert await tx.contacts.unjudged(10) == []
        assert await tx.contacts.evidence([contact.id]) == []


async def test_what_was_seen_and_taken_back_before_it_was_judged_leaves_nothing(store: SqlStore) -> None:
    _, folder = await folder_with(store, chunk_of(seen(BOB, received=1)))
    async with store.begin("anna") as tx:
        await tx.folders.take_back(folder.id)
    await judge_all(store)
    assert await contacts_by_address(store) == {}
    assert await unjudged(store) == []


async def test_an_address_that_is_seen_no_more_leaves_a_contact_that_is(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("max@gmail.com")))
    _, other = await folder_with(store, chunk_of(seen("m.ax@gmail.com")), mailbox=mailbox, name=b"Other")
    await judge_all(store)
    async with store.begin("anna") as tx:
        await tx.folders.take_back(other.id)
    await judge_all(store)
    (contact,) = (await contacts_by_address(store)).values()
    assert [address.written for address in contact.addresses] == ["max@gmail.com"]
    assert contact.revision == 2
    assert await unjudged(store) == []


async def test_a_deleted_mailbox_leaves_its_contacts_to_be_judged_anew(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen(BOB, received=1), seen("carl@example.org")))
    await folder_with(store, chunk_of(seen(BOB, sent_to=1)))
    await judge_all(store)
    async with store.begin("bob") as tx:
        assert not await tx.mailboxes.delete(mailbox.id)
    assert await unjudged(store) == []
    async with store.begin("anna") as tx:
        assert await tx.mailboxes.delete(mailbox.id)
    evidence = {e.addresses[0].address: e.addresses[0].tallies for e in await unjudged(store)}
    assert evidence == {
        "bob@example.org": ((Policy.CORRESPONDED, Tally(sent_to=1)),),
        "carl@example.org": (),
    }
    await judge_all(store)
    assert (await contacts_by_address(store)).keys() == {BOB}


async def test_addresses_that_were_judged_together_stay_together(store: SqlStore) -> None:
    await folder_with(store, chunk_of(seen(BOB), seen("robert@example.net")))
    async with store.begin("anna") as tx:
        first, second = await tx.contacts.unjudged(10)
        both = replace(first, addresses=first.addresses + second.addresses)
        await tx.contacts.judge([(both, judged_as(both))], now=NOW)
    await folder_with(store, chunk_of(seen(BOB, received=1), seen("bob+x@example.org")))
    (evidence,) = await unjudged(store)
    assert evidence.contact_id is not None
    assert {address.address for address in evidence.addresses} == {
        "bob@example.org",
        "bob+x@example.org",
        "robert@example.net",
    }
