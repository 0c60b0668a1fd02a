"""A throw-away Cyrus from its unpacked packages, on loopback, started by root or by anyone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme

from support import certs
from support.processes import SECRETS, free_port, listening, needs, new_folder, running
from support.real_server import RealServer, imap_root, library_path, mail_account

_SPECIAL = ("Sent", "Drafts", "Junk", "Trash", "Archive")


@contextmanager
def running_cyrus(users: Mapping[str, str], ca: trustme.CA) -> Iterator[RealServer]:
    """Run a Cyrus that knows these users (address to password)."""
    root = imap_root()
    programs = root / "usr/lib/cyrus/bin"
    folder = new_folder("cyrus")
    account = mail_account()
    files = certs.issue(ca, folder)
    plugins = [*root.glob("usr/lib/*/sasl2"), *Path("/").glob("usr/lib/*/sasl2")]
    environment = {
        "LD_LIBRARY_PATH": library_path(root, root / "usr/lib/cyrus/lib"),
        "SASL_PATH": ":".join(map(str, plugins)),
    }
    for name in (
        "db",
        "socket",
        "log",
        "msg",
        "proc",
        "ptclient",
        "user",
        "quota",
        "lock",
        "sieve",
        "backup",
    ):
        (folder / "conf" / name).mkdir(parents=True)
    for name in ("spool", "run"):
        (folder / name).mkdir()
    passwords = folder / SECRETS / "sasldb2"
    for user, password in users.items():
        name, _, domain = user.partition("@")
        subprocess.run(
            [needs(root / "usr/sbin/saslpasswd2"), "-c", "-p", "-f", passwords, "-u", domain, name],
            input=password.encode(),
            env=environment,
            check=True,
        )
    configuration = folder / "imapd.conf"
    uses = "\n".join(f"xlist-{name.lower()}: {name}" for name in _SPECIAL)
    configuration.write_text(f"""
configdirectory: {folder}/conf
defaultpartition: default
partition-default: {folder}/spool
proc_path: {folder}/run/proc
mboxname_lockpath: {folder}/run/lock
idlesocket: {folder}/run/idle
lmtpsocket: {folder}/run/lmtp
notifysocket: {folder}/run/notify
sievedir: {folder}/conf/sieve
admins: cyrus
allowplaintext: no
allowstarttls: yes
failedloginpause: 0
virtdomains: userid
defaultdomain: internal.invalid
unixhierarchysep: yes
altnamespace: yes
autocreate_quota: 0
autocreate_post: yes
autocreate_inbox_folders: {" | ".join(_SPECIAL)}
{uses}
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {passwords}
tls_server_cert: {files.chain}
tls_server_key: {files.key}
cyrus_user: {account.name}
""")
    tls_port, starttls_port = free_port(), free_port()
    services = folder / "cyrus.conf"
    imapd = f"{programs}/imapd -C {configuration}"
    services.write_text(f"""
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {configuration} -r"
}}
SERVICES {{
  imap cmd="{imapd}" listen="127.0.0.1:{starttls_port}" proto="tcp4" prefork=0
  imaps cmd="{imapd} -s" listen="127.0.0.1:{tls_port}" proto="tcp4" prefork=0
}}
""")
    account.own(folder)
    with running(
        [needs(programs / "master"), "-C", configuration, "-M", services, "-p", folder / "run/master.pid"],
        log=folder / "log",
        ready=listening(starttls_port),
        env=environment,
    ):
        yield RealServer("127.0.0.1", tls_port, starttls_port, files.ca, folder)
