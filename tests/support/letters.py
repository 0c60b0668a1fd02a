"""A mailbox full of made-up mail, the same every time, and the means to put it on a server."""

from __future__ import annotations

import imaplib
import random
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from support.dovecot import DovecotServer

OWNER = "anna@example.org"
PASSWORD = "CANARY-letters"
USERS = {OWNER: PASSWORD}
_BEGAN = datetime(2024, 1, 1, 8, tzinfo=UTC)

Folders = Mapping[str, Sequence[bytes]]


def letters(seed: int = 1, *, scale: int = 1) -> dict[str, list[bytes]]:
    """Return the messages of each folder: 260 times `scale`, some of them in two folders."""
    chance = random.Random(seed)
    people = [(f"Person {n}", f"p{n}@example.com") for n in range(30 * scale)]
    folders: dict[str, list[bytes]] = {
        "INBOX": [_received(chance, people, n) for n in range(120 * scale)],
        "Sent": [_sent(chance, people, n) for n in range(50 * scale)],
        "Archive": [_received(chance, people, n) for n in range(1000 * scale, 1060 * scale)],
        "Trash": [_received(chance, people, n) for n in range(9000 * scale, 9010 * scale)],
    }
    folders["Archive"] += folders["INBOX"][: 20 * scale]
    return folders


def _received(chance: random.Random, people: Sequence[tuple[str, str]], number: int) -> bytes:
    name, address = chance.choice(people)
    others = [f"{n} <{a}>" for n, a in chance.sample(people, chance.randint(0, 4))]
    fields = [f"From: {name} <{address}>", f"To: {', '.join([OWNER, *others])}"]
    if number % 3 == 0:
        fields += ["List-Id: <dev.lists.example.com>", "List-Post: <mailto:dev@lists.example.com>"]
    if number % 11 == 0:
        fields += ["Auto-Submitted: auto-replied"]
    return _message(fields, number)


def _sent(chance: random.Random, people: Sequence[tuple[str, str]], number: int) -> bytes:
    to = [f"{n} <{a}>" for n, a in chance.sample(people, chance.randint(1, 3))]
    return _message([f"From: Anna <{OWNER}>", f"To: {', '.join(to)}"], 100_000 + number)


def _message(fields: list[str], number: int) -> bytes:
    date = format_datetime(_BEGAN + timedelta(minutes=number))
    lines = [*fields, f"Date: {date}", f"Message-ID: <{number}@letters.example>", "Subject: x", "", "body"]
    return "\r\n".join([*lines, ""]).encode()


@contextmanager
def logged_in(server: DovecotServer, user: str = OWNER) -> Iterator[imaplib.IMAP4_SSL]:
    """Yield another client of the mailbox: the user's own mail program, so to speak."""
    context = ssl.create_default_context(cafile=str(server.ca_file))
    client = imaplib.IMAP4_SSL("localhost", server.tls_port, ssl_context=context)
    # Else each literal waits for the server's acknowledgement of the line before it.
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.login(user, PASSWORD)
        yield client
    finally:
        client.logout()


def fill(client: imaplib.IMAP4_SSL, folders: Folders) -> None:
    """Empty these folders, make those that are missing, and put the messages there."""
    for name, messages in folders.items():
        client.create(name)
        remove_all(client, name)
        for message in messages:
            append(client, name, message)


def remove_all(client: imaplib.IMAP4_SSL, folder: str) -> None:
    ok, found = client.select(folder)
    assert ok == "OK"
    if found[0] != b"0":  # else 1:* is no set of messages
        client.store("1:*", "+FLAGS.SILENT", r"\Deleted")
        client.expunge()
    client.close()


def append(client: imaplib.IMAP4_SSL, folder: str, message: bytes) -> None:
    ok, _ = client.append(folder, "", "", message)
    assert ok == "OK"
