"""Scripts of servers that mean harm, or are broken. `SERVER_WORDS` marks what no person should be shown."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from support.imap_server import Peer, Script
from support.watch import SERVER_WORDS

_READY = b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] " + SERVER_WORDS + b"\r\n"
_IN = b"OK [CAPABILITY IMAP4rev1] in " + SERVER_WORDS
_NOISE = random.Random(1).randbytes(4096)

SSH = b"SSH-2.0-OpenSSH_9.2p1 " + SERVER_WORDS + b"\r\n"
POP3 = b"+OK " + SERVER_WORDS + b"\r\n"
SMTP = b"220 mail.example.org ESMTP " + SERVER_WORDS + b"\r\n"
HTTP = b"HTTP/1.1 400 Bad Request\r\nserver: " + SERVER_WORDS + b"\r\n\r\n"
NOISE = b"\x80" + _NOISE


def says(data: bytes) -> Script:
    """Say this and then nothing."""

    async def script(peer: Peer) -> None:
        await peer.send(data)
        await peer.silence()

    return script


def leaves_after(data: bytes) -> Script:
    """Say this and close."""

    async def script(peer: Peer) -> None:
        await peer.send(data)

    return script


def resets_after(data: bytes) -> Script:
    """Say this and reset the connection."""

    async def script(peer: Peer) -> None:
        await peer.send(data)
        await peer.line()
        await peer.reset()

    return script


def breaks_tls() -> Script:
    """Greet, then send noise that is not encrypted."""

    async def script(peer: Peer) -> None:
        await peer.send(_READY)
        await peer.command()
        peer.send_below_tls(NOISE)
        await peer.silence()

    return script


def repeats(data: bytes, times: int, *, first: bytes = b"") -> Script:
    """Say `first`, then `data` many times over, in writes of 64 KiB at most."""
    block = max(1, (64 << 10) // len(data))

    async def script(peer: Peer) -> None:
        await peer.send(first)
        for _ in range(times // block):
            await peer.send(data * block)
        await peer.silence()

    return script


def drips(data: bytes, seconds: float) -> Script:
    """Say one byte at a time."""

    async def script(peer: Peer) -> None:
        while True:
            for byte in data:
                await peer.send(bytes([byte]))
                await asyncio.sleep(seconds)

    return script


def at_capability(answer: bytes) -> Script:
    """Greet, then answer the first command with this; `{tag}` is its tag."""
    return _at([b"* OK " + SERVER_WORDS + b"\r\n"], answer)


def at_login(answer: bytes) -> Script:
    """Be a server up to the login, then answer with this; `{tag}` is its tag, `{command}` all it said."""
    return _at([_READY], answer)


def at_list(answer: bytes, *, times: int = 1) -> Script:
    """Be a server up to the listing, then answer with this, as often; `{tag}` is its tag."""
    return _at([_READY, b"{tag} " + _IN + b"\r\n"], answer, times=times)


def asks_for_ever() -> Script:
    async def script(peer: Peer) -> None:
        await peer.send(_READY)
        await peer.command()
        while True:
            await peer.send(b"+ " + SERVER_WORDS + b"\r\n")
            await asyncio.sleep(0)

    return script


def _at(before: list[bytes], answer: bytes, *, times: int = 1) -> Script:
    async def script(peer: Peer) -> None:
        for line in before:
            await peer.send(line.replace(b"{tag}", peer.tag))
            command = await peer.command()
        filled = answer.replace(b"{tag}", peer.tag).replace(b"{command}", command)
        for _ in range(times):
            await peer.send(filled)
        await peer.silence()

    return script


async def follow(peer: Peer, *lines: bytes) -> None:
    """Say each line, `{tag}` filled in, and read the command that it leads to."""
    for line in lines:
        await peer.send(line.replace(b"{tag}", peer.tag))
        await peer.command()


#: What a good server says in one whole test over TLS. Each line leads to a command, the last to LOGOUT.
DIALOGUE = (
    _READY,
    b"{tag} OK in\r\n",
    b"* CAPABILITY IMAP4rev1 ID\r\n{tag} OK\r\n",
    b"* ID NIL\r\n{tag} OK\r\n",
    b'* LIST () "/" INBOX\r\n{tag} OK\r\n',
)


def stops_at(step: int, last: bytes, end: Callable[[Peer], Awaitable[None]] = Peer.silence) -> Script:
    """Follow the dialogue up to this step, then say `last` in the place of its line, and end so."""

    async def script(peer: Peer) -> None:
        await follow(peer, *DIALOGUE[:step])
        await peer.send(last)
        await end(peer)

    return script
