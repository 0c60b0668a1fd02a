"""`make bench-harvest` runs, on tiny mailboxes, and all in it count the same. Speed is not judged here."""

import pytest

from support.benches import PACKAGES, bench_output
from support.processes import new_folder


async def _run(*arguments: str) -> str:
    return await bench_output("-m", "harvest", "--quick", *arguments, **PACKAGES)


@pytest.mark.timeout(300)  # it starts the service six times
async def test_every_client_finds_what_was_meant_and_a_profile_uses_the_same_mail_again() -> None:
    folder = new_folder("kept-mail")  # which Dovecot, another user, may enter
    _all_is_found(await _run("--keep", str(folder)))

    kept = folder / "500" / "cur"
    made = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert len(made) > 250
    assert "/mailbox_svc/harvest/" in await _run("--profile", "--keep", str(folder))
    assert {file.name: file.stat().st_mtime_ns for file in kept.iterdir()} == made


def _all_is_found(out: str) -> None:
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    readers = {(row[0], row[1], row[2]): row[7] for row in rows if len(row) == 8}
    assert readers == {
        ("raw read", "TLS", "500"): "",
        ("raw read", "TLS", "50"): "",
        ("raw read", "plain text", "500"): "",
        ("mailbox-svc, whole path", "TLS", "500"): "yes",
        ("mailbox-svc, whole path", "TLS", "50"): "yes",
        ("mailbox-svc, whole path", "plain text", "500"): "yes",
        ("imapflow, header fields", "TLS", "500"): "yes",
        ("imapflow, ENVELOPE", "TLS", "50"): "yes",
        ("IMAPClient, ENVELOPE", "TLS", "50"): "yes",
        ("aioimaplib as it comes", "TLS", "50"): "yes",
        ("imaplib and email", "TLS", "50"): "yes",
    }
    goals = {row[0]: row[1:] for row in rows if len(row) == 4}
    assert goals["counts"] == ["all equal", "8 of 8", "yes"]
    assert "80 ms round trip" in goals
    assert "List, while it harvests 500: median" in out
