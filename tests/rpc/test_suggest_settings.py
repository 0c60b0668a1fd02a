"""SuggestSettings over a real channel and a real name server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from mailboxes.v1 import mailbox_service_pb2 as pb
from support.dns_server import Zone
from support.dns_server import serving as dns_serving
from support.parts import parts
from support.rpc import ANN, Served, bearing, failure_of, serving
from support.token_server import TokenServer


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    zone = Zone(others={"SRV _imap._tcp.example.org": ["0 0 143 mail.example.org."]})
    google = TokenServer().provider(id="google", imap_host="imap.gmail.com")
    async with (
        dns_serving(zone) as dns,
        parts(tmp_path, providers=[google], dns_port=dns.port) as real,
        serving(real.use_cases) as running,
    ):
        yield running


async def suggested(served: Served, address: str) -> pb.SuggestSettingsResponse:
    request = pb.SuggestSettingsRequest(address=address)
    return await served.stub.SuggestSettings(request, metadata=bearing(ANN), timeout=20)


async def test_a_known_providers_address_fills_the_whole_form(served: Served) -> None:
    found = await suggested(served, "ann@gmail.com")
    assert found.source == pb.SETTINGS_SOURCE_PROVIDER
    assert (found.host, found.port, found.tls) == ("imap.gmail.com", 993, True)
    assert (found.user, found.provider_name) == ("ann@gmail.com", "Gmail")
    assert found.password_hint.url == "https://myaccount.google.com/apppasswords"
    assert found.oauth_provider == "google"


async def test_what_the_domain_says_is_named_as_such(served: Served) -> None:
    assert await suggested(served, "ann@example.org") == pb.SuggestSettingsResponse(
        source=pb.SETTINGS_SOURCE_DNS, host="mail.example.org", port=143, user="ann@example.org"
    )


async def test_an_unknown_domain_has_no_suggestion(served: Served) -> None:
    assert await suggested(served, "ann@example.net") == pb.SuggestSettingsResponse(
        source=pb.SETTINGS_SOURCE_NONE
    )


async def test_a_provider_without_imap_has_a_hint_and_no_host(served: Served) -> None:
    found = await suggested(served, "ann@proton.me")
    assert (found.source, found.provider_name) == (pb.SETTINGS_SOURCE_PROVIDER, "Proton Mail")
    assert (found.host, found.port, found.user) == ("", 0, "")
    assert found.password_hint.url == "https://proton.me/mail/bridge"


async def test_what_is_no_address_is_a_wrong_field(served: Served) -> None:
    failure = await failure_of(suggested(served, "ann"))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert list(failure.violations) == ["address"]


async def test_too_many_look_ups_are_refused_with_the_time_to_wait(served: Served) -> None:
    for _ in range(30):
        await suggested(served, "ann@example.net")
    failure = await failure_of(suggested(served, "ann@example.net"))
    assert failure.reason == "RATE_LIMITED"
    assert failure.retry_after is not None


async def test_nobody_without_a_token_may_ask(served: Served) -> None:
    failure = await failure_of(served.stub.SuggestSettings(pb.SuggestSettingsRequest(address="a@b.org")))
    assert failure.reason == "TOKEN_MISSING"
