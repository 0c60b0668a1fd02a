"""What `ports.harvests.HarvestRepository` promises, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbox_svc.errors import MailboxNotFound, StorageUnavailable
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import (
    Failure,
    FailureCode,
    Harvest,
    HarvestState,
    Policy,
    Progress,
    SkippedFolder,
)
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.storage.store import SqlStore
from support.evidence import NOW, chunk_of, folder_with, harvest_of, judge_all, seen, unjudged
from support.stores import add, mailbox_of

LATER = NOW + timedelta(seconds=30)
PROGRESS = Progress(
    folder="Gesendet ✉",
    folders_done=1,
    folders_total=3,
    scanned=4_000_000_000,
    total=5_000_000_000,
    duplicates=6,
    contacts=7,
    rate=812.5,
)


async def started(store: SqlStore, user: str = "anna") -> Harvest:
    """Return a harvest that runs, under a lease until LATER."""
    harvest = harvest_of(await add(store, mailbox_of(user)))
    async with store.begin(user) as tx:
        await tx.harvests.insert(harvest)
        claimed = await tx.harvests.claim(harvest.id, now=NOW, lease_until=LATER)
    assert claimed is not None
    return claimed


async def stored(store: SqlStore, harvest: Harvest) -> Harvest | None:
    async with store.read(harvest.user_id) as tx:
        return await tx.harvests.find(harvest.id)


async def test_a_harvest_comes_back_as_it_was_inserted(store: SqlStore) -> None:
    failure = Failure(
        FailureCode.CONNECTION, "Größe", Code.DNS_FAILURE, Remedy("Look.", "https://example.org"), True, 1.5
    )
    plain = Failure(FailureCode.INTERNAL, "Oh.")
    mailbox = await add(store, mailbox_of("anna"))
    for problem in (failure, plain, None):
        harvest = harvest_of(
            mailbox,
            state=HarvestState.FAILED,
            policy=Policy.EVERYONE,
            progress=PROGRESS,
            failure=problem,
            skipped_folders=(SkippedFolder("Ä", "gone"), SkippedFolder("B", "")),
            attempt=3,
            started_at=NOW,
            ended_at=LATER,
        )
        async with store.begin("anna") as tx:
            await tx.harvests.insert(harvest)
        assert await stored(store, harvest) == harvest


async def test_the_latest_is_the_one_created_last_and_the_unfinished_one_is_found(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    old = harvest_of(mailbox, state=HarvestState.DONE)
    new = harvest_of(mailbox, created_at=LATER)
    async with store.begin("anna") as tx:
        assert await tx.harvests.latest(mailbox.id) is None
        await tx.harvests.insert(old)
        assert await tx.harvests.unfinished(mailbox.id) is None
        await tx.harvests.insert(new)
        assert await tx.harvests.latest(mailbox.id) == new
        assert await tx.harvests.unfinished(mailbox.id) == new
        claimed = await tx.harvests.claim(new.id, now=NOW, lease_until=LATER)
        assert await tx.harvests.unfinished(mailbox.id) == claimed
        await tx.harvests.cancel(new.id, now=NOW)
        assert await tx.harvests.unfinished(mailbox.id) is None
        assert await tx.harvests.find("none") is None


async def test_at_most_one_of_a_mailbox_is_unfinished(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))

    async def insert() -> None:
        async with store.begin("anna") as tx:
            await tx.harvests.insert(harvest_of(mailbox))

    results = await asyncio.gather(*(insert() for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results].count(StorageUnavailable) == 4


async def test_a_harvest_of_another_users_mailbox_is_not_inserted(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    for harvest in (harvest_of(mailbox), harvest_of(mailbox, mailbox_id="none")):
        with pytest.raises(MailboxNotFound):
            async with store.begin("bob") as tx:
                await tx.harvests.insert(replace(harvest, user_id="bob"))


async def test_claiming_makes_it_run_once_more_and_keeps_when_it_was_first_started(store: SqlStore) -> None:
    first = await started(store)
    assert (first.state, first.attempt, first.started_at) == (HarvestState.RUNNING, 1, NOW)
    assert first.lease_until == LATER
    async with store.begin("anna") as tx:
        assert await tx.harvests.claim(first.id, now=NOW, lease_until=LATER) is None
        assert await tx.harvests.claim(first.id, now=LATER - timedelta.resolution, lease_until=LATER) is None
        again = await tx.harvests.claim(first.id, now=LATER, lease_until=LATER + timedelta(seconds=9))
    assert again == replace(first, attempt=2, crashes=1, lease_until=LATER + timedelta(seconds=9))
    assert await stored(store, first) == again


async def test_of_many_who_claim_at_once_one_gets_it(store: SqlStore) -> None:
    harvest = harvest_of(await add(store, mailbox_of("anna")))
    async with store.begin("anna") as tx:
        await tx.harvests.insert(harvest)

    async def claim() -> Harvest | None:
        async with store.begin("anna") as tx:
            return await tx.harvests.claim(harvest.id, now=NOW, lease_until=LATER)

    claims = await asyncio.gather(*(claim() for _ in range(5)))
    assert [claim.attempt for claim in claims if claim] == [1]


async def test_a_beat_stores_progress_and_lease_and_nothing_else(store: SqlStore) -> None:
    harvest = await started(store)
    until = LATER + timedelta(seconds=1)
    async with store.begin("anna") as tx:
        assert await tx.harvests.beat(harvest.id, 1, progress=PROGRESS, lease_until=until)
    assert await stored(store, harvest) == replace(harvest, progress=PROGRESS, lease_until=until)


async def test_finishing_stores_the_outcome_and_ends_the_lease(store: SqlStore) -> None:
    harvest = await started(store)
    ended = replace(
        harvest,
        state=HarvestState.FAILED,
        progress=PROGRESS,
        failure=Failure(FailureCode.DEADLINE_PASSED, "It took too long."),
        skipped_folders=(SkippedFolder("A", "gone"),),
        ended_at=LATER,
    )
    async with store.begin("anna") as tx:
        assert await tx.harvests.finish(ended)
    assert await stored(store, harvest) == replace(ended, lease_until=None)


@pytest.mark.parametrize("end", ["taken over", "cancelled", "finished", "another user's"])
async def test_who_has_lost_a_run_stores_nothing(store: SqlStore, end: str) -> None:
    harvest = await started(store)
    async with store.begin("anna") as tx:
        match end:
            case "taken over":
                await tx.harvests.claim(harvest.id, now=LATER, lease_until=LATER + timedelta(seconds=9))
            case "cancelled":
                await tx.harvests.cancel(harvest.id, now=LATER)
            case "finished":
                assert await tx.harvests.finish(replace(harvest, state=HarvestState.DONE, ended_at=LATER))
    before = await stored(store, harvest)
    user = "bob" if end == "another user's" else "anna"
    async with store.begin(user) as tx:
        assert not await tx.harvests.beat(harvest.id, 1, progress=PROGRESS, lease_until=LATER)
        assert not await tx.harvests.finish(replace(harvest, state=HarvestState.DONE, ended_at=LATER))
        if end != "taken over":
            assert await tx.harvests.claim(harvest.id, now=LATER, lease_until=LATER) is None
    assert await stored(store, harvest) == before


async def test_cancelling_ends_what_has_not_ended(store: SqlStore) -> None:
    harvest = await started(store)
    async with store.begin("bob") as tx:
        await tx.harvests.cancel(harvest.id, now=LATER)
    assert await stored(store, harvest) == harvest
    for moment in (LATER, LATER + timedelta(seconds=1)):
        async with store.begin("anna") as tx:
            await tx.harvests.cancel(harvest.id, now=moment)
    expected = replace(harvest, state=HarvestState.CANCELLED, lease_until=None, ended_at=LATER)
    assert await stored(store, harvest) == expected


async def test_harvests_that_nobody_runs_are_named_over_all_users(store: SqlStore) -> None:
    anna, bob = await started(store, "anna"), await started(store, "bob")
    mailbox = await add(store, mailbox_of("carl"))
    queued = harvest_of(mailbox, created_at=LATER)
    async with store.begin("carl") as tx:
        await tx.harvests.insert(queued)
    async with store.begin("bob") as tx:
        await tx.harvests.beat(bob.id, 1, progress=PROGRESS, lease_until=LATER + timedelta(seconds=5))
    assert await store.claimable_harvests(NOW, 10) == [("carl", queued.id)]
    assert await store.claimable_harvests(LATER, 10) == [("anna", anna.id), ("carl", queued.id)]
    assert await store.claimable_harvests(LATER, 1) == [("anna", anna.id)]
    async with store.begin("carl") as tx:
        await tx.harvests.cancel(queued.id, now=NOW)
    assert await store.claimable_harvests(NOW, 10) == []


async def test_the_policy_is_corresponded_until_one_was_set(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("bob@example.org", received=1)))
    async with store.begin("anna") as tx:
        assert await tx.harvests.policy(mailbox.id) is Policy.CORRESPONDED
    await judge_all(store)
    async with store.begin("bob") as tx:
        await tx.harvests.set_policy(mailbox.id, Policy.EVERYONE)
        assert await tx.harvests.policy(mailbox.id) is Policy.CORRESPONDED
    async with store.begin("anna") as tx:
        await tx.harvests.set_policy(mailbox.id, Policy.CORRESPONDED)
    assert await unjudged(store) == [], "it has not changed"
    async with store.begin("anna") as tx:
        await tx.harvests.set_policy(mailbox.id, Policy.EVERYONE)
        assert await tx.harvests.policy(mailbox.id) is Policy.EVERYONE
    (evidence,) = await unjudged(store)
    assert [policy for policy, _ in evidence.addresses[0].tallies] == [Policy.EVERYONE]


async def test_a_new_policy_marks_what_this_mailbox_has_seen_only(store: SqlStore) -> None:
    mailbox, _ = await folder_with(store, chunk_of(seen("bob@example.org")))
    await folder_with(store, chunk_of(seen("carl@example.org")))
    await judge_all(store)
    async with store.begin("anna") as tx:
        await tx.harvests.set_policy(mailbox.id, Policy.WROTE_TO)
    assert [e.addresses[0].address for e in await unjudged(store)] == ["bob@example.org"]


async def test_an_update_of_the_mailbox_leaves_its_policy(store: SqlStore) -> None:
    mailbox = await add(store, mailbox_of("anna"))
    async with store.begin("anna") as tx:
        await tx.harvests.set_policy(mailbox.id, Policy.EVERYONE)
        assert await tx.mailboxes.find(mailbox.id) == mailbox
        await tx.mailboxes.update(replace(mailbox, label="Home"))
        assert await tx.harvests.policy(mailbox.id) is Policy.EVERYONE
