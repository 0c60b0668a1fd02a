"""A throw-away GNU Mailutils imap4d on loopback, started by root or by anyone.

A good server to be wary of: it lists INBOX with NIL for a delimiter and knows no UIDPLUS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme

from support import certs
from support.processes import SECRETS, free_port, listening, needs, new_folder, running
from support.real_server import RealServer, crypt, mail_account


@contextmanager
def running_mailutils(users: Mapping[str, str], ca: trustme.CA) -> Iterator[RealServer]:
    """Run an imap4d that knows these users (address to password)."""
    program = needs(Path("/usr/sbin/imap4d"))
    folder = new_folder("mailutils")
    account = mail_account()
    files = certs.issue(ca, folder)
    homes = folder / "homes"
    for user, password in users.items():
        name, _, domain = user.partition("@")
        home = homes / user
        home.mkdir(parents=True)
        with (folder / SECRETS / domain).open("a", encoding="utf-8") as passwords:
            passwords.write(
                f"{name}:{crypt(password)}:{account.uid}:{account.gid}:{name}:{home}:/usr/sbin/nologin\n"
            )
    (folder / "mail").mkdir()
    account.own(homes, folder / "mail")
    tls_port, starttls_port = free_port(), free_port()
    configuration = folder / "imap4d.conf"
    configuration.write_text(f"""
mode daemon;
foreground yes;
max-children 20;
logging {{ syslog no; facility mail; }};
auth {{ authorization virtdomain; authentication generic; }};
virtdomain {{ passwd-dir {folder / SECRETS}; }};
mailbox {{ mailbox-pattern "maildir:{folder}/mail/${{user}}"; mailbox-type maildir; }};
tls {{ ssl-certificate-file {files.chain}; ssl-key-file {files.key}; }};
server 127.0.0.1:{tls_port} {{ tls-mode connection; }};
server 127.0.0.1:{starttls_port} {{ tls-mode required; }};
""")
    with running(
        [program, f"--config-file={configuration}", "--no-site-config"],
        log=folder / "log",
        ready=listening(starttls_port),
    ):
        yield RealServer("127.0.0.1", tls_port, starttls_port, files.ca, folder)
