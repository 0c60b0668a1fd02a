"""The plain way to store a mailbox and its secret: SQLAlchemy's `engine.begin()` for each, nothing else.

Reads {"callers", "seconds"} from standard input and prints {"saves_per_second"}. No gRPC, no token, no
encryption, no rules: the service does all of that as well.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

METADATA = MetaData()
MAILBOXES = Table(
    "mailboxes", METADATA,
    Column("id", String, primary_key=True), Column("user_id", String, index=True), Column("label", String),
    Column("host", String), Column("port", Integer), Column("tls", Boolean), Column("user", String),
    Column("created_at", String),
)  # fmt: skip
SECRETS = Table(
    "secrets", METADATA,
    Column("mailbox_id", String, primary_key=True), Column("key_id", String), Column("blob", LargeBinary),
)  # fmt: skip


async def _measure(question: Mapping[str, Any], file: Path) -> dict[str, float]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")

    @event.listens_for(engine.sync_engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA busy_timeout = 60000")
        cursor.close()

    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    saved = 0

    async def caller(end: float) -> None:
        nonlocal saved
        while time.perf_counter() < end:
            await _save(engine)
            saved += 1

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(question["callers"]):
            group.create_task(caller(began + question["seconds"]))
    speed = saved / (time.perf_counter() - began)
    await engine.dispose()
    return {"saves_per_second": speed}


async def _save(engine: AsyncEngine) -> None:
    mailbox_id = str(uuid.uuid4())
    async with engine.begin() as connection:
        await connection.execute(
            MAILBOXES.insert().values(
                id=mailbox_id, user_id="user", label="Mailbox", host="imap.example.org", port=993, tls=True,
                user="a@example.org", created_at="2026-11-23T00:00:00Z",
            )
        )  # fmt: skip
        await connection.execute(SECRETS.insert().values(mailbox_id=mailbox_id, key_id="k1", blob=bytes(120)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(_measure(json.load(sys.stdin), Path(folder) / "plain.sqlite3"))))
