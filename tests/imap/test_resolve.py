from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.resolve import HostResolver, Resolved, ascii_name
from mailbox_svc.model.check import Code
from support.dns_server import Zone, serving


async def resolved(zone: Zone, host: str) -> Resolved:
    async with serving(zone) as server:
        return await HostResolver(["127.0.0.1"], port=server.port).resolve(host)


async def failure(zone: Zone, host: str) -> Code:
    with pytest.raises(ConnectionFailed) as caught:
        await resolved(zone, host)
    return caught.value.code


async def test_a_name_gives_its_addresses_of_both_families_ipv4_first() -> None:
    zone = Zone({"imap.example.org": ["2001:db8::1", "192.0.2.1", "192.0.2.2"]})
    found = await resolved(zone, "IMAP.example.org")
    assert found.name == "imap.example.org"
    assert found.addresses == tuple(map(ip_address, ["192.0.2.1", "192.0.2.2", "2001:db8::1"]))


async def test_a_name_is_asked_for_once_and_in_full() -> None:
    zone = Zone({"imap.example.org": ["192.0.2.1"]})
    await resolved(zone, "imap.example.org.")
    assert sorted(zone.asked) == ["A imap.example.org.", "AAAA imap.example.org."]


async def test_search_domains_are_never_tried(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch corp.example\n")
    zone = Zone({"mail.corp.example": ["192.0.2.1"]})
    async with serving(zone) as server:
        resolver = HostResolver(port=server.port, resolv_conf=tmp_path / "resolv.conf")
        with pytest.raises(ConnectionFailed):
            await resolver.resolve("mail")
    assert sorted(zone.asked) == ["A mail.", "AAAA mail."]


async def test_a_single_label_is_looked_up_as_it_is() -> None:
    # The names of services in a container network.
    assert (await resolved(Zone({"dovecot": ["172.18.0.2"]}), "dovecot")).addresses == (
        ip_address("172.18.0.2"),
    )
    assert (await resolved(Zone({"mail_server": ["172.18.0.3"]}), "mail_server")).name == "mail_server"


async def test_an_international_name_is_asked_for_in_ascii() -> None:
    zone = Zone({"xn--bcher-kva.example": ["192.0.2.1"]})
    assert (await resolved(zone, "Bücher.example")).name == "xn--bcher-kva.example"


async def test_an_alias_is_followed() -> None:
    zone = Zone({"mail.example.org": "alias real.example.org", "real.example.org": ["192.0.2.9"]})
    assert (await resolved(zone, "mail.example.org")).addresses == (ip_address("192.0.2.9"),)


async def test_a_hundred_answers_come_whole_over_tcp() -> None:
    zone = Zone({"many.example.org": [f"192.0.2.{n}" for n in range(100)]})
    assert len((await resolved(zone, "many.example.org")).addresses) == 100


async def test_a_mapped_answer_is_its_ipv4_address() -> None:
    zone = Zone({"mapped.example.org": ["::ffff:127.0.0.1"]})
    assert (await resolved(zone, "mapped.example.org")).addresses == (ip_address("127.0.0.1"),)


async def test_one_family_that_fails_does_not_hide_the_other() -> None:
    class HalfBroken(Zone):
        def answer(self, wire: bytes, *, limit: int) -> bytes | None:
            self.records["half.example.org"] = "SERVFAIL" if b"\0\x1c\0\1" in wire[-5:] else ["192.0.2.1"]
            return super().answer(wire, limit=limit)

    assert (await resolved(HalfBroken(), "half.example.org")).addresses == (ip_address("192.0.2.1"),)


async def test_an_unknown_name_is_a_dns_failure() -> None:
    assert await failure(Zone(), "nobody.example.org") is Code.DNS_FAILURE


async def test_a_name_without_addresses_is_a_dns_failure() -> None:
    assert await failure(Zone({"empty.example.org": []}), "empty.example.org") is Code.DNS_FAILURE


async def test_a_failing_name_server_is_temporary() -> None:
    assert await failure(Zone({"broken.example.org": "SERVFAIL"}), "broken.example.org") is Code.DNS_TEMPORARY


async def test_a_silent_name_server_is_temporary_and_costs_no_more_than_the_limit() -> None:
    async with serving(Zone({"mute.example.org": "SILENCE"})) as server:
        started = time.monotonic()
        with pytest.raises(ConnectionFailed) as caught:
            await HostResolver(["127.0.0.1"], port=server.port, timeout=0.3).resolve("mute.example.org")
    assert caught.value.code is Code.DNS_TEMPORARY
    assert time.monotonic() - started < 4  # the library by itself takes five


async def test_a_look_up_can_be_cancelled_at_once() -> None:
    async with serving(Zone({"mute.example.org": "SILENCE"})) as server:
        resolver = HostResolver(["127.0.0.1"], port=server.port)
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await resolver.resolve("mute.example.org")
        assert time.monotonic() - started < 4  # the look-up has five
        assert len(asyncio.all_tasks()) == 1


async def test_a_name_server_nobody_runs_is_temporary() -> None:
    async with serving(Zone()) as server:
        gone = server.port
    with pytest.raises(ConnectionFailed) as caught:
        await HostResolver(["127.0.0.1"], port=gone, timeout=0.3).resolve("imap.example.org")
    assert caught.value.code is Code.DNS_TEMPORARY


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:0DB8::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("LOCALHOST.", "127.0.0.1"),
        ("mail.localhost", "127.0.0.1"),
    ],
)
async def test_addresses_and_localhost_are_never_asked_for(host: str, name: str) -> None:
    zone = Zone()
    assert (await resolved(zone, host)).addresses == (ip_address(name),)
    assert zone.asked == []


