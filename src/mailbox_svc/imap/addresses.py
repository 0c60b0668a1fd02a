"""Which IP addresses may be dialled: our own table, because `ipaddress.is_global` lets too many through.

Judges addresses only, never names: a name is as harmless as the addresses it resolves to.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class _Range(enum.Enum):
    """What an operator's CIDR can do for a range."""

    #: Open to everybody.
    PUBLIC = enum.auto()
    #: Opened by any CIDR that covers the address, however wide.
    PRIVATE = enum.auto()
    #: Opened only by a CIDR that lies within the range: 0.0.0.0/0 does not mean the metadata service.
    GUARDED = enum.auto()
    #: Never opened: no mail server can live there.
    NEVER = enum.auto()


# IANA IPv4 and IPv6 Special-Purpose Address Registries, multicast, and the clouds' own addresses.
# The longest matching prefix decides.
_RANGES: tuple[tuple[str, _Range], ...] = (
    ("0.0.0.0/0", _Range.PUBLIC),
    ("0.0.0.0/8", _Range.NEVER),  # "this host": Linux connects to loopback
    ("10.0.0.0/8", _Range.PRIVATE),
    ("100.64.0.0/10", _Range.PRIVATE),  # carrier-grade NAT, overlay networks
    ("100.100.100.200/32", _Range.GUARDED),  # Alibaba Cloud metadata
    ("127.0.0.0/8", _Range.GUARDED),
    ("168.63.129.16/32", _Range.GUARDED),  # Azure wire server
    ("169.254.0.0/16", _Range.GUARDED),
    ("169.254.169.254/32", _Range.GUARDED),  # cloud metadata
    ("169.254.170.2/32", _Range.GUARDED),  # AWS container credentials
    ("172.16.0.0/12", _Range.PRIVATE),
    ("192.0.0.0/24", _Range.NEVER),  # protocol assignments
    ("192.0.0.192/32", _Range.GUARDED),  # Oracle Cloud metadata
    ("192.0.2.0/24", _Range.NEVER),  # documentation
    ("192.31.196.0/24", _Range.NEVER),  # AS112
    ("192.52.193.0/24", _Range.NEVER),  # AMT
    ("192.88.99.0/24", _Range.NEVER),  # 6to4 relay, deprecated
    ("192.168.0.0/16", _Range.PRIVATE),
    ("192.175.48.0/24", _Range.NEVER),  # AS112
    ("198.18.0.0/15", _Range.PRIVATE),  # benchmarking, used by some overlay networks
    ("198.51.100.0/24", _Range.NEVER),  # documentation
    ("203.0.113.0/24", _Range.NEVER),  # documentation
    ("224.0.0.0/4", _Range.NEVER),  # multicast
    ("240.0.0.0/4", _Range.NEVER),  # reserved, broadcast
    # Everything outside global unicast is closed: IPv4-compatible, local NAT64, site-local, multicast, ...
    ("::/0", _Range.NEVER),
    ("::1/128", _Range.GUARDED),
    ("2000::/3", _Range.PUBLIC),
    ("2001::/23", _Range.NEVER),  # protocol assignments, Teredo (2001::/32)
    ("2001:db8::/32", _Range.NEVER),  # documentation
    ("2002::/16", _Range.NEVER),  # 6to4
    ("2620:4f:8000::/48", _Range.NEVER),  # AS112
    ("3fff::/20", _Range.NEVER),  # documentation
    ("fc00::/7", _Range.PRIVATE),
    ("fd00:ec2::/32", _Range.GUARDED),  # AWS metadata (fd00:ec2::254) and its neighbours
    ("fd20:ce::/32", _Range.GUARDED),  # Google Cloud metadata (fd20:ce::254)
    ("fe80::/10", _Range.GUARDED),
)

_BY_LENGTH = sorted(
    ((ipaddress.ip_network(cidr), kind) for cidr, kind in _RANGES),
    key=lambda row: row[0].prefixlen,
    reverse=True,
)
_TABLE: dict[int, tuple[tuple[Network, _Range], ...]] = {
    version: tuple(row for row in _BY_LENGTH if row[0].version == version) for version in (4, 6)
}

_NAT64 = IPv6Network("64:ff9b::/96")


def parse_address(text: str) -> Address | None:
    """Return the address that the text spells in full, or None.

    Only the canonical notations count; `127.1`, `0x7f000001` and full-width digits are names like any
    other. An IPv6 address may stand in brackets. A scope id is refused: it names an interface of ours.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        # The kernel treats a mapped address as IPv4; so does everything here.
        return address.ipv4_mapped or address
    return None if bare != text else address


def is_allowed(address: Address, opened: Iterable[Network]) -> bool:
    """Say whether `address` may be dialled when the operator has opened these networks.

    An IPv4 address inside a mapped or NAT64 (64:ff9b::/96) address is the one that is reached in the
    end, so it alone is judged and looked up in `opened`; IPv6-only hosts reach all of IPv4 that way.
    The other wrappings (IPv4-compatible, 6to4, Teredo, local NAT64) are refused whatever they hold:
    no mail server needs them.
    """
    address = _reached(address)
    network, kind = next(row for row in _TABLE[address.version] if address in row[0])
    if kind is _Range.PUBLIC:
        return True
    if kind is _Range.NEVER:
        return False
    return any(
        address in cidr and (kind is _Range.PRIVATE or _within(cidr, network))
        for cidr in opened
        if cidr.version == address.version
    )


def _reached(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _within(cidr: Network, network: Network) -> bool:
    return cidr.prefixlen >= network.prefixlen and cidr.network_address in network
