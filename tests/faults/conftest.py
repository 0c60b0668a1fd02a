"""One Dovecot for all faults, full of letters, and what one undisturbed harvest counts there."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer, running_dovecot
from support.harvest_parts import Counted, counted, harvest_parts
from support.letters import OWNER, USERS, fill, letters, logged_in


@pytest.fixture(scope="module")
def filled() -> Iterator[DovecotServer]:
    """A server with the letters; `mailbox` puts them back after a test has changed them."""
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        _copy(server.maildir(OWNER), _kept(server))
        yield server


@pytest.fixture
def mailbox(filled: DovecotServer) -> DovecotServer:
    """The server, with the letters as they were, UIDs and all."""
    while filled.maildir(OWNER).exists():
        shutil.rmtree(filled.maildir(OWNER), ignore_errors=True)
    _copy(_kept(filled), filled.maildir(OWNER))
    return filled


@pytest.fixture(scope="module")
def undisturbed(filled: DovecotServer, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """What a harvest counts that nothing happens to."""
    database = tmp_path_factory.mktemp("undisturbed") / "mailboxes.sqlite3"

    async def harvest() -> None:
        async with harvest_parts(database, Keyring.generate(), filled.tls_port, filled.ca_file) as parts:
            harvest = await parts.harvest()
        assert (harvest.state.value, harvest.progress.scanned) == ("done", 250)
        assert harvest.progress.duplicates == 20

    asyncio.run(harvest())
    return counted(database)


def _kept(server: DovecotServer) -> Path:
    return server.folder / "kept"


def _copy(source: Path, target: Path) -> None:
    # With their owner, who is not us; and again when a session that has just ended was still tidying up.
    while subprocess.run(["cp", "-a", source, target], check=False, capture_output=True).returncode:
        shutil.rmtree(target)
        time.sleep(0.1)
