"""A program: harvests a mailbox to the end, or until it is killed, and says how it ended.

usage: DATABASE KEYRING_FILE PORT CA_FILE
"""

from __future__ import annotations

import os
from pathlib import Path

from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer
from support.harvest_parts import harvest_parts
from support.nursery import Program


async def main(database: str, keyring: str, port: str, ca_file: str) -> None:
    keys = Keyring.load(Path(keyring))
    async with harvest_parts(Path(database), keys, int(port), Path(ca_file)) as parts:
        os.write(1, b"ready\n")
        harvest = await parts.harvest()
        os.write(1, harvest.state.value.encode())


def started(database: Path, keyring: Path, server: DovecotServer) -> Program:
    """Run it in a process of its own, and return when it has begun."""
    process = Program(main, database, keyring, server.tls_port, server.ca_file)
    assert process.stdout.readline() == "ready\n"
    return process
