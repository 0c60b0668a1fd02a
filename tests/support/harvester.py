"""Run as a program: harvests a mailbox to the end, or until it is killed, and says how it ended.

usage: harvester.py DATABASE KEYRING_FILE PORT CA_FILE
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from mailbox_svc.vault import Keyring
from support.dovecot import DovecotServer
from support.harvest_parts import harvest_parts


async def main(database: str, keyring: str, port: str, ca_file: str) -> None:
    keys = Keyring.load(Path(keyring))
    async with harvest_parts(Path(database), keys, int(port), Path(ca_file)) as parts:
        os.write(1, b"ready\n")
        harvest = await parts.harvest()
        os.write(1, harvest.state.value.encode())


def started(database: Path, keyring: Path, server: DovecotServer) -> subprocess.Popen[str]:
    """Run it in a process of its own, and return when it has begun."""
    process = subprocess.Popen(
        [sys.executable, __file__, database, keyring, str(server.tls_port), server.ca_file],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
