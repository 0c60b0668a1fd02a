"""Rotation: complete, resumable after any kill, and never in the way of a save."""

import asyncio
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mailbox_svc.errors import ConfigError
from mailbox_svc.mailboxes.rotation import KeyStatus, RotationResult, key_status, refuse_key_in_use, rotate
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.model.secret import SealedSecret, Secret
from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Keyring, Vault, add_key, change_keyring
from support import rotator
from support.nursery import Program
from support.stores import FIELD, PreparedDatabase, add, context_of, mailbox_of, opened

USERS = int(os.environ.get("ROTATION_USERS", "12"))  # 80 makes 2,000 secrets
MAILBOXES = 25


def first_password(mailbox: Mailbox) -> str:
    return f"CANARY-{mailbox.label}"


async def fill(store: SqlStore, vault: Vault, users: int, mailboxes: int) -> list[Mailbox]:
    added = []
    for user in (f"user-{number:03}" for number in range(users)):
        async with store.begin(user) as tx:
            for number in range(mailboxes):
                mailbox = mailbox_of(user, label=f"{user}-{number}")
                await tx.mailboxes.insert(mailbox)
                await tx.secrets.put(
                    mailbox.id, FIELD, 1, vault.seal(Secret(first_password(mailbox)), context_of(mailbox))
                )
                added.append(mailbox)
    return added


async def password_of(store: SqlStore, vault: Vault, mailbox: Mailbox) -> str:
    async with store.begin(mailbox.user_id) as tx:
        found = await tx.mailboxes.find(mailbox.id)
        sealed = await tx.secrets.find(mailbox.id, FIELD)
    assert found is not None
    assert sealed is not None
    return vault.open(sealed, context_of(found)).reveal()


async def test_every_secret_is_under_the_active_key_afterwards_and_opens(store: SqlStore) -> None:
    old = Keyring.generate()
    mailboxes = await fill(store, Vault(old), users=3, mailboxes=9)
    new = old.add()
    progress: list[int] = []
    assert await rotate(store, Vault(new), batch=4, on_progress=progress.append) == RotationResult(27, 0)
    assert progress == [9, 18, 27]
    assert await store.key_usage() == {new.active: 27}
    only_new = Vault(new.retire(old.active))
    for mailbox in mailboxes:
        assert await password_of(store, only_new, mailbox) == first_password(mailbox)
    assert await rotate(store, Vault(new)) == RotationResult(0, 0)


@pytest.mark.parametrize("batch", [1, 2, 500])
async def test_unreadable_secrets_are_counted_and_left_and_stop_nothing(store: SqlStore, batch: int) -> None:
    old = Keyring.generate()
    mailboxes = sorted(await fill(store, Vault(old), users=1, mailboxes=7), key=lambda mailbox: mailbox.id)
    broken = mailboxes[0], mailboxes[1], mailboxes[4]
    async with store.begin("user-000") as tx:
        for mailbox in broken:
            await tx.secrets.put(mailbox.id, FIELD, 1, SealedSecret("deadbeef", b"\x01damaged"))
    new = old.add()
    assert await rotate(store, Vault(new), batch=batch) == RotationResult(4, 3)
    assert await store.key_usage() == {new.active: 4, "deadbeef": 3}


async def test_a_key_is_dropped_only_when_nothing_is_under_it(store: SqlStore) -> None:
    old = Keyring.generate()
    await fill(store, Vault(old), users=2, mailboxes=2)
    new = old.add()
    vault = Vault(new)
    assert await key_status(store, vault) == [
        KeyStatus(new.active, active=True, present=True, secrets=0),
        KeyStatus(old.active, active=False, present=True, secrets=4),
    ]
    with pytest.raises(ConfigError, match="still wraps 4 secrets"):
        await refuse_key_in_use(store, vault, old.active)
    with pytest.raises(ConfigError, match="active"):
        await refuse_key_in_use(store, vault, new.active)
    await rotate(store, vault)
    await refuse_key_in_use(store, vault, old.active)