async def test_the_hosts_file_comes_before_the_name_servers(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# ours\n\n192.0.2.7 Mail.Corp.example mail # old\n2001:db8::7 mail\nfe80::1%lo mail\n")
    zone = Zone({"imap.example.org": ["192.0.2.1"]})
    async with serving(zone) as server:
        resolver = HostResolver(["127.0.0.1"], port=server.port, hosts_file=hosts)
        assert (await resolver.resolve("mail.corp.example")).addresses == (ip_address("192.0.2.7"),)
        assert (await resolver.resolve("MAIL.")).addresses == tuple(
            map(ip_address, ["192.0.2.7", "2001:db8::7"])
        )
        assert zone.asked == []
        assert (await resolver.resolve("imap.example.org")).addresses == (ip_address("192.0.2.1"),)


async def test_a_change_of_the_hosts_file_is_noticed(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.7 mail\n")
    resolver = HostResolver(["127.0.0.1"], hosts_file=hosts)
    await resolver.resolve("mail")
    hosts.write_text("192.0.2.77 mail\n")
    assert (await resolver.resolve("mail")).addresses == (ip_address("192.0.2.77"),)


async def test_a_machine_without_a_hosts_file_asks_the_name_servers(tmp_path: Path) -> None:
    async with serving(Zone({"mail": ["192.0.2.1"]})) as server:
        resolver = HostResolver(["127.0.0.1"], port=server.port, hosts_file=tmp_path / "missing")
        assert (await resolver.resolve("mail")).addresses == (ip_address("192.0.2.1"),)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "127.0.0.1.",
        "\uff11\uff12\uff17.0.0.1",
        "\u2460\u2461\u2466.0.0.1",
        "127\u30020\u30020\u30021",
        "fe80::1%eth0",
        "user@imap.example.org",
        "imap.example.org:993",
        "https://imap.example.org",
        "imap example.org",
        "imap.example.org\r\nX",
        "imap.example.org\0",
        "imap%2eexample.org",
        "imap..example.org",
        ".example.org",
        "-imap.example.org",
        "imap-.example.org",
        "a" * 64 + ".example.org",
        ".".join(["abcdefg"] * 32) + ".org",
        "xn--\ud800.example",
        "",
        ".",
        "..",
    ],
)
async def test_what_is_no_host_name_fails_without_a_question(host: str) -> None:
    zone = Zone()
    assert await failure(zone, host) is Code.DNS_FAILURE
    assert zone.asked == []


def test_a_host_name_of_full_length_is_fine() -> None:
    name = ".".join(["abcdefg"] * 31) + ".orga"
    assert len(name) == 252
    assert ascii_name(name) == name


async def test_a_machine_without_name_servers_still_reaches_addresses(tmp_path: Path) -> None:
    resolver = HostResolver(resolv_conf=tmp_path / "missing")
    assert (await resolver.resolve("192.0.2.1")).addresses == (ip_address("192.0.2.1"),)
    with pytest.raises(ConnectionFailed) as caught:
        await resolver.resolve("imap.example.org")
    assert caught.value.code is Code.DNS_TEMPORARY
