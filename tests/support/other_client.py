"""An IMAP client that is not ours: fills folders of real servers and changes them while we read."""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from support.dovecot import DovecotServer
from support.real_server import RealServer


class OtherClient:
    """A client that has logged in. Every method fails the test when the server refuses."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def create(self, folder: str) -> None:
        self._ok(self._client.create(f'"{folder}"'))

    def delete(self, folder: str) -> None:
        self._ok(self._client.delete(f'"{folder}"'))

    def append(self, folder: str, *messages: bytes) -> None:
        for message in messages:
            self._ok(self._client.append(f'"{folder}"', "", "", message))

    def uids(self, folder: str) -> list[int]:
        """Return the UIDs of all messages."""
        self._ok(self._client.select(f'"{folder}"', readonly=True))
        return [int(uid) for uid in self._ok(self._client.uid("SEARCH", "ALL"))[0].split()]

    def expunge(self, folder: str, uids: Iterable[int]) -> None:
        """Remove the messages with these UIDs for good."""
        self._ok(self._client.select(f'"{folder}"'))
        self._ok(self._client.uid("STORE", ",".join(map(str, uids)), "+FLAGS", r"(\Deleted)"))
        self._ok(self._client.expunge())
        self._ok(self._client.close())

    def status(self, folder: str) -> bytes:
        """Say how many messages are in it, how many are recent and how many unseen."""
        return bytes(self._ok(self._client.status(f'"{folder}"', "(MESSAGES RECENT UNSEEN)"))[0])

    @staticmethod
    def _ok(answer: tuple[str, Any]) -> Any:
        assert answer[0] == "OK", answer
        return answer[1]


@contextmanager
def other_client(server: RealServer | DovecotServer, user: str, password: str) -> Iterator[OtherClient]:
    """Log in, and out at the end of the block."""
    trust = ssl.create_default_context(cafile=server.ca_file)
    client: imaplib.IMAP4
    if server.tls_port:
        client = imaplib.IMAP4_SSL("localhost", server.tls_port, ssl_context=trust, timeout=15)
    else:
        client = imaplib.IMAP4("localhost", server.starttls_port or 0, timeout=15)
        client.starttls(trust)
    # Else each literal waits for the server's acknowledgement of the line before it.
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.login(user, password)
    try:
        yield OtherClient(client)
    finally:
        client.logout()
