"""The process behind `demo_imap_server`: pymap over implicit TLS, serving the sample mailbox from memory.

Started with a folder as its argument and the password as the first line of standard input. It
writes one JSON line (port, messages) when it is ready, and ends when standard input does, so
that it never outlives its parent, however that one dies. The CA's key never leaves its memory.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trustme
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.config import BackendCapability
from pymap.imap import IMAPServer
from pymap.listtree import ListEntry, ListTree
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials.flag import Flag
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from mailbox_svc.demo.mail import SampleMessage
from mailbox_svc.demo.people import ALICE
from mailbox_svc.demo.sample import FOLDERS, sample_mailbox

CA_FILE = "ca.pem"


@dataclass(frozen=True)
class _Entry(ListEntry):
    """A folder that tells its special use (RFC 6154), which pymap does not know."""

    @property
    def attributes(self) -> Sequence[bytes]:
        use = FOLDERS.get(self.name, "")
        return [*super().attributes, *([use.encode()] if use else [])]


class _Tree(ListTree):
    def list_matching(self, ref_name: str, filter_: str) -> Iterable[ListEntry]:
        for entry in super().list_matching(ref_name, filter_):
            yield _Entry(entry.name, entry.exists, entry.marked, entry.has_children)


class _Folders(MailboxSet):
    async def list_mailboxes(self) -> ListTree:
        return _Tree(self.delimiter).update(*FOLDERS)


class _Config(Config):
    """Implicit TLS: no STARTTLS is offered, and SPECIAL-USE is."""

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=True, multi_append=True, custom=[b"SPECIAL-USE"])

    @property
    def greeting(self) -> bytes:
        return b"Sample mailbox ready"


async def _serve(folder: Path, password: str) -> None:
    config = _config()
    config.apply_context()
    login = Login(config)
    # A throw-away password, already in memory: hashing it (`Cleartext`) would only cost time.
    await login.demo_user_identity.set(UserMetadata(config, ALICE.address, password=password))
    messages = sample_mailbox(datetime.now(UTC))
    config.set_cache[ALICE.address] = (await _load(messages), FilterSet())
    accept = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=_certificate(folder))
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "messages": len(messages)}), flush=True)  # noqa: T201  (our answer)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def _config() -> _Config:
    return _Config(
        Namespace(),
        host=None,
        port=0,
        tls_enabled=False,  # pymap's word for STARTTLS
        proxy_protocol=ProxyProtocolVersion.get("noop"),
        reject_dnsbl=False,
        hash_context=Cleartext(),
        demo_data=False,
        demo_user=ALICE.address,
        demo_password="",
    )


async def _load(messages: Iterable[SampleMessage]) -> _Folders:
    folders = _Folders()
    for name in FOLDERS:
        if name != "INBOX":
            await folders.add_mailbox(name)
    for message in messages:
        flags = frozenset({Flag(b"\\Seen")} if message.seen else ())
        folder = await folders.get_mailbox(message.folder)
        await folder.append(AppendMessage(message.raw, message.received, flags))
    return folders


def _certificate(folder: Path) -> ssl.SSLContext:
    """Make a CA for this run, leave its certificate in the folder, and return the server's side."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / CA_FILE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def main() -> None:
    """Serve until standard input ends."""
    asyncio.run(_serve(Path(sys.argv[1]), sys.stdin.readline().rstrip("\n")))


if __name__ == "__main__":
    main()
