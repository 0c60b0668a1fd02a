"""What ends a harvest before its time is told, and the next one goes on."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from mailbox_svc.errors import RateLimited, StorageUnavailable
from mailbox_svc.mailboxes.limits import TestRates
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import FailureCode, HarvestState
from mailbox_svc.model.mailbox import Status
from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer
from support.full_disk import full_disk
from support.harvest_parts import USER, Counted, HarvestParts, counted, harvest_parts
from support.harvester import started
from support.nursery import Program


async def at_least(parts: HarvestParts, scanned: int) -> None:
    """Start a harvest and wait until it has read so much."""
    harvest = await parts.harvests.start(USER, parts.mailbox_id, None)
    while harvest.progress.scanned < scanned and not harvest.state.final:
        await asyncio.sleep(0)
        harvest = await parts.harvests.get(USER, harvest.id)


async def test_a_changed_password_is_told_and_shown_on_the_mailbox(
    mailbox: DovecotServer, tmp_path: Path
) -> None:
    database = tmp_path / "refused.sqlite3"
    async with harvest_parts(
        database, Keyring.generate(), mailbox.tls_port, mailbox.ca_file, password="CANARY-of-yesterday"
    ) as parts:
        harvest = await parts.harvest()
        (shown,) = await parts.store.list_mailboxes(USER)
    assert harvest.state is HarvestState.FAILED
    assert harvest.failure is not None
    assert harvest.failure.code is FailureCode.CONNECTION
    assert harvest.failure.connection_code is Code.AUTH_INVALID_CREDENTIALS
    assert (harvest.failure.retryable, harvest.failure.remedy is None) == (False, False)
    assert (shown.status, shown.last_error) == (Status.ERROR, harvest.failure.error)


async def test_a_login_that_works_again_is_shown_too(mailbox: DovecotServer, tmp_path: Path) -> None:
    database = tmp_path / "works.sqlite3"
    async with harvest_parts(database, Keyring.generate(), mailbox.tls_port, mailbox.ca_file) as parts:
        assert (await parts.store.list_mailboxes(USER))[0].status is Status.PENDING
        await parts.harvest()
        assert (await parts.store.list_mailboxes(USER))[0].status is Status.OK


async def test_a_stopped_service_gives_the_harvest_back_and_goes_on_after_its_start(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path
) -> None:
    database, keyring = tmp_path / "stopped.sqlite3", Keyring.generate()
    async with harvest_parts(database, keyring, mailbox.tls_port, mailbox.ca_file) as parts:
        await at_least(parts, 60)
        first = await parts.harvests.latest(USER, parts.mailbox_id)
    async with harvest_parts(database, keyring, mailbox.tls_port, mailbox.ca_file) as parts:
        harvest = await parts.harvest()
    assert (harvest.id, harvest.state, harvest.attempt) == (first.id, HarvestState.DONE, 2)
    assert counted(database) == undisturbed


async def test_a_full_disk_ends_nothing_for_good(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path
) -> None:
    database = tmp_path / "full.sqlite3"
    async with harvest_parts(database, Keyring.generate(), mailbox.tls_port, mailbox.ca_file) as parts:
        await at_least(parts, 40)
        with full_disk(database, room=1000):
            await asyncio.sleep(1)
        harvest = await parts.harvest()
    assert harvest.state is HarvestState.DONE
    assert counted(database) == undisturbed


async def asleep(sleeper: Program, parts: HarvestParts) -> None:
    """Stop the process where it does not hold SQLite's one lock, as it would for as long as it sleeps."""
    while True:
        sleeper.send_signal(signal.SIGSTOP)
        try:
            async with parts.store.begin(USER):
                return
        except StorageUnavailable:
            sleeper.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.003)


async def test_a_process_that_slept_through_its_lease_may_not_write_any_more(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path
) -> None:
    database, keyring_file = tmp_path / "slept.sqlite3", tmp_path / "keyring.json"
    keyring = Keyring.generate()
    keyring.save(keyring_file)
    sleeper = started(database, keyring_file, mailbox)
    try:
        async with harvest_parts(database, keyring, mailbox.tls_port, mailbox.ca_file) as parts:
            first = None
            while first is None or first.progress.scanned < 40:
                await asyncio.sleep(0)
                async with parts.store.read(USER) as tx:
                    first = await tx.harvests.latest(parts.mailbox_id)
            await asleep(sleeper, parts)
            taken_over = await parts.harvest()
            assert (taken_over.id, taken_over.state) == (first.id, HarvestState.DONE)
            assert taken_over.attempt > first.attempt
            sleeper.send_signal(signal.SIGCONT)
            said, _ = await asyncio.to_thread(sleeper.communicate, timeout=60)
            assert said == "done"
    finally:
        sleeper.kill()
    assert counted(database) == undisturbed


async def test_harvests_are_no_way_to_try_passwords_faster_than_tests(
    mailbox: DovecotServer, tmp_path: Path
) -> None:
    database = tmp_path / "tried.sqlite3"
    async with harvest_parts(
        database,
        Keyring.generate(),
        mailbox.tls_port,
        mailbox.ca_file,
        password="CANARY-guessed",
        rates=TestRates(per_user_per_minute=3),
    ) as parts:
        for _ in range(3):
            await parts.harvest()
        with pytest.raises(RateLimited):
            await parts.harvest()
