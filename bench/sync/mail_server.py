"""A Dovecot with many small mailboxes, as they look after years: quiet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import trustme

from support.dovecot import DovecotServer, running_dovecot
from support.maildir import deliver
from sync.world import PASSWORD

_MESSAGES = 10
# A process serves one login after another; a new one for each would be what is measured.
_SETTINGS = """
service imap-login {
  service_count = 0
  client_limit = 2000
  process_min_avail = 1
}
service imap {
  service_count = 1000
  process_limit = 4096
}
service anvil {
  client_limit = 8192
}
service auth {
  client_limit = 8192
}
"""


@dataclass(frozen=True, slots=True)
class MailServer:
    dovecot: DovecotServer
    users: Sequence[str]

    @property
    def pid(self) -> int:
        return int((self.dovecot.folder / "run" / "master.pid").read_text())

    def deliver(self, share: float) -> None:
        """Put one new message into this share of all mailboxes."""
        for user in self.users[: max(1, round(len(self.users) * share))]:
            deliver(self.dovecot.maildir(user), _message(user, _MESSAGES))


@contextmanager
def running_mail_server(mailboxes: int) -> Iterator[MailServer]:
    """Run it with so many mailboxes, of ten messages each."""
    users = [f"user{number}@example.test" for number in range(mailboxes)]
    passwords = dict.fromkeys(users, PASSWORD)
    with running_dovecot(passwords, trustme.CA(), login_in_clear=True, settings=_SETTINGS) as dovecot:
        for user in users:
            for number in range(_MESSAGES):
                deliver(dovecot.maildir(user), _message(user, number))
        yield MailServer(dovecot, users)


def _message(user: str, number: int) -> bytes:
    return (
        f"From: Person {number % 7} <person{number % 7}@example.org>\r\nTo: {user}\r\n"
        f"Date: Mon, 1 Jun 2026 10:{number % 60:02}:00 +0000\r\n"
        f"Message-ID: <{number}.{user}>\r\nSubject: x\r\n\r\nbody\r\n"
    ).encode()
