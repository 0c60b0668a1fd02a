"""A throw-away Courier from its unpacked packages, on loopback, started by root or by anyone.

Courier looks for its settings in /etc/courier and /run/courier, compiled in. So its programs run as copies
whose paths are relative, in a folder that has `etc/courier` and `run/courier`: no mount, no root needed.
It serves implicit TLS only: its STARTTLS wants a system user `courier`, which only an installation makes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme

from support import certs
from support.processes import SECRETS, free_port, listening, new_folder, running
from support.real_server import RealServer, crypt, imap_root, library_path, mail_account

_COPIED = (
    "usr/lib/libcourierauth*.so.*",
    "usr/lib/*/libcourierauth*.so.*",
    "usr/lib/courier-authlib/libauthuserdb.so.0",
    "usr/lib/*/courier-authlib/libauthuserdb.so.0",
    "usr/lib/courier/courier-authlib/authdaemond",
)


@contextmanager
def running_courier(users: Mapping[str, str], ca: trustme.CA) -> Iterator[RealServer]:
    """Run a Courier that knows these users (address to password)."""
    root = imap_root()
    folder = new_folder("courier")
    files = certs.issue(ca, folder)
    _copy_programs(root, folder)
    environment = {"LD_LIBRARY_PATH": library_path(root, folder / "programs")}
    (folder / "run/courier/authdaemon").mkdir(parents=True)
    (folder / "etc").mkdir()
    (folder / "etc/courier").symlink_to(folder / SECRETS)
    (folder / "etc/courier/authdaemonrc").write_text("""
authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=run/courier/authdaemon
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
LOGGEROPTS=""
""")
    _write_users(root, folder, users, environment)
    tls_port = free_port()
    imap = (
        environment
        | _imapd_settings(root)
        | {
            "COURIERTLS": str(root / "usr/bin/couriertls"),
            "TLS_CERTFILE": str(files.both),
            "TLS_VERIFYPEER": "NONE",
            "IMAP_TLS": "1",
            "IMAP_STARTTLS": "NO",
            "IMAP_USELOCKS": "0",  # else it looks for a file watcher at each step, for seconds
        }
    )
    login: list[str | Path] = [root / "usr/lib/courier/courier/imaplogin", root / "usr/bin/imapd", "Maildir"]
    with (
        running(
            [folder / "programs/authdaemond"],
            log=folder / "auth.log",
            ready=(folder / "run/courier/authdaemon/socket").exists,
            cwd=folder,
            env=environment,
        ),
        running(
            [
                root / "usr/sbin/couriertcpd",
                "-address=127.0.0.1",
                "-nodnslookup",
                str(tls_port),
                root / "usr/bin/couriertls",
                "-server",
                "-tcpd",
                *login,
            ],
            log=folder / "log",
            ready=listening(tls_port),
            cwd=folder,
            env=imap,
        ),
    ):
        yield RealServer("127.0.0.1", tls_port, None, files.ca, folder, prefix="INBOX.", separator=".")


def _copy_programs(root: Path, folder: Path) -> None:
    programs = folder / "programs"
    programs.mkdir()
    for pattern in _COPIED:
        for original in root.glob(pattern):
            code = original.read_bytes()
            for place in (b"etc", b"run"):  # same length, and the same place seen from `folder`
                code = code.replace(b"/%s/courier/" % place, b"%s/courier//" % place)
            copy = programs / original.name
            copy.write_bytes(code)
            copy.chmod(0o755)


def _write_users(root: Path, folder: Path, users: Mapping[str, str], environment: Mapping[str, str]) -> None:
    account = mail_account()
    people, secrets = [], []
    for user, password in users.items():
        home = folder / "mail" / user
        for part in ("cur", "new", "tmp"):
            (home / "Maildir" / part).mkdir(parents=True)
        people.append(f"{user}\tuid={account.uid}|gid={account.gid}|home={home}|mail={home}/Maildir\n")
        secrets.append(f"{user}\timappw={crypt(password)}\n")
    account.own(folder / "mail")
    (makedat,) = root.glob("usr/lib/courier/courier-authlib/makedatprog")
    for name, lines in (("userdb.dat", people), ("userdbshadow.dat", secrets)):
        target = folder / SECRETS / name
        subprocess.run(
            [makedat, "-", target.with_suffix(".tmp"), target],
            input="".join(lines) + ".\n",
            text=True,
            env=environment,
            check=True,
        )


def _imapd_settings(root: Path) -> dict[str, str]:
    """What the packages' own settings file says; it is a shell script."""
    printed = subprocess.run(
        ["env", "-i", "sh", "-c", 'set -a; . "$1"; env -0', "sh", root / "etc/courier/imapd"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(line.split("=", 1) for line in printed.split("\0") if line)
