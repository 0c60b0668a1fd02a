"""From a host name to its addresses, asked once. Never judges the addresses: `dial` does.

Names are looked up in /etc/hosts, then by the name servers, as the system does; not by `getaddrinfo`,
which also reads `127.1` and `0x7f000001` as addresses, tries search domains and occupies a thread that
no deadline can stop.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import idna

from mailbox_svc.imap.addresses import Address, parse_address
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import Code

# RFC 1035 §2.3.1, and "_", which container networks use in the names of services.
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# The last label of no public name; programs that parse addresses loosely read it as a number.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A host and all its addresses."""

    #: The name (in A-labels, no trailing dot) or address that the certificate must carry.
    name: str
    addresses: tuple[Address, ...]


class HostResolver:
    """Asks the hosts file, then the system's name servers, or the given ones."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        *,
        port: int = 53,
        timeout: float = 5.0,
        resolv_conf: Path = Path("/etc/resolv.conf"),
        hosts_file: Path = Path("/etc/hosts"),
    ) -> None:
        """`nameservers` are IP addresses; without them, those that `resolv_conf` names are asked.

        `timeout` is in seconds and for a whole look-up, with all name servers and retries.
        """
        self._timeout = timeout
        self._hosts = _HostsFile(hosts_file)
        self._dns = name_servers(nameservers, port=port, resolv_conf=resolv_conf)

    async def resolve(self, host: str) -> Resolved:
        """Return every A and AAAA address of the host; IPv4 first, as it is the path that works.

        Raises ConnectionFailed: DNS_FAILURE when the name is no host name or has no address,
        DNS_TEMPORARY when the name servers do not say.
        """
        if (address := parse_address(host)) is not None:
            return Resolved(str(address), (address,))
        name = ascii_name(host)
        if is_localhost(name):
            # Never asked for. IPv4 alone, so that opening 127.0.0.0/8 is enough.
            return Resolved(name, (IPv4Address("127.0.0.1"),))
        if addresses := self._hosts.addresses(name):
            return Resolved(name, addresses)
        answers = await asyncio.gather(*(self._ask(name, kind) for kind in ("A", "AAAA")))
        addresses = tuple(dict.fromkeys(address for answer in answers for address in answer or ()))
        if not addresses:
            raise ConnectionFailed(Code.DNS_TEMPORARY if None in answers else Code.DNS_FAILURE)
        return Resolved(name, addresses)

    async def _ask(self, name: str, kind: str) -> list[Address] | None:
        """Return the addresses, none if there are none, or None when nobody knows just now."""
        try:
            # The trailing dot keeps search domains out.
            answer = await self._dns.resolve(
                f"{name}.", kind, lifetime=self._timeout, raise_on_no_answer=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return []
        except (dns.exception.DNSException, OSError):
            return None
        texts = (rdata.to_text() for rdata in answer.rrset or ())
        return [address for text in texts if (address := parse_address(text)) is not None]


def name_servers(
    addresses: Sequence[str] = (), *, port: int = 53, resolv_conf: Path = Path("/etc/resolv.conf")
) -> dns.asyncresolver.Resolver:
    """Return what asks the name servers at these addresses, or without any those that `resolv_conf` names."""
    try:
        resolver = dns.asyncresolver.Resolver(str(resolv_conf), configure=not addresses)
    except dns.resolver.NoResolverConfiguration:
        # A machine without name servers can still reach addresses.
        resolver = dns.asyncresolver.Resolver(configure=False)
    if addresses:
        resolver.nameservers = list(addresses)
    resolver.port = port
    return resolver


def is_localhost(name: str) -> bool:
    """Say whether the name, in lower case, is this machine's own: no name server is asked (RFC 6761 §6.3)."""
    return name == "localhost" or name.endswith(".localhost")


class _HostsFile:
    """The names that the operator of this machine has given addresses (hosts(5)).

    Container run-times write it (`extra_hosts`). Read again when it changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._names: dict[str, tuple[Address, ...]] = {}

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of the name, none if it is not in the file or there is no file."""
        try:
            stat = self._path.stat()
            if self._read_at != (version := (stat.st_mtime_ns, stat.st_size)):
                self._names = _parse_hosts(self._path.read_text(errors="replace"))
                self._read_at = version
        except OSError:
            return ()
        return self._names.get(name, ())


def _parse_hosts(text: str) -> dict[str, tuple[Address, ...]]:
    names: dict[str, tuple[Address, ...]] = {}
    for line in text.splitlines():
        address_text, *aliases = line.partition("#")[0].split() or [""]
        if (address := parse_address(address_text)) is not None:
            for alias in aliases:
                names[alias.lower()] = (*names.get(alias.lower(), ()), address)
    return names


def ascii_name(host: str) -> str:
    """Return the host name in lower-case A-labels (IDNA 2008, mapped by UTS 46), no trailing dot.

    Raises ConnectionFailed(DNS_FAILURE) when it cannot be the name of a server.
    """
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise ConnectionFailed(Code.DNS_FAILURE) from None
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or _NUMBER.fullmatch(labels[-1]):
        raise ConnectionFailed(Code.DNS_FAILURE)
    return name