async def test_the_status_names_a_key_that_is_used_and_missing(store: SqlStore) -> None:
    await fill(store, lost := Vault(Keyring.generate()), users=1, mailboxes=1)
    vault = Vault(Keyring.generate())
    missing = KeyStatus(lost.active_key_id, active=False, present=False, secrets=1)
    assert missing in await key_status(store, vault)


async def rotate_in_a_process(url: str, keyring: Path, *, kill_after: int | None) -> str:
    """Run a rotation; kill it when it says it has done this many. Return its last line."""
    process = Program(rotator.main, url, keyring)
    last = ""
    while line := await asyncio.to_thread(process.stdout.readline):
        last = line.strip()
        if kill_after is not None and last.isdigit() and int(last) >= kill_after:
            process.send_signal(signal.SIGKILL)
    process.communicate()
    return last


async def test_a_rotation_killed_again_and_again_ends_complete_while_users_save(
    store: SqlStore, database: PreparedDatabase, tmp_path: Path
) -> None:
    chance = random.Random(21)
    keyring = tmp_path / "keyring.json"
    old = add_key(keyring)
    serving = Vault.from_file(keyring)
    mailboxes = await fill(store, serving, USERS, MAILBOXES)
    wanted = {mailbox.id: first_password(mailbox) for mailbox in mailboxes}
    stop = asyncio.Event()

    async def keep_saving(number: int) -> int:
        saves = 0
        while not stop.is_set():
            mailbox, saves = chance.choice(mailboxes), saves + 1
            password = f"CANARY-changed-{number}-{saves}"
            async with store.begin(mailbox.user_id) as tx:
                found = await tx.mailboxes.find(mailbox.id)
                assert found is not None
                changed = replace(found, secret_version=found.secret_version + 1)
                changed = replace(
                    changed, destination=replace(found.destination, user=f"changed-{number}-{saves}")
                )
                await tx.mailboxes.update(changed)
                sealed = serving.seal(Secret(password), context_of(changed))
                await tx.secrets.put(mailbox.id, FIELD, changed.secret_version, sealed)
                wanted[mailbox.id] = password  # last in the transaction, whose row is locked: in commit order
            await asyncio.sleep(chance.uniform(0, 0.1))
        return saves

    active = add_key(keyring)
    savers = [asyncio.create_task(keep_saving(number)) for number in range(3)]
    for _ in range(3):
        await rotate_in_a_process(
            database.url, keyring, kill_after=chance.randrange(1, USERS * MAILBOXES // 3)
        )
    assert await rotate_in_a_process(database.url, keyring, kill_after=None) == "unreadable 0"
    stop.set()
    assert sum(await asyncio.gather(*savers)) > 10
    assert await store.key_usage() == {active: len(mailboxes)}
    change_keyring(keyring, lambda ring: ring.retire(old))
    serving.reload()
    for mailbox in mailboxes:
        assert await password_of(store, serving, mailbox) == wanted[mailbox.id]


async def test_a_process_that_still_seals_under_the_old_key_is_caught_by_the_next_round(
    store: SqlStore, database: PreparedDatabase
) -> None:
    old = Keyring.generate()
    await fill(store, Vault(old), users=2, mailboxes=1)
    new = old.add()
    late: list[Mailbox] = []

    async def save_late() -> None:
        async with opened(database.url) as elsewhere:
            late.append(await add(elsewhere, mailbox_of("aaa"), Vault(old), "CANARY-late"))

    def on_progress(_done: int) -> None:
        if not late:  # after the first user, when the first round has passed "aaa"
            ThreadPoolExecutor(1).submit(asyncio.run, save_late()).result()

    assert await rotate(store, Vault(new), on_progress=on_progress) == RotationResult(3, 0)
    assert await store.key_usage() == {new.active: 3}
    assert await password_of(store, Vault(new), late[0]) == "CANARY-late"
