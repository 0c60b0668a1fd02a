"""A few of each kind on uvloop, whose transports are not asyncio's."""

from collections.abc import Awaitable, Callable

import pytest
import uvloop

from mailbox_svc.model.check import Code, ConnectionReport
from support.hostile import DIALOGUE, at_list, at_login, follow, leaves_after, says, stops_at
from support.imap_server import Peer, Script, running, server_context
from support.watch import nothing_left

CAPABLE = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK\r\n"


async def starttls(peer: Peer) -> None:
    """A good server that has to be asked for TLS."""
    await follow(peer, b"* OK\r\n", CAPABLE)
    await peer.reply(b"OK go")
    await peer.start_tls(server_context())
    assert await peer.command() == b"CAPABILITY"
    await follow(peer, CAPABLE, *DIALOGUE[1:])
    await peer.reply(b"OK")


async def good(peer: Peer) -> None:
    await follow(peer, *DIALOGUE)
    await peer.reply(b"OK")


@pytest.mark.parametrize(
    ("script", "tls", "code"),
    [
        (good, True, Code.OK),
        (starttls, False, Code.OK),
        (says(b""), True, Code.SERVER_TIMEOUT),
        (leaves_after(b"* OK\r\n"), True, Code.SERVER_DISCONNECTED),
        (says(b"* BYE\r\n"), True, Code.SERVER_BYE),
        (at_login(b"WRONG OK\r\n"), True, Code.PROTOCOL_ERROR),
        (at_list(b"* 1 EXISTS\r\n" * 1000, times=1000), True, Code.RESPONSE_TOO_LARGE),
        (stops_at(4, b"", Peer.reset), True, Code.SERVER_DISCONNECTED),
    ],
)
def test_it_is_the_same_on_uvloop(
    script: Script, tls: bool, code: Code, connect: Callable[..., Awaitable[ConnectionReport]]
) -> None:
    async def check() -> ConnectionReport:
        async with nothing_left(), running(script, tls=server_context() if tls else None) as server:
            return await connect(server, tls=tls, timeout=1.0)

    assert uvloop.run(check()).code is code
