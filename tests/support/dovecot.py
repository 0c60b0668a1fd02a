"""A throw-away Dovecot (2.3 or 2.4) on loopback, started by root or by anyone."""

from __future__ import annotations

import base64
import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from support import certs
from support.processes import SECRETS, free_port, listening, needs, new_folder, running

#: Every user has these: the special ones marked by attribute, and one whose name needs modified UTF-7.
FOLDERS = {
    "Sent": r"\Sent",
    "Drafts": r"\Drafts",
    "Junk": r"\Junk",
    "Trash": r"\Trash",
    "Archive": r"\Archive",
}
PLAIN_FOLDERS = ("Entwürfe", "Entwürfe/日本語")


@dataclass(frozen=True, slots=True)
class DovecotServer:
    """A Dovecot that runs until its context ends."""

    host: str
    #: TLS from the first byte.
    tls_port: int
    #: Clear text that must be upgraded before a login.
    starttls_port: int
    #: PEM file of the authority that its certificate comes from.
    ca_file: Path
    log: Path
    folder: Path
    #: What stands before and between the names of folders.
    prefix: str = ""
    separator: str = "/"

    def maildir(self, user: str) -> Path:
        """The user's INBOX; it exists after the first login."""
        return self.folder / "mail" / user


@contextmanager
def running_dovecot(
    users: Mapping[str, str],
    ca: trustme.CA,
    *,
    login_in_clear: bool = False,
    introspection: str = "",
    settings: str = "",
) -> Iterator[DovecotServer]:
    """Run a Dovecot that knows these users (address to password).

    `login_in_clear` allows a login without TLS on the STARTTLS port. `introspection` is the URL that it asks
    about every access token (RFC 7662); without one it takes none. `settings` is added to its settings.
    """
    program = needs(Path("/usr/sbin/dovecot"))
    folder = new_folder("dovecot")
    server = DovecotServer("127.0.0.1", free_port(), free_port(), folder / "ca.pem", folder / "log", folder)
    certs.issue(ca, folder)
    mail = folder / "mail"
    mail.mkdir()
    if os.getuid() == 0:
        shutil.chown(mail, "mail", "mail")
    (folder / SECRETS / "passwd").write_text(
        "".join(f"{user}:{{PLAIN.b64}}{_base64(password)}\n" for user, password in users.items())
    )
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version = version.split()[0].partition("-")[0]
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        _settings(server, version, login_in_clear=login_in_clear)
        + (_tokens(server, version, introspection) if introspection else "")
        + settings,
        encoding="utf-8",
    )
    server.log.touch()
    server.log.chmod(0o666)  # written by several users
    with running(
        [program, "-F", "-c", configuration],
        log=folder / "stderr",
        ready=listening(server.starttls_port),
    ):
        yield server


def _base64(password: str) -> str:
    return base64.b64encode(password.encode()).decode()  # a password may have a colon in it


def _names() -> dict[str, str]:
    if os.getuid() == 0:
        return {
            "internal": "dovecot",
            "group": "dovecot",
            "login": "dovenull",
            "mail": "mail",
            "mailgroup": "mail",
        }
    me = pwd.getpwuid(os.getuid()).pw_name
    group = grp.getgrgid(os.getgid()).gr_name
    return {"internal": me, "group": group, "login": me, "mail": me, "mailgroup": group}


def _settings(server: DovecotServer, version: str, *, login_in_clear: bool) -> str:
    if version.startswith("2.3"):
        return _common(server) + _settings_2_3(server, login_in_clear)
    # 2.4 wants to be told, first of all, which version's defaults are meant
    head = f"dovecot_config_version = {version}\ndovecot_storage_version = {version}\n"
    return head + _common(server) + _settings_2_4(server, login_in_clear)


def _common(server: DovecotServer) -> str:
    names = _names()
    folder = server.folder
    special = "\n".join(
        f'  mailbox "{name}" {{\n    special_use = {use}\n    auto = subscribe\n  }}'
        for name, use in FOLDERS.items()
    )
    plain = "\n".join(f'  mailbox "{name}" {{\n    auto = subscribe\n  }}' for name in PLAIN_FOLDERS)
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {server.log}
auth_verbose = yes
auth_failure_delay = 0
auth_mechanisms = plain login
protocols = imap
listen = 127.0.0.1
default_internal_user = {names["internal"]}
default_internal_group = {names["group"]}
default_login_user = {names["login"]}
ssl = yes
first_valid_uid = 1
mail_max_userip_connections = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {server.starttls_port}
  }}
  inet_listener imaps {{
    port = {server.tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # no growing delay after failed logins: tests fail logins on purpose
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service auth {{
  user = {names["internal"]}
}}
service auth-worker {{
  user = {names["internal"]}
}}
namespace inbox {{
  inbox = yes
  separator = /
{special}
{plain}
}}
"""


def _settings_2_3(server: DovecotServer, in_clear: bool) -> str:
    names = _names()
    folder = server.folder
    return f"""
ssl_cert = <{folder}/chain.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = {"no" if in_clear else "yes"}
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/{SECRETS}/passwd
}}
userdb {{
  driver = static
  args = uid={names["mail"]} gid={names["mailgroup"]} home={folder}/mail/%u
}}
"""


def _settings_2_4(server: DovecotServer, in_clear: bool) -> str:
    names = _names()
    folder = server.folder
    return f"""
ssl_server_cert_file = {folder}/chain.pem
ssl_server_key_file = {folder}/key.pem
auth_allow_cleartext = {"yes" if in_clear else "no"}
mail_driver = maildir
mail_path = {folder}/mail/%{{user}}
passdb passwd-file {{
  passwd_file_path = {folder}/{SECRETS}/passwd
  auth_username_format = %{{user}}
}}
userdb static {{
  fields {{
    uid = {names["mail"]}
    gid = {names["mailgroup"]}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


def _tokens(server: DovecotServer, version: str, introspection: str) -> str:
    """The settings to take access tokens too: the user is the token's subject, and must be let at mail."""
    file = server.folder / SECRETS / "oauth2.conf"  # the URL has a password in it
    is_2_3 = version.startswith("2.3")
    prefix = "" if is_2_3 else "oauth2_"
    file.write_text(
        f"""
{prefix}introspection_mode = post
{prefix}introspection_url = {introspection}
{prefix}force_introspection = yes
{prefix}username_attribute = sub
{prefix}active_attribute = active
{prefix}active_value = true
{prefix}scope = mail.read
"""
    )
    # 2.4 has no password database for tokens
    passdb = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {file}\n}}\n"
    more = passdb if is_2_3 else f"!include {file}\n"
    return f"auth_mechanisms = plain login xoauth2 oauthbearer\n{more}"
