from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap.addresses import Network, is_allowed, parse_address


def networks(*cidrs: str) -> tuple[Network, ...]:
    return tuple(ip_network(cidr) for cidr in cidrs)


@pytest.mark.parametrize(
    "text",
    [
        # is_global says yes to these on one Python or another.
        "224.0.0.1",
        "239.1.1.1",
        "ff02::1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "fec0::1",
        "192.0.0.8",
        "3fff::1",
        "5f00::1",
        "192.88.99.1",
        "168.63.129.16",
        # And these are no on all.
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "100.64.0.1",
        "169.254.169.254",
        "fd00:ec2::254",
        # The plain ones, and the edges of their ranges.
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b::a9fe:a9fe",
        "100::1",
        "2001::1",  # Teredo
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "4000::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fd20:ce::254",
        "ff0e::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    assert not is_allowed(ip_address(text), ())


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "142.250.102.108",
        "168.63.129.15",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:400c:c00::6c",
        "2001:4860:4860::8888",
        "3ffe:ffff::1",
        "::ffff:8.8.8.8",
        # What DNS64 gives an IPv6-only host for every IPv4 server.
        "64:ff9b::808:808",
    ],
)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text), ())


@pytest.mark.parametrize(
    ("text", "cidr"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("10.1.2.3", "0.0.0.0/0"),
        ("192.168.7.7", "192.168.0.0/16"),
        ("100.64.1.1", "100.64.0.0/10"),
        ("fd12::1", "fc00::/7"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("127.0.0.1", "127.0.0.1/32"),
        ("::1", "::1/128"),
        ("169.254.1.1", "169.254.0.0/16"),
        ("169.254.169.254", "169.254.169.254/32"),
        ("fe80::1", "fe80::/10"),
        ("fd00:ec2::254", "fd00:ec2::254/128"),
        # The IPv4 address inside is what is reached.
        ("::ffff:10.1.2.3", "10.0.0.0/8"),
        ("64:ff9b::a01:203", "10.0.0.0/8"),
    ],
)
def test_an_operator_can_open_a_private_network(text: str, cidr: str) -> None:
    assert not is_allowed(ip_address(text), ())
    assert is_allowed(ip_address(text), networks(cidr))


@pytest.mark.parametrize(
    ("text", "cidr"),
    [
        # Too wide to be meant.
        ("127.0.0.1", "0.0.0.0/0"),
        ("169.254.169.254", "0.0.0.0/0"),
        ("169.254.1.1", "169.254.0.0/15"),
        ("169.254.169.254", "169.254.0.0/16"),
        ("168.63.129.16", "168.0.0.0/8"),
        ("100.100.100.200", "100.64.0.0/10"),
        ("::1", "::/0"),
        ("fe80::1", "::/0"),
        ("fd00:ec2::254", "fc00::/7"),
        ("fd00:ec2::254", "fd00::/8"),
        # Of no use to anyone.
        ("0.0.0.0", "0.0.0.0/0"),
        ("0.0.0.0", "0.0.0.0/32"),
        ("::", "::/128"),
        ("224.0.0.1", "224.0.0.0/4"),
        ("255.255.255.255", "240.0.0.0/4"),
        # Wrapped, with the wrapping opened: not what it reaches.
        ("64:ff9b::7f00:1", "64:ff9b::/96"),
        ("::ffff:127.0.0.1", "::ffff:0:0/96"),
        ("2002:7f00:1::", "127.0.0.0/8"),
        ("2002:7f00:1::", "2002::/16"),
        ("::127.0.0.1", "127.0.0.0/8"),
        # Another network, or the other family.
        ("10.1.2.3", "192.168.0.0/16"),
        ("10.1.2.3", "fc00::/7"),
        ("fd12::1", "10.0.0.0/8"),
    ],
)
def test_opening_one_network_opens_nothing_else(text: str, cidr: str) -> None:
    assert not is_allowed(ip_address(text), networks(cidr))


@given(st.integers(0, 2**32 - 1))
def test_every_wrapping_of_an_ipv4_address_is_judged_no_milder_than_the_address(number: int) -> None:
    plain = ip_address(number)
    wrappings = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80, number]
    for wrapping in wrappings:
        assert is_allowed(plain, ()) or not is_allowed(ip_address(wrapping % 2**128), ())


@given(st.ip_addresses())
def test_nothing_is_allowed_that_python_knows_to_be_private(address: object) -> None:
    parsed = ip_address(str(address))
    if is_allowed(parsed, ()) and parse_address(str(parsed)) == parsed and parsed not in NAT64:
        assert parsed.is_global


NAT64 = ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
    ],
)
def test_the_usual_spellings_of_an_address_are_read(text: str, address: str) -> None:
    assert parse_address(text) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    [
        "127.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        " 127.0.0.1",
        "[127.0.0.1]",
        "\uff10.0.0.0",
        "\u2460\u2461\u2466.0.0.1",
        "fe80::1%eth0",
        "[fe80::1%eth0]",
        "::1/128",
        "[::1",
        "",
    ],
)
def test_other_spellings_are_no_addresses(text: str) -> None:
    assert parse_address(text) is None
