"""What the clients send about connecting accounts; each test runs with both clients."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import mailboxes
from mailboxes._oauth_calls import redirected_request
from mailboxes.v1 import oauth_service_pb2 as pb
from support.scripted_service import Both, Script

STATE, CODE = "CANARY-state", "CANARY-code"
#: As Google sends a browser back.
URL = (
    "http://127.0.0.1:8080/api/auth/google/callback?state=CANARY-state&iss=https://accounts.google.com"
    "&code=4%2FCANARY-code&scope=https://mail.google.com/&authuser=0&prompt=consent"
)


async def test_the_providers_are_a_list(script: Script, client: Both) -> None:
    google = mailboxes.OAuthProvider(id="google", name="Google", configured=True)
    script.answers = [pb.ListProvidersResponse(providers=[google, mailboxes.OAuthProvider(id="microsoft")])]
    found = await client.call("oauth_providers")
    assert isinstance(found, list)
    assert [(one.id, one.configured) for one in found] == [("google", True), ("microsoft", False)]


async def test_an_authorization_is_started_with_no_more_than_is_given(script: Script, client: Both) -> None:
    started = pb.StartAuthorizationResponse(
        authorization_url="https://example.org/auth", state=STATE, expire_time=Timestamp(seconds=600)
    )
    script.answers = [started]
    assert await client.call("start_authorization", "google") == started
    await client.call("start_authorization", "google", login_hint="ann@example.org", mailbox_id="m")
    bare, full = (call.request for call in script.received)
    assert bare == pb.StartAuthorizationRequest(provider="google")
    assert not bare.HasField("login_hint")
    assert not bare.HasField("mailbox_id")
    assert (full.login_hint, full.mailbox_id) == ("ann@example.org", "m")


async def test_an_authorization_is_completed_with_what_the_provider_gave(
    script: Script, client: Both
) -> None:
    script.answers = [pb.CompleteAuthorizationResponse(mailbox=mailboxes.Mailbox(id="m"))]
    mailbox = await client.call("complete_authorization", STATE, code=CODE, iss="https://example.org")
    assert mailbox == mailboxes.Mailbox(id="m")
    await client.call("complete_authorization", STATE, error="access_denied")
    good, refused = (call.request for call in script.received)
    assert good == pb.CompleteAuthorizationRequest(state=STATE, code=CODE, iss="https://example.org")
    assert refused == pb.CompleteAuthorizationRequest(state=STATE, error="access_denied")
    assert not refused.HasField("code")


async def test_the_address_that_the_browser_ended_on_is_enough(script: Script, client: Both) -> None:
    script.answers = [pb.CompleteAuthorizationResponse(mailbox=mailboxes.Mailbox(id="m"))]
    assert (await client.call("complete_authorization_url", f" {URL}\n")).id == "m"
    [call] = script.received
    assert call.request == pb.CompleteAuthorizationRequest(
        state=STATE, code="4/CANARY-code", iss="https://accounts.google.com"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("x?state=s&code=c", pb.CompleteAuthorizationRequest(state="s", code="c")),
        ("?code=a%2Bb+c&state=s", pb.CompleteAuthorizationRequest(state="s", code="a+b c")),
        ("x?state=s&code=c#_=_", pb.CompleteAuthorizationRequest(state="s", code="c")),
        ("x?state=a?b&code=c", pb.CompleteAuthorizationRequest(state="a?b", code="c")),
        ("x?state=s&code=&iss=", pb.CompleteAuthorizationRequest(state="s")),
        (
            "x?error=access_denied&error_description=No+thanks&state=s",
            pb.CompleteAuthorizationRequest(state="s", error="access_denied"),
        ),
    ],
)
def test_only_the_parameters_of_the_standard_are_read(
    url: str, expected: pb.CompleteAuthorizationRequest
) -> None:
    request = redirected_request(url)
    assert request == expected
    # What is empty or not there was not sent.
    assert request.HasField("code") == bool(expected.code)
    assert not request.HasField("iss")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "CANARY-code",
        "https://example.org/callback",
        "https://example.org/callback?code=CANARY-code",
        "https://example.org/callback?state=&code=CANARY-code",
        "https://example.org/callback#state=CANARY-state&code=CANARY-code",
        "x?state=CANARY-one&state=CANARY-two&code=c",
        "x?state=s&code=CANARY-one&code=CANARY-two",
        "x?state=s&error=access_denied&error=CANARY-error",
        "x?state=s&iss=a&iss=CANARY-b",
        "x?state=CANARY-state&" + "a=1&" * 200,
    ],
)
async def test_an_address_that_no_provider_sends_a_browser_to_is_refused_without_a_call(
    script: Script, client: Both, url: str
) -> None:
    with pytest.raises(ValueError) as caught:
        await client.call("complete_authorization_url", url)
    assert "CANARY" not in str(caught.value)
    assert script.received == []


async def test_a_permission_is_given_back(script: Script, client: Both) -> None:
    mailbox = mailboxes.Mailbox(id="m", status=mailboxes.MailboxStatus.MAILBOX_STATUS_NEEDS_REAUTH)
    script.answers = [pb.RevokeResponse(mailbox=mailbox, told_provider=True)]
    revoked = await client.call("revoke", "m")
    assert (revoked.mailbox, revoked.told_provider) == (mailbox, True)
    assert script.received[0].request == pb.RevokeRequest(mailbox_id="m")


async def test_what_asks_a_provider_may_take_as_long_as_the_service_allows(
    script: Script, client: Both
) -> None:
    await client.call("oauth_providers")
    await client.call("start_authorization", "google")
    await client.call("complete_authorization", STATE, code=CODE)
    await client.call("complete_authorization_url", URL)
    await client.call("revoke", "m")
    assert [round(call.seconds, -1) for call in script.received] == [10, 10, 60, 60, 60]
