"""The limit: logs in, sends the FETCH that a harvest sends, and only reads."""

from __future__ import annotations

import re
import socket

from harvest.measured import Pairs, Question, serve
from mailbox_svc.ports.mail import HEADER_FIELDS

FETCH = f"UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS ({' '.join(HEADER_FIELDS)})])"
_READ = 256 << 10
#: Bytes of an answer that are kept: more than all of EXAMINE's.
_KEPT = 4 << 10


class Connection:
    """A socket that can wait for the end of a command."""

    def __init__(self, question: Question) -> None:
        plain = socket.create_connection((question.host, question.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = question.tls()
        self._sock = context.wrap_socket(plain, server_hostname=question.host) if context else plain
        self._buffer = memoryview(bytearray(_READ))
        self._tag = 0
        self._sock.recv(_READ)  # the greeting

    def command(self, line: str) -> bytes:
        """Send a command and return the end of its answer."""
        self._tag += 1
        tag = b"\r\nA%03d " % self._tag
        self._sock.sendall(tag[2:] + line.encode() + b"\r\n")
        kept = b"\r\n"
        while True:
            size = self._sock.recv_into(self._buffer)
            if not size:
                raise ConnectionError(line.partition(" ")[0])
            kept = (kept + bytes(self._buffer[max(0, size - _KEPT) : size]))[-_KEPT:]
            # Our mail has no such line, so nothing needs to be parsed.
            if kept.endswith(b"\r\n") and (at := kept.rfind(tag)) >= 0:
                if not kept.startswith(b"OK", at + len(tag)):
                    raise ConnectionError(kept[at:].decode())
                return kept


def read(question: Question, _pairs: Pairs | None = None, fetch: str = FETCH) -> int:
    """Read all folders and return how many messages they have."""
    connection = Connection(question)
    connection.command(f'LOGIN "{question.user}" "{question.password}"')
    messages = 0
    for folder in question.folders:
        exists = re.search(rb"\* (\d+) EXISTS", connection.command(f'EXAMINE "{folder}"'))
        if exists is None:
            raise ValueError(folder)
        messages += int(exists[1])
        connection.command(fetch)
    return messages


if __name__ == "__main__":
    serve(read)
