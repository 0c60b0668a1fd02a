"""What the tests know of a real IMAP server, and how they prepare it."""

from __future__ import annotations

import imaplib
import os
import pwd
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: "Entwürfe" and "日本語" as IMAP has them on the wire (modified UTF-7, RFC 3501 section 5.1.3).
ENTWUERFE, NIHONGO = "Entw&APw-rfe", "&ZeVnLIqe-"


@dataclass(frozen=True, slots=True)
class RealServer:
    """A server that runs until its context ends."""

    host: str
    #: TLS from the first byte; None where the server has no such port.
    tls_port: int | None
    #: Clear text that must be upgraded before a login; None where the server cannot.
    starttls_port: int | None
    #: PEM file of the authority that its certificate comes from.
    ca_file: Path
    folder: Path
    #: What stands before and between the names of folders.
    prefix: str = ""
    separator: str = "/"

    def create_folders(self, user: str, password: str) -> None:
        """Create Entwürfe and, in it, 日本語, with an IMAP client that is not ours."""
        trust = ssl.create_default_context(cafile=self.ca_file)
        client: imaplib.IMAP4
        if self.tls_port:
            client = imaplib.IMAP4_SSL("localhost", self.tls_port, ssl_context=trust, timeout=15)
        else:
            client = imaplib.IMAP4("localhost", self.starttls_port or 0, timeout=15)
            client.starttls(trust)
        client.login(user, password)
        parent = f"{self.prefix}{ENTWUERFE}"
        for name in (parent, f"{parent}{self.separator}{NIHONGO}"):
            answer, words = client.create(f'"{name}"')
            if answer != "OK":
                raise RuntimeError(f"CREATE {name}: {words!r}")
        client.logout()


@dataclass(frozen=True, slots=True)
class Account:
    """The system user whose files and processes a test server has."""

    name: str
    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        """Give it these files and all below."""
        if os.getuid() != 0:
            return
        for path in paths:
            for each in (path, *path.rglob("*")):
                os.chown(each, self.uid, self.gid)


def mail_account() -> Account:
    """`mail`, when the tests run as root (servers refuse to be root); else whoever runs them."""
    entry = pwd.getpwnam("mail") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def crypt(password: str) -> str:
    """The password as /etc/shadow has it (SHA-512). By perl: Python's own `crypt` is gone since 3.13."""
    program = "print crypt(scalar <STDIN>, q($6$testsalt))"
    return subprocess.run(
        ["perl", "-e", program], input=password.encode(), capture_output=True, check=True
    ).stdout.decode()


def imap_root() -> Path:
    """The folder where scripts/install-system.sh unpacks Cyrus and Courier."""
    script = Path(__file__).parents[2] / "scripts" / "install-system.sh"
    printed = subprocess.run(
        [script, "--imap-root"], capture_output=True, text=True, check=True
    ).stdout.strip()
    root = Path(printed)
    if not (root / "complete").exists():
        raise RuntimeError(f"Cyrus and Courier are not in {root}: run scripts/install-system.sh")
    return root


def library_path(root: Path, *first: Path) -> str:
    """LD_LIBRARY_PATH for a program from there."""
    folders = [*first, *root.glob("usr/lib/*-linux-gnu"), *root.glob("lib/*-linux-gnu"), root / "usr/lib"]
    return ":".join(map(str, folders))
