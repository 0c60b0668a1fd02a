"""A DNS server on real loopback sockets, UDP and TCP, that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from support.processes import free_port

#: What RFC 1035 §2.3.4 lets a UDP answer hold without EDNS.
_UDP_SIZE = 512


@dataclass
class Zone:
    """What the server knows; names are lower case without the trailing dot."""

    #: name -> addresses of both families, or "SERVFAIL", "SILENCE" or "alias <name>".
    records: dict[str, list[str] | str] = field(default_factory=dict)
    #: Names that give each list in turn, one per query of the A record, then the last for ever.
    turns: dict[str, list[list[str]]] = field(default_factory=dict)
    #: Records of other types, by question ("MX example.org") and in their textual form, or as in `records`.
    others: dict[str, list[str] | str] = field(default_factory=dict)
    #: Every question, as "A name.".
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes, *, limit: int) -> bytes | None:
        """Return the response in at most `limit` bytes (else truncated), or None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(f"{kind} {question.name.to_text()}")
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        found = self._look_up(name, kind)
        if found == "SILENCE":
            return None
        if found == "SERVFAIL":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._fill(response, question.name, kind, found)
        whole = response.to_wire(want_shuffle=False)  # in the order of the table
        if len(whole) <= limit:
            return whole
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()

    def _look_up(self, name: str, kind: str) -> list[str] | str | None:
        if kind not in ("A", "AAAA"):
            return self.others.get(f"{kind} {name}")
        if (turns := self.turns.get(name)) is not None:
            return turns.pop(0) if kind == "A" and len(turns) > 1 else turns[0]
        return self.records.get(name)

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, kind: str, found: list[str] | str
    ) -> None:
        while isinstance(found, str):
            target = found.removeprefix("alias ")
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"{target}."))
            name = dns.name.from_text(target)
            found = self.others[f"{kind} {target}"] if kind not in ("A", "AAAA") else self.records[target]
        if kind in ("A", "AAAA"):
            found = [address for address in found if (":" in address) == (kind == "AAAA")]
        if found:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))


@dataclass(frozen=True, slots=True)
class DnsServer:
    zone: Zone
    port: int


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._zone.answer(data, limit=_UDP_SIZE)
        if answer is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def serving(zone: Zone) -> AsyncIterator[DnsServer]:
    """Answer on 127.0.0.1, UDP and TCP on the same port, until the end of the block."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await reader.readexactly(2))
                answer = zone.answer(await reader.readexactly(size), limit=65_535)
                if answer is not None:
                    writer.write(len(answer).to_bytes(2) + answer)
        writer.close()

    loop = asyncio.get_running_loop()
    port = free_port()
    tcp = await asyncio.start_server(serve, "127.0.0.1", port)
    udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(zone), local_addr=("127.0.0.1", port))
    try:
        yield DnsServer(zone, port)
    finally:
        udp.close()
        tcp.close()
