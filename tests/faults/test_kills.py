"""A harvest that is killed, again and again, counts what one undisturbed run counts."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer
from support.harvest_parts import Counted, counted
from support.harvester import started
from support.nursery import Program


def _ended(process: Program) -> str:
    said, _ = process.communicate(timeout=60)
    return said.strip()


@pytest.mark.timeout(3600)
async def test_kill_9_at_any_moment_changes_no_count(
    mailbox: DovecotServer, undisturbed: Counted, tmp_path: Path, kills: int
) -> None:
    chance = random.Random(kills)
    keyring = tmp_path / "keyring.json"
    Keyring.generate().save(keyring)
    killed = whole = 0
    took = 1.0
    while killed < kills:
        database = tmp_path / f"killed-{whole}.sqlite3"
        while True:
            process = started(database, keyring, mailbox)
            began = time.monotonic()
            # Killed early so often that it takes several lives to the end.
            life = chance.uniform(0, took)
            process.wait(life)
            if process.poll() is None and killed < kills and chance.random() < 0.85:
                process.kill()
                killed += 1
                continue
            assert _ended(process) == "done"
            took = min(took, max(0.1, time.monotonic() - began))
            break
        assert counted(database) == undisturbed
        whole += 1
