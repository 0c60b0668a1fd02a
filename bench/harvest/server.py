"""The Dovecot with the made-up mailboxes in it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import trustme

from harvest import read_raw
from harvest.expected import Expected
from harvest.mail import INBOX, SENT, Mail
from harvest.measured import Question
from support.dovecot import DovecotServer, running_dovecot
from support.processes import new_folder

_PASSWORD = "CANARY-bench-harvest"
#: ENVELOPE needs more header fields than a harvest: Dovecot's cache shall hold those too.
_ENVELOPE = "UID FETCH 1:* (UID ENVELOPE)"


@dataclass(frozen=True, slots=True, eq=False)
class Mailbox:
    """A mailbox on the server, and what must be found in it."""

    expected: Expected
    tls: Question
    plain: Question

    @property
    def size(self) -> int:
        return self.expected.messages


@dataclass(frozen=True, slots=True)
class MailServer:
    """A running Dovecot and its mailboxes, the smallest first."""

    dovecot: DovecotServer
    mailboxes: Sequence[Mailbox]


@contextmanager
def running_mail_server(sizes: Sequence[int], keep: Path | None) -> Iterator[MailServer]:
    """Run a Dovecot with a mailbox of each size, written and read once, so that its caches are warm.

    The mailboxes are made anew, unless `keep` is a folder that has them from a run before.
    """
    users = {size: f"robin-{size}@example.test" for size in sorted(set(sizes))}
    folder = new_folder("bench-mail") if keep is None else keep.resolve()
    found = {size: _written(folder / str(size), size, user) for size, user in users.items()}
    # A login in clear on loopback is for what is measured over plain text.
    with running_dovecot(
        dict.fromkeys(users.values(), _PASSWORD), trustme.CA(), login_in_clear=True
    ) as dovecot:
        mailboxes = []
        for size, user in users.items():
            dovecot.maildir(user).symlink_to(folder / str(size))
            tls = Question(
                dovecot.host, dovecot.tls_port, user, _PASSWORD, [INBOX, SENT], str(dovecot.ca_file)
            )
            plain = replace(tls, port=dovecot.starttls_port, ca_file="")
            for fetch in (read_raw.FETCH, _ENVELOPE):
                read_raw.read(plain, fetch=fetch)
            mailboxes.append(Mailbox(found[size], tls, plain))
        yield MailServer(dovecot, mailboxes)


def _written(maildir: Path, size: int, owner: str) -> Expected:
    """Write a mailbox as a Maildir, unless it is there; return what a harvest must find in it."""
    expected = Expected(owner)
    complete = maildir / "complete"
    digest = hashlib.sha256()
    there = complete.read_text() if complete.exists() else ""
    if not there:
        shutil.rmtree(maildir, ignore_errors=True)
        _make_folders(maildir)
    for number, message in enumerate(Mail(size, owner).messages()):
        expected.add(message)
        digest.update(message.raw)
        if not there:
            folder = maildir / "cur" if message.folder == INBOX else maildir / f".{SENT}" / "cur"
            octets = len(message.raw)
            # With its sizes in its name Dovecot need not look at the file for them.
            name = f"{1_000_000_000 + number}.M0P1.bench,S={octets},W={octets}:2,S"
            (folder / name).write_bytes(message.raw)
    if there and there != digest.hexdigest():
        raise RuntimeError(f"{maildir} was made by another version of this script: remove it")
    complete.write_text(digest.hexdigest())
    return expected


def _make_folders(maildir: Path) -> None:
    for folder in (maildir, maildir / f".{SENT}"):
        for part in ("", "cur", "new", "tmp"):
            (folder / part).mkdir(mode=0o755, parents=True, exist_ok=True)
            if os.getuid() == 0:  # then Dovecot is somebody else
                shutil.chown(folder / part, "mail", "mail")
