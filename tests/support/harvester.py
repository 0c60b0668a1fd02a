"""Run as a program: harvests a mailbox to the end, or until it is killed, and says how it ended.

usage: harvester.py DATABASE KEYRING_FILE PORT CA_FILE
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mailbox_svc.vault import Keyring
from support.harvest_parts import harvest_parts


async def main(database: str, keyring: str, port: str, ca_file: str) -> None:
    keys = Keyring.load(Path(keyring))
    async with harvest_parts(Path(database), keys, int(port), Path(ca_file)) as parts:
        os.write(1, b"ready\n")
        harvest = await parts.harvest()
        os.write(1, harvest.state.value.encode())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
