"""Puts messages into Maildirs of a Dovecot that is not asked: mail that comes in."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

_numbers = itertools.count(1)


def deliver(maildir: Path, message: bytes) -> None:
    """Put one message into a user's INBOX, which is made where it is missing."""
    for part in ("", "cur", "new", "tmp"):
        folder = maildir / part
        if not folder.exists():
            folder.mkdir(mode=0o700)
            _give_away(folder)
    name = f"{1_900_000_000 + next(_numbers)}.M{os.getpid()}.tests"
    written = maildir / "tmp" / name
    written.write_bytes(message)
    _give_away(written)
    written.rename(maildir / "new" / name)


def _give_away(path: Path) -> None:
    if os.getuid() == 0:  # then Dovecot is somebody else
        shutil.chown(path, "mail", "mail")
