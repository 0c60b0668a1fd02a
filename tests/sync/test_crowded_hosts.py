"""A host with far more mailboxes than it may have syncs does not keep those of others waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.schedule import DueSync
from mailbox_svc.sync.admission import admit
from mailbox_svc.sync.limits import SyncLimits
from support.dovecot import DovecotServer
from support.stores import PreparedDatabase, add, mailbox_of
from support.sync_parts import QUICK, SyncParts, sync_parts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
#: The same server by another name, which may have one sync at a time.
CROWDED = "127.0.0.1"
ONE_AT_A_TIME = replace(QUICK, runs=2, of_hosts={CROWDED: 1})


def test_who_finds_no_room_comes_back_later_the_more_were_sent_away_before() -> None:
    limits = SyncLimits(per_host=10, again_after=(5, 20))
    due = [
        DueSync("ann", f"m{n}", "a", f"account {n}", in_flight=False, account_busy=False) for n in range(500)
    ]
    claims = admit(due, {"a": 10}, limits, NOW)
    first, last = claims[0].again_at - NOW, claims[-1].again_at - NOW
    assert timedelta(seconds=5) <= first <= timedelta(seconds=20)
    assert timedelta(seconds=5 * 49) <= last <= timedelta(minutes=5)
    elsewhere = replace(due[0], mailbox_id="other", host="b", account="other")
    (*_, other) = admit([*due, elsewhere], {"a": 10}, limits, NOW)
    assert other.admitted


async def test_a_mailbox_elsewhere_is_synced_though_a_full_host_has_many_that_are_due_longer(
    database: PreparedDatabase, dovecot: DovecotServer
) -> None:
    async with sync_parts(database.url, dovecot.tls_port, dovecot.ca_file, limits=ONE_AT_A_TIME) as parts:
        for number in range(150):
            await _due_for_long(parts, f"nobody-{number}@example.org")
        elsewhere = await parts.add()
        await parts.switch_on(elsewhere)
        await parts.engine.start()
        await parts.until(elsewhere, lambda schedule: schedule.last_run_at is not None)


async def _due_for_long(parts: SyncParts, user: str) -> None:
    mailbox = mailbox_of("bob", destination=Destination(CROWDED, parts.port, tls=True, user=user))
    await add(parts.store, mailbox, parts.vault, "CANARY-wrong")
    async with parts.store.begin("bob") as tx:
        schedule = await tx.schedules.find(mailbox.id)
        wanted = replace(schedule, enabled=True, next_run_at=datetime.now(UTC) - timedelta(hours=1))
        await tx.schedules.put(wanted, mailbox.destination)
