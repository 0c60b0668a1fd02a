"""`make bench-harvest` runs, on tiny mailboxes, and all in it count the same. Speed is not judged here."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from support.processes import new_folder

ROOT = Path(__file__).parents[2]


async def _run(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "harvest",
        "--quick",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": f"{ROOT}/bench:{ROOT}/tests"},
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


@pytest.mark.timeout(300)  # it starts the service six times
async def test_every_client_finds_what_was_meant_when_the_mail_was_made() -> None:
    out = await _run()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    readers = {(row[0], row[1], row[2]): row[7] for row in rows if len(row) == 8}
    assert readers == {
        ("raw read", "TLS", "2,000"): "",
        ("raw read", "TLS", "200"): "",
        ("raw read", "plain text", "2,000"): "",
        ("mailbox-svc, whole path", "TLS", "2,000"): "yes",
        ("mailbox-svc, whole path", "TLS", "200"): "yes",
        ("mailbox-svc, whole path", "plain text", "2,000"): "yes",
        ("imapflow, header fields", "TLS", "2,000"): "yes",
        ("imapflow, ENVELOPE", "TLS", "200"): "yes",
        ("IMAPClient, ENVELOPE", "TLS", "200"): "yes",
        ("aioimaplib as it comes", "TLS", "200"): "yes",
        ("imaplib and email", "TLS", "200"): "yes",
    }
    goals = {row[0]: row[1:] for row in rows if len(row) == 4}
    assert goals["counts"] == ["all equal", "8 of 8", "yes"]
    assert "80 ms round trip" in goals
    assert "List, while it harvests 2,000: median" in out


async def test_a_profile_shows_where_the_time_goes_and_kept_mail_is_used_again() -> None:
    folder = new_folder("kept-mail")  # which Dovecot, another user, may enter
    kept = folder / "2000" / "cur"
    assert "/mailbox_svc/harvest/" in await _run("--profile", "--keep", str(folder))
    made = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert len(made) > 1000
    assert "/mailbox_svc/harvest/" in await _run("--profile", "--keep", str(folder))
    assert {file.name: file.stat().st_mtime_ns for file in kept.iterdir()} == made
