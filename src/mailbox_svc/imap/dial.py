"""The egress guard: the only place that opens a connection to an address a user chose.

Nothing is dialled before every address of the host has been vetted, and what is dialled is the vetted
address, never the name: a second look-up could answer otherwise.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from mailbox_svc.imap.addresses import Address, Network, is_allowed, parse_address
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.resolve import HostResolver
from mailbox_svc.model.check import Code, Stage

#: Addresses tried at most; real servers have fewer.
MAX_ADDRESSES = 8
#: Seconds for all addresses together; one gets a third of it at most.
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Where connections may go: public addresses, networks the operator opened, these ports."""

    opened: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset({993, 143})

    def allows(self, addresses: tuple[Address, ...]) -> bool:
        """Say whether all these addresses may be dialled.

        All: a host with one address inside and one outside is an attack or a mistake.
        """
        return all(is_allowed(address, self.opened) for address in addresses)


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection to a vetted address. Its holder closes the socket."""

    sock: socket.socket
    #: What the server's certificate must carry.
    name: str


async def dial(
    host: str,
    port: int,
    *,
    policy: EgressPolicy,
    resolver: HostResolver,
    stages: Stages,
    patience: float = PATIENCE,
) -> Line:
    """Resolve, vet and connect, the last in `patience` seconds; stages RESOLVE and CONNECT.

    Raises ConnectionFailed: DNS_FAILURE, DNS_TEMPORARY, DESTINATION_NOT_ALLOWED (whatever the
    reason, so that answers do not map the inside), CONNECT_FAILED or CONNECT_TIMEOUT.
    """
    with stages.enter(Stage.RESOLVE):
        if port not in policy.ports:
            # Before any look-up, which an attacker could watch.
            raise ConnectionFailed(Code.DESTINATION_NOT_ALLOWED)
        resolved = await resolver.resolve(host)
        if not policy.allows(resolved.addresses):
            raise ConnectionFailed(Code.DESTINATION_NOT_ALLOWED)
    with stages.enter(Stage.CONNECT):
        sock = await _connect_first(resolved.addresses[:MAX_ADDRESSES], port, patience)
        return Line(sock, resolved.name)


async def _connect_first(addresses: tuple[Address, ...], port: int, patience: float) -> socket.socket:
    """Try the addresses in turn; each gets an even share of the time that is left."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    code = Code.CONNECT_FAILED
    for tried, address in enumerate(addresses):
        share = (end - loop.time()) / (len(addresses) - tried)
        try:
            async with asyncio.timeout(min(patience / 3, share)):
                return await _connect(address, port)
        except TimeoutError:
            # The kernel's own ETIMEDOUT is a TimeoutError too.
            code = Code.CONNECT_TIMEOUT
        except OSError:
            continue
    raise ConnectionFailed(code)


async def _connect(address: Address, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
        peer = parse_address(sock.getpeername()[0])
    except BaseException:
        # Cancellation too: nobody else holds the socket yet.
        sock.close()
        raise
    if peer != address:
        # Only if something below us redirects; then it must not go on.
        sock.close()
        raise ConnectionFailed(Code.DESTINATION_NOT_ALLOWED)
    return sock
