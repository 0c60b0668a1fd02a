"""A program: rotates all secrets and prints how many are done after each user.

usage: DATABASE_URL KEYRING_FILE
"""

from __future__ import annotations

import os
from pathlib import Path

from mailbox_svc.mailboxes.rotation import rotate
from mailbox_svc.vault import Vault
from support.stores import opened


async def main(url: str, keyring: str) -> None:
    vault = Vault.from_file(Path(keyring))
    async with opened(url) as store:
        result = await rotate(store, vault, batch=7, on_progress=lambda done: _say(str(done)))
    _say(f"unreadable {result.unreadable}")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())
