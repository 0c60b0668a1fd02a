"""Suggestions over a real name server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from mailbox_svc.errors import InvalidFields, RateLimited
from mailbox_svc.imap.mail_records import MailRecords
from mailbox_svc.imap.resolve import name_servers
from mailbox_svc.mailboxes.limits import Rate
from mailbox_svc.mailboxes.suggesting import LOOK_UPS, Suggestions
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.oauth import OAuthProvider
from mailbox_svc.model.suggestion import SettingsSource, Suggestion
from support.dns_server import Zone, serving
from support.token_server import TokenServer

NOTHING = Suggestion(SettingsSource.NONE)


def imaps(*records: str) -> Zone:
    return Zone(others={"SRV _imaps._tcp.example.org": list(records)})


def mx(*records: str) -> Zone:
    return Zone(others={"MX example.org": list(records)})


@asynccontextmanager
async def suggestions(
    zone: Zone, oauth: Sequence[OAuthProvider] = (), look_ups: Rate = LOOK_UPS
) -> AsyncIterator[Suggestions]:
    async with serving(zone) as server:
        dns = MailRecords(name_servers(["127.0.0.1"], port=server.port))
        yield Suggestions(dns, oauth, look_ups=look_ups)


async def suggested(
    zone: Zone, address: str = "ann@example.org", oauth: Sequence[OAuthProvider] = ()
) -> Suggestion:
    async with suggestions(zone, oauth) as made:
        return await made.suggest("ann", address)


@pytest.mark.parametrize(
    ("address", "host", "user"),
    [
        ("Ann@Gmail.com", "imap.gmail.com", "Ann@Gmail.com"),
        ("  ann@googlemail.com ", "imap.gmail.com", "ann@googlemail.com"),
        ("ann@hotmail.co.uk", "outlook.office365.com", "ann@hotmail.co.uk"),
        ("ann@yahoo.de", "imap.mail.yahoo.com", "ann@yahoo.de"),
        ("ann@icloud.com", "imap.mail.me.com", "ann"),
        ("ann@gmx.at", "imap.gmx.net", "ann@gmx.at"),
        ("ann@gmx.co.uk", "imap.gmx.com", "ann@gmx.co.uk"),
        ("ann@free.fr", "imap.free.fr", "ann"),
        ("ann@126.com", "imap.126.com", "ann@126.com"),
    ],
)
async def test_the_table_knows_a_providers_own_domains_without_asking_anybody(
    address: str, host: str, user: str
) -> None:
    zone = Zone()
    found = await suggested(zone, address)
    assert found.source is SettingsSource.PROVIDER
    assert found.destination == Destination(host, 993, tls=True, user=user)
    assert found.provider is not None
    assert zone.asked == []


async def test_a_domain_below_a_providers_is_not_the_providers() -> None:
    assert await suggested(Zone(), "ann@students.gmail.com") == NOTHING


async def test_a_provider_without_imap_says_so() -> None:
    found = await suggested(Zone(), "ann@proton.me")
    assert (found.source, found.destination) == (SettingsSource.PROVIDER, None)
    assert found.password_hint is not None
    assert "Bridge" in found.password_hint.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ann@gmail.com", "Make an app password at Gmail"),
        ("ann@qq.com", "Make an authorization code at QQ Mail"),
        ("ann@outlook.com", "connect the account with OAuth"),
    ],
)
async def test_what_to_enter_is_said_where_the_accounts_own_password_does_not_work(
    address: str, words: str
) -> None:
    hint = (await suggested(Zone(), address)).password_hint
    assert hint is not None
    assert words in hint.text
    assert hint.url.startswith("https://")


async def test_nothing_is_said_of_passwords_where_the_accounts_own_may_work() -> None:
    assert (await suggested(Zone(), "ann@gmx.net")).password_hint is None
    assert (await suggested(imaps("0 0 993 mail.example.org."))).password_hint is None


async def test_the_domains_own_records_are_followed() -> None:
    found = await suggested(imaps("0 0 1993 Mail.Example.org."))
    assert found == Suggestion(
        SettingsSource.DNS, Destination("mail.example.org", 1993, tls=True, user="ann@example.org")
    )


async def test_tls_from_the_start_is_preferred_to_starttls_whatever_the_priorities() -> None:
    zone = imaps("20 0 993 tls.example.org.")
    zone.others["SRV _imap._tcp.example.org"] = ["10 0 143 plain.example.org."]
    found = (await suggested(zone)).destination
    assert found == Destination("tls.example.org", 993, tls=True, user="ann@example.org")


async def test_starttls_is_taken_where_the_other_is_not_offered() -> None:
    zone = imaps("0 0 0 .")
    zone.others["SRV _imap._tcp.example.org"] = ["10 0 143 plain.example.org."]
    found = (await suggested(zone)).destination
    assert found == Destination("plain.example.org", 143, tls=False, user="ann@example.org")


async def test_records_that_name_a_known_providers_server_say_what_is_known_of_it() -> None:
    found = await suggested(imaps("0 0 993 imap.gmail.com."))
    assert found.source is SettingsSource.DNS
    assert found.provider is not None
    assert found.provider.id == "gmail"
    assert found.password_hint is not None


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1.",
        r"a\032b.example.org.",  # an escaped space
        r"evil\@example.org.",
        r"a\000b.example.org.",
        r"\195\188.example.org.",
        "-mail.example.org.",
        r"http\:\/\/example.org.",
    ],
)
async def test_a_target_that_save_would_refuse_is_passed_over(target: str) -> None:
    assert await suggested(imaps(f"0 0 993 {target}")) == NOTHING
    found = await suggested(imaps(f"0 0 993 {target}", "10 0 993 good.example.org."))
    assert found.destination is not None
    assert found.destination.host == "good.example.org"


async def test_port_zero_is_no_port() -> None:
    assert await suggested(imaps("0 0 0 mail.example.org.")) == NOTHING


@pytest.mark.parametrize(
    ("exchanger", "host", "user"),
    [
        ("aspmx.l.google.com.", "imap.gmail.com", "ann@example.org"),
        ("SMTP.Google.com.", "imap.gmail.com", "ann@example.org"),
        ("example-org.mail.protection.outlook.com.", "outlook.office365.com", "ann@example.org"),
        ("example-org.o-v1.mx.microsoft.", "outlook.office365.com", "ann@example.org"),
        ("in1-smtp.messagingengine.com.", "imap.fastmail.com", "ann@example.org"),
        ("mx.zoho.eu.", "imappro.zoho.eu", "ann@example.org"),
        ("mx1.mail.ovh.net.", "ssl0.ovh.net", "ann@example.org"),
        ("smtpin.rzone.de.", "imap.strato.de", "ann@example.org"),
        # Apple wants the name of the iCloud address, which the customer's own does not tell.
        ("mx01.mail.icloud.com.", "imap.mail.me.com", ""),
    ],
)
async def test_where_its_mail_goes_tells_a_customers_provider(exchanger: str, host: str, user: str) -> None:
    found = await suggested(mx(f"10 {exchanger}"))
    assert found.source is SettingsSource.MX
    assert found.destination == Destination(host, 993, tls=True, user=user)


async def test_a_host_that_only_queues_mail_tells_nothing() -> None:
    assert await suggested(mx("10 mail.example.org.", "20 aspmx.l.google.com.")) == NOTHING


async def test_a_name_that_only_looks_like_a_providers_tells_nothing() -> None:
    assert await suggested(mx("10 aspmx.l.google.com.example.net.")) == NOTHING


async def test_srv_comes_before_mx() -> None:
    zone = imaps("0 0 993 mail.example.org.")
    zone.others["MX example.org"] = ["10 aspmx.l.google.com."]
    assert (await suggested(zone)).source is SettingsSource.DNS


async def test_a_domain_in_any_script_is_looked_up_in_ascii() -> None:
    zone = Zone(others={"SRV _imaps._tcp.xn--bcher-kva.example": ["0 0 993 mail.example.org."]})
    for _ in range(3):  # a machine that is too busy to answer within our limit gets further tries
        found = await suggested(zone, "ann@Bücher.example")
        if found.destination is not None:
            break
    assert found.destination == Destination("mail.example.org", 993, tls=True, user="ann@Bücher.example")


async def test_an_unknown_domain_is_no_error() -> None:
    zone = Zone()
    assert await suggested(zone) == NOTHING
    assert sorted(zone.asked) == [
        "MX example.org.",
        "SRV _imap._tcp.example.org.",
        "SRV _imaps._tcp.example.org.",
    ]


async def test_silence_of_the_dns_is_nothing_known_within_three_seconds() -> None:
    questions = ("MX example.org", "SRV _imaps._tcp.example.org", "SRV _imap._tcp.example.org")
    zone = Zone(others=dict.fromkeys(questions, "SILENCE"))
    # Three look-ups one after the other would take 7.5 seconds, and without our limit there is no end.
    async with asyncio.timeout(6):
        assert await suggested(zone) == NOTHING


async def test_one_look_up_that_fails_does_not_hide_what_another_says() -> None:
    zone = mx("10 aspmx.l.google.com.")
    zone.others["SRV _imaps._tcp.example.org"] = "SILENCE"
    assert (await suggested(zone)).source is SettingsSource.MX


async def test_nothing_is_connected_to() -> None:
    met: list[object] = []
    server = await asyncio.start_server(lambda *peer: met.append(peer), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        zone = imaps(f"0 0 {port} localhost.")
        found = await suggested(zone)
    assert found.destination == Destination("localhost", port, tls=True, user="ann@example.org")
    assert met == []
    assert all(question.split()[0] in ("SRV", "MX") for question in zone.asked)


async def test_an_account_that_can_be_connected_names_the_provider() -> None:
    here = TokenServer()
    unregistered = here.provider(id="a", imap_host="imap.gmail.com", client=None)
    registered = here.provider(id="b", imap_host="IMAP.gmail.com.")
    second = here.provider(id="c", imap_host="imap.gmail.com")
    oauth = [unregistered, registered, second]
    assert (await suggested(Zone(), "ann@gmail.com", oauth)).oauth_provider == "b"
    assert (await suggested(imaps("0 0 993 imap.gmail.com."), oauth=oauth)).oauth_provider == "b"
    assert (await suggested(mx("1 smtp.google.com."), oauth=oauth)).oauth_provider == "b"
    assert (await suggested(Zone(), "ann@gmail.com", [unregistered])).oauth_provider == ""
    assert (await suggested(Zone(), "ann@gmx.net", oauth)).oauth_provider == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "ann",
        "@example.org",
        "ann@",
        "ann@.",
        "ann@exa mple.org",
        "ann@example..org",
        "ann@-example.org",
        "ann@192.0.2.1",
        "ann@[192.0.2.1]",
        "ann@[2001:db8::1]",
        "Ann <ann@example.org>",
        "ann@example.org, bob@example.org",
        "ann bee@example.org",
        "mailto:ann@example.org",
        "ann@bob@example.org",
        "ann\r\n@example.org",
        "ann\x00@example.org",
        "ann@exa\x00mple.org",
        "ann@\ud800.org",
        "ann@\u2024\u2024.org",
        "a" * 400 + "@example.org",
        "ann@" + "a" * 64 + ".org",
        "ann@" + "a." * 200 + "org",
    ],
)
async def test_what_is_no_address_is_refused_without_a_look_up(address: str) -> None:
    zone = Zone()
    with pytest.raises(InvalidFields) as caught:
        await suggested(zone, address)
    assert [violation.field for violation in caught.value.violations] == ["address"]
    assert zone.asked == []


async def test_look_ups_of_one_user_are_limited_and_the_table_is_not() -> None:
    async with suggestions(Zone(), look_ups=Rate(2, 60)) as made:
        for _ in range(5):
            await made.suggest("ann", "ann@gmail.com")
        for _ in range(2):
            await made.suggest("ann", "ann@example.org")
        with pytest.raises(RateLimited) as caught:
            await made.suggest("ann", "ann@example.net")
        assert caught.value.retry_after > 0
        await made.suggest("bob", "bob@example.org")
        await made.suggest("ann", "ann@gmail.com")
