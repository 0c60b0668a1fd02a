"""A program: holds the refresh lock of a mailbox again and again, and says `held` each time it does.

usage: DATABASE_URL MAILBOX_ID TIMES SECONDS COUNTER_FILE TIMEOUT

Each time it adds one to the number in the file, in a way that loses some when two do it at once. It fails
when it has waited for `TIMEOUT` seconds.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from support.stores import opened


def read(counter: Path) -> int:
    return int(counter.read_text())


def write(counter: Path, number: int) -> None:
    counter.write_text(str(number))


async def main(url: str, mailbox_id: str, times: str, seconds: str, counter: str, timeout: str) -> None:
    async with opened(url) as store:
        for _ in range(int(times)):
            async with store.refresh_lock(mailbox_id, timeout=float(timeout)):
                os.write(1, b"held\n")
                number = read(Path(counter))
                await asyncio.sleep(float(seconds))
                write(Path(counter), number + 1)
