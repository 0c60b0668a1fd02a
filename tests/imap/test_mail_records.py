from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from mailbox_svc.imap.mail_records import MailRecords
from mailbox_svc.imap.resolve import name_servers
from mailbox_svc.ports.mail_dns import ServiceRecord
from support.dns_server import Zone, serving
from support.processes import free_port

#: Seconds; far above what a look-up on this machine takes.
TIMEOUT = 20.0


@pytest.fixture
def zone() -> Zone:
    return Zone()


@pytest.fixture
async def records(zone: Zone) -> AsyncIterator[MailRecords]:
    async with serving(zone) as server:
        yield MailRecords(name_servers(["127.0.0.1"], port=server.port))


async def test_services_come_by_priority_and_of_equal_priority_the_heavier_first(
    zone: Zone, records: MailRecords
) -> None:
    zone.others["SRV _imaps._tcp.example.org"] = [
        "20 100 993 last.example.org.",
        "10 1 993 light.example.org.",
        "10 50 1993 heavy.example.org.",
    ]
    assert await records.services("_imaps._tcp", "example.org", timeout=TIMEOUT) == [
        ServiceRecord("heavy.example.org", 1993),
        ServiceRecord("light.example.org", 993),
        ServiceRecord("last.example.org", 993),
    ]
    assert zone.asked == ["SRV _imaps._tcp.example.org."]


async def test_a_service_at_the_root_is_not_offered(zone: Zone, records: MailRecords) -> None:
    zone.others["SRV _imap._tcp.example.org"] = ["0 0 0 ."]
    assert await records.services("_imap._tcp", "example.org", timeout=TIMEOUT) == []


async def test_mail_goes_to_the_hosts_of_the_best_preference(zone: Zone, records: MailRecords) -> None:
    zone.others["MX example.org"] = ["20 queue.example.net.", "10 b.example.org.", "10 a.example.org."]
    assert await records.exchangers("example.org", timeout=TIMEOUT) == ["a.example.org", "b.example.org"]


async def test_a_domain_that_takes_no_mail_has_no_exchangers(zone: Zone, records: MailRecords) -> None:
    zone.others["MX example.org"] = ["0 ."]
    assert await records.exchangers("example.org", timeout=TIMEOUT) == []


async def test_an_alias_is_followed(zone: Zone, records: MailRecords) -> None:
    zone.others["MX example.org"] = "alias example.net"
    zone.others["MX example.net"] = ["10 mx.example.net."]
    assert await records.exchangers("example.org", timeout=TIMEOUT) == ["mx.example.net"]


async def test_of_very_many_records_a_few_are_taken(zone: Zone, records: MailRecords) -> None:
    zone.others["SRV _imaps._tcp.example.org"] = [f"1 1 993 h{n:03}.example.org." for n in range(1000)]
    zone.others["MX example.org"] = [f"1 h{n:03}.example.org." for n in range(1000)]
    found = await records.services("_imaps._tcp", "example.org", timeout=TIMEOUT)
    assert [record.target for record in found] == [f"h{n:03}.example.org" for n in range(8)]
    assert len(await records.exchangers("example.org", timeout=TIMEOUT)) == 8


@pytest.mark.parametrize("answer", [None, "SERVFAIL", []])
async def test_what_cannot_be_had_is_not_there(
    zone: Zone, records: MailRecords, answer: list[str] | str | None
) -> None:
    if answer is not None:
        zone.others |= {"MX example.org": answer, "SRV _imaps._tcp.example.org": answer}
    # SERVFAIL is asked for again and again, as long as there is time.
    assert await records.exchangers("example.org", timeout=0.5) == []
    assert await records.services("_imaps._tcp", "example.org", timeout=0.5) == []


async def test_a_silent_name_server_costs_no_more_than_the_limit(zone: Zone, records: MailRecords) -> None:
    zone.others["MX example.org"] = "SILENCE"
    started = time.monotonic()
    async with asyncio.timeout(TIMEOUT):  # without a limit of its own it would go on for ever
        assert await records.exchangers("example.org", timeout=0.3) == []
    assert time.monotonic() - started >= 0.3


async def test_no_name_server_at_all_is_no_error() -> None:
    records = MailRecords(name_servers(["127.0.0.1"], port=free_port()))
    assert await records.exchangers("example.org", timeout=0.3) == []


@pytest.mark.parametrize("domain", ["localhost", "mail.localhost"])
async def test_this_machines_own_name_is_never_asked_for(
    zone: Zone, records: MailRecords, domain: str
) -> None:
    assert await records.exchangers(domain, timeout=TIMEOUT) == []
    assert await records.services("_imaps._tcp", domain, timeout=TIMEOUT) == []
    assert zone.asked == []


async def test_a_name_too_long_for_the_dns_is_not_asked_for(zone: Zone, records: MailRecords) -> None:
    longest = ".".join(["a" * 60] * 4 + ["example"])  # 251 characters; the service's name makes it too long
    assert await records.services("_imaps._tcp", longest, timeout=TIMEOUT) == []
    assert zone.asked == []
