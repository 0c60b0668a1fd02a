"""A scripted server that holds mail, and our end of reading it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from mailbox_svc.imap.access import Access
from mailbox_svc.imap.dial import EgressPolicy
from mailbox_svc.imap.reader import ImapReader
from mailbox_svc.imap.source import ImapMailSource
from mailbox_svc.model.mailbox import Destination
from support.imap_client import PASSWORD
from support.imap_server import GREETING, Peer, Script, ScriptedServer, authority, running, server_context

_RANGE = re.compile(rb"UID FETCH (\d+):(\d+) \(UID BODY\.PEEK\[(HEADER\.FIELDS \([^)]*\))\]\)\Z")
_SEQUENCE = re.compile(rb"FETCH ([\d,*]+) \(UID\)\Z")

_LITERAL = re.compile(rb"\{(\d+)\}\Z")

_SAYS = {
    b"CAPABILITY": [b"CAPABILITY IMAP4rev1"],
    b"LIST": [b'LIST (\\Sent) "/" "Entw&APw-rfe"'],
}

#: Answers `UID FETCH first:last`: gets the peer, the folder and both UIDs.
Fetch = Callable[[Peer, "Held", int, int], Awaitable[None]]


def message(uid: int, header: bytes) -> bytes:
    """A FETCH response as most servers write it."""
    section = b"HEADER.FIELDS (FROM TO)"
    return b"* 1 FETCH (UID %d BODY[%b] {%d}\r\n%b)\r\n" % (uid, section, len(header), header)


@dataclass
class Held:
    """A folder: UIDs and their header lines."""

    messages: dict[int, bytes] = field(default_factory=dict)
    uidnext: int = 0
    uidvalidity: int = 7
    #: The name of a folder that cannot be opened.
    locked: bytes | None = None

    def __post_init__(self) -> None:
        self.uidnext = self.uidnext or max(self.messages, default=0) + 1

    def within(self, first: int, last: int) -> bytes:
        """FETCH responses for this range."""
        return b"".join(message(uid, text) for uid, text in self.messages.items() if first <= uid <= last)

    def examined(self) -> bytes:
        """The answer to EXAMINE."""
        return b"".join(
            [
                b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n" % (len(self.messages), self.uidvalidity),
                b"* OK [UIDNEXT %d] x\r\n* OK [HIGHESTMODSEQ 99] x\r\n" % self.uidnext,
                b"{tag} OK [READ-ONLY] x\r\n",
            ]
        )

    def uids(self, numbers: bytes) -> bytes:
        """FETCH responses for these sequence numbers."""
        uids = sorted(self.messages)
        each = [len(uids) if number == b"*" else int(number) for number in numbers.split(b",")]
        return b"".join(b"* %d FETCH (UID %d)\r\n" % (number, uids[number - 1]) for number in each)


async def honestly(peer: Peer, held: Held, first: int, last: int) -> None:
    """Send the range and say OK."""
    await peer.send(held.within(first, last) + peer.tag + b" OK done\r\n")


def serving(
    held: Held,
    fetch: Fetch = honestly,
    *,
    examined: bytes | None = None,
    sequence: bytes = b"OK done",
    says: Mapping[bytes, list[bytes]] = MappingProxyType({}),
) -> Script:
    """A server whose every folder is `held`.

    `examined` is what it answers to EXAMINE, `{tag}` its tag; `sequence` how it ends a FETCH by number, to
    which it tells UIDs if that is OK; `says` what it tells, by the first word of a command, before its OK.
    """

    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        while (command := await peer.command()) != b"LOGOUT":
            if asked := _RANGE.match(command):
                await fetch(peer, held, int(asked[1]), int(asked[2]))
            elif by_number := _SEQUENCE.match(command):
                if sequence.startswith(b"OK"):
                    await peer.send(held.uids(by_number[1]))
                await peer.reply(sequence)
            elif command.startswith(b"EXAMINE"):
                if literal := _LITERAL.search(command):
                    await peer.send(b"+ go on\r\n")
                    await peer.exactly(int(literal[1]) + 2)
                if held.locked is not None and held.locked in command:
                    await peer.reply(b"NO [NOPERM] not for you")
                    continue
                await peer.send((examined or held.examined()).replace(b"{tag}", peer.tag))
            else:
                await peer.answer_now(b"OK done", *{**_SAYS, **says}.get(command.split()[0], ()))
        await peer.answer_now(b"OK done", b"BYE")

    return script


@dataclass
class Keeper:
    """A sink that keeps all it is given, and holds the caller to the contract."""

    messages: dict[int, bytes] = field(default_factory=dict)
    #: What `reached` said, in order.
    reached_at: list[int] = field(default_factory=list)
    checkpoints: int = 0

    def message(self, uid: int, header: bytes) -> None:
        assert type(header) is bytes
        assert uid not in self.messages
        assert uid > max(self.reached_at, default=0)
        self.messages[uid] = header

    def reached(self, uid: int) -> None:
        assert uid > max(self.reached_at, default=0)
        assert max(self.messages, default=0) <= uid
        self.reached_at.append(uid)

    async def checkpoint(self) -> None:
        self.checkpoints += 1
        assert self.checkpoints <= len(self.reached_at)

    def kept(self) -> dict[int, bytes]:
        """What a run that was cut short would have stored."""
        last = max(self.reached_at, default=0)
        return {uid: header for uid, header in self.messages.items() if uid <= last}


@dataclass
class Reading:
    """A server and a source that may go there."""

    source: ImapMailSource
    server: ScriptedServer
    port: int

    def through(self, port: int) -> None:
        """Go through a proxy."""
        self.port = port

    @asynccontextmanager
    async def reader(self, *, timeout: float = 5.0) -> AsyncIterator[ImapReader]:
        where = Destination("localhost", self.port, tls=True, user="alice")
        async with self.source.open(where, PASSWORD, timeout=timeout) as reader:
            yield reader

    async def read(self, sink: Keeper, *, after: int = 0, timeout: float = 5.0) -> None:
        """Log in, open the folder and read it."""
        async with self.reader(timeout=timeout) as reader:
            await reader.examine(b"INBOX")
            await reader.read(after, sink)

    @property
    def fetches(self) -> list[bytes]:
        """The ranges that were asked for."""
        return re.findall(rb"UID FETCH (\S+)", bytes(self.server.received))


@asynccontextmanager
async def reading(script: Script, *, patience: float = 5.0) -> AsyncIterator[Reading]:
    """Serve over TLS; `patience` is the source's."""
    async with running(script, tls=server_context()) as server:
        yield Reading(ImapMailSource(_access(), patience=patience), server, server.port)


@cache
def _access() -> Access:
    """One for all: it holds no more than its policy, and to load all the authorities takes a while."""
    policy = EgressPolicy((ipaddress.ip_network("127.0.0.0/8"),), frozenset(range(1, 1 << 16)))
    with TemporaryDirectory() as folder:
        ca_file = Path(folder, "ca.pem")
        authority().cert_pem.write_to_path(str(ca_file))
        return Access(policy, ca_file=ca_file)
