"""A program: saves mailboxes until it is killed and prints the id of each once it is acknowledged.

usage: DATABASE_URL USER_PREFIX [KEYRING_FILE]
"""

from __future__ import annotations

import asyncio
import os
from itertools import count
from pathlib import Path

from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Keyring, Vault
from support.stores import add, mailbox_of, opened

_CALLERS = 8


async def main(url: str, prefix: str, keyring: str = "") -> None:
    vault = Vault.from_file(Path(keyring)) if keyring else Vault(Keyring.generate())

    async def save(store: SqlStore, caller: int) -> None:
        for number in count():
            mailbox = await add(store, mailbox_of(f"{prefix}{caller}-{number // 50}"), vault, "CANARY-saved")
            os.write(1, f"{mailbox.id}\n".encode())  # one unbuffered write: whole lines or none

    async with opened(url) as store:
        await asyncio.gather(*(save(store, caller) for caller in range(_CALLERS)))
