"""What a run costs that finds nothing new, or little: counted by a proxy and in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from mailbox_svc.model.schedule import SyncOutcome
from support.dovecot import DovecotServer
from support.letters import OWNER, append, logged_in
from support.stores import PreparedDatabase, prepared
from support.sync_parts import SyncParts, sync_parts
from support.wiretap import Wiretap, tapping

LIST_STATUS = b'LIST "" "*" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY))'
LIST = b'LIST "" "*" RETURN (SPECIAL-USE)'


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[PreparedDatabase]:
    async with prepared("sqlite", tmp_path) as ready:
        yield ready


@asynccontextmanager
async def tapped(
    database: PreparedDatabase, server: DovecotServer, folder: Path, *, hidden: bytes = b""
) -> AsyncIterator[tuple[SyncParts, Wiretap]]:
    """All parts; what goes over the wire."""
    async with (
        tapping(server.tls_port, folder / "tap.pem", hidden=hidden) as tap,
        sync_parts(database.url, tap.port, folder / "tap.pem") as parts,
    ):
        await parts.engine.start()
        yield parts, tap


def rows(path: str) -> dict[str, set[tuple[object, ...]]]:
    """Everything in the database, by table."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {name: set(connection.execute(f"SELECT * FROM {name}")) for name in names}


async def test_nothing_new_costs_one_login_and_one_round_trip_and_writes_the_schedule_alone(
    sqlite: PreparedDatabase, dovecot: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(sqlite, dovecot, tmp_path) as (parts, tap):
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda schedule: schedule.last_run_at is not None)
        before = rows(sqlite.name)
        tap.forget()

        await parts.next_run(mailbox)
        after = rows(sqlite.name)

    assert tap.commands == [[LIST_STATUS], [b"LOGOUT"]]
    assert sum(flight.count(b" LOGIN ") for flight in tap.flights) == 1
    assert b"FETCH" not in b"".join(tap.flights)
    assert {name for name in after if before[name] != after[name]} == {"schedules"}
    assert parts.ended[-1].outcome is SyncOutcome.QUIET


async def test_without_list_status_nothing_new_costs_two_round_trips(
    sqlite: PreparedDatabase, dovecot: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(sqlite, dovecot, tmp_path, hidden=b" LIST-STATUS") as (parts, tap):
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda schedule: schedule.last_run_at is not None)
        tap.forget()

        await parts.next_run(mailbox)

    first, second, last = tap.commands
    assert (first, last) == ([LIST], [b"LOGOUT"])
    assert all(command.startswith(b"STATUS ") for command in second)


async def test_new_mail_costs_one_folder_and_itself(
    sqlite: PreparedDatabase, dovecot: DovecotServer, tmp_path: Path
) -> None:
    async with tapped(sqlite, dovecot, tmp_path) as (parts, tap):
        mailbox = await parts.add()
        await parts.switch_on(mailbox)
        await parts.until(mailbox, lambda schedule: schedule.last_run_at is not None)
        with logged_in(dovecot) as client:
            new = f"From: <new@example.com>\r\nTo: <{OWNER}>\r\nMessage-ID: <cost@x>\r\n\r\nx\r\n"
            append(client, "INBOX", new.encode())
        tap.forget()

        await parts.next_run(mailbox)
        (run, _) = await parts.told(mailbox)

    assert (run.outcome, run.messages, run.contacts) == (SyncOutcome.NEWS, 1, 1)
    listed, examined, fetched, out = tap.commands
    assert listed == [LIST_STATUS]
    assert (len(examined), examined[0][:8]) == (1, b"EXAMINE ")
    assert (len(fetched), fetched[0][:10]) == (1, b"UID FETCH ")
    assert out == [b"LOGOUT"]
    assert sum(flight.count(b" LOGIN ") for flight in tap.flights) == 1
