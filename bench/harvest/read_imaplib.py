"""The standard library alone: imaplib, and email with its older policy, the faster one."""

from __future__ import annotations

import email
import imaplib
from email.utils import getaddresses

from harvest.measured import Pairs, Question, decoded, serve
from mailbox_svc.ports.mail import HEADER_FIELDS

ADDRESS_FIELDS = HEADER_FIELDS[:6]
ITEMS = f"(BODY.PEEK[HEADER.FIELDS ({' '.join(HEADER_FIELDS)})])"
_CHUNK = 5000


def count(header: bytes, pairs: Pairs) -> None:
    """Count the addresses of one message."""
    message = email.message_from_bytes(header)
    for field in ADDRESS_FIELDS:
        for name, address in getaddresses(message.get_all(field, [])):
            pairs[decoded(name), address] += 1


def _connect(question: Question) -> imaplib.IMAP4:
    context = question.tls()
    if context is None:
        return imaplib.IMAP4(question.host, question.port)
    return imaplib.IMAP4_SSL(question.host, question.port, ssl_context=context)


def _read(question: Question, pairs: Pairs) -> int:
    client = _connect(question)
    client.login(question.user, question.password)
    messages = 0
    for folder in question.folders:
        _, (exists,) = client.select(folder, readonly=True)
        last = int(exists or b"0")
        for first in range(1, last + 1, _CHUNK):
            _, parts = client.fetch(f"{first}:{min(first + _CHUNK - 1, last)}", ITEMS)
            for part in parts:
                if isinstance(part, tuple):
                    count(part[1], pairs)
                    messages += 1
    client.logout()
    return messages


if __name__ == "__main__":
    serve(_read)
