"""Connecting an account over HTTP: who may begin, what the browser keeps, and where it ends."""

from __future__ import annotations

import hashlib
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import httpx2
import pytest

from mailboxes.v1.oauth_pb2 import OAuthProvider
from mailboxes.v1.oauth_service_pb2 import ListProvidersResponse, RevokeResponse
from support.gateway import (
    APP,
    CODE,
    COMPLETED,
    MAILBOX_ID,
    STARTED,
    STATE,
    TOKEN,
    Gateway,
    refusal,
    result_in,
)

BEARER = {"authorization": f"Bearer {TOKEN}"}


def cookie_of(response: httpx2.Response) -> Any:
    [morsel] = SimpleCookie(response.headers["set-cookie"]).values()
    return morsel


DENIED = refusal(grpc.StatusCode.FAILED_PRECONDITION, "OAUTH_DENIED", sentence="Access <was> not & allowed.")


#: Of an attempt at Google, on this machine.
COOKIE = f"mailbox-svc-oauth-{hashlib.sha256(b'google').hexdigest()[:16]}"


async def test_the_providers_are_listed_with_the_callers_own_token(gateway: Gateway) -> None:
    google = OAuthProvider(
        id="google", name="Google", configured=True, host="imap.gmail.com", port=993, scopes=["mail"]
    )
    gateway.script.answers = [ListProvidersResponse(providers=[google])]
    answer = await gateway.http.get("/api/auth/providers", headers=BEARER)
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "id": "google",
            "name": "Google",
            "configured": True,
            "host": "imap.gmail.com",
            "port": 993,
            "scopes": ["mail"],
        }
    ]
    [call] = gateway.script.received
    assert call.metadata["authorization"] == f"Bearer {TOKEN}"


async def test_start_passes_on_what_is_asked_for_and_returns_the_url_alone(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED]
    answer = await gateway.start(loginHint="ann@example.org", mailboxId=MAILBOX_ID)
    assert answer.json() == {"authorizationUrl": STARTED.authorization_url}
    [call] = gateway.script.received
    assert call.method == "StartAuthorization"
    assert (call.request.provider, call.request.login_hint, call.request.mailbox_id) == (
        "google",
        "ann@example.org",
        MAILBOX_ID,
    )


async def test_start_needs_no_body(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED]
    answer = await gateway.http.post("/api/auth/google/start", headers=BEARER)
    assert answer.status_code == 200
    assert not gateway.script.received[0].request.HasField("login_hint")


async def test_the_cookie_is_for_the_browser_alone_and_for_ten_minutes(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED]
    cookie = cookie_of(await gateway.start())
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"], cookie["max-age"]) == (
        True, "lax", "/", "600",
    )  # fmt: skip
    assert cookie["domain"] == ""


@pytest.mark.parametrize(
    ("host", "secure"),
    [
        ("localhost:8080", False),
        ("127.0.0.1", False),
        ("[::1]:8080", False),
        ("mail.example.org", True),
        ("localhost.example.org", True),
        ("10.0.0.1:8080", True),
    ],
)
async def test_the_cookie_travels_in_clear_on_this_machine_only(
    gateway: Gateway, host: str, *, secure: bool
) -> None:
    gateway.script.answers = [STARTED]
    answer = await gateway.http.post("/api/auth/google/start", headers=BEARER | {"host": host})
    cookie = cookie_of(answer)
    assert bool(cookie["secure"]) is secure
    # browsers take a cookie of this prefix over TLS only, and from the host itself
    assert cookie.key.startswith("__Host-") is secure


async def test_the_callback_is_completed_as_the_user_who_began(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start()
    answer = await gateway.come_back(f"state={STATE}&code={CODE}&iss=https%3A%2F%2Fprovider.example.org")
    assert answer.status_code == 200
    call = gateway.script.received[-1]
    assert call.method == "CompleteAuthorization"
    assert call.metadata["authorization"] == f"Bearer {TOKEN}"
    assert (call.request.state, call.request.code, call.request.iss) == (
        STATE, CODE, "https://provider.example.org",
    )  # fmt: skip


async def test_the_page_at_the_end_tells_the_opener_and_nobody_else(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start()
    page = await gateway.come_back()
    assert result_in(page.text) == {
        "target": APP,
        "message": {"type": "mailbox-svc:oauth", "ok": True, "mailboxId": MAILBOX_ID},
    }


async def test_a_refusal_of_the_provider_is_passed_on_and_told(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, DENIED]
    await gateway.start()
    page = await gateway.come_back(f"state={STATE}&error=access_denied")
    call = gateway.script.received[-1]
    assert call.request.error == "access_denied"
    assert not call.request.HasField("code")
    assert page.status_code == 409
    assert result_in(page.text)["message"] == {
        "type": "mailbox-svc:oauth",
        "ok": False,
        "code": "OAUTH_DENIED",
        "error": "Access <was> not & allowed.",
    }
    assert "Access &lt;was&gt; not &amp; allowed." in page.text
    assert "<was>" not in page.text


async def test_a_callback_in_another_browser_completes_nothing(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start()
    gateway.http.cookies.clear()
    page = await gateway.come_back()
    assert page.status_code == 400
    assert "Start again from the application" in page.text
    assert result_in(page.text) == {"target": "", "message": {"type": "mailbox-svc:oauth"}}
    assert gateway.methods == ["StartAuthorization"]


async def test_the_cookie_is_good_for_one_callback(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start()
    assert cookie_of(await gateway.come_back())["max-age"] == "0"
    assert (await gateway.come_back()).status_code == 400
    assert gateway.methods == ["StartAuthorization", "CompleteAuthorization"]


async def test_the_callback_of_one_provider_does_not_end_what_began_at_another(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start(provider="google")
    assert (await gateway.come_back(provider="evil")).status_code == 400
    assert gateway.methods == ["StartAuthorization"]
    # Nor does a page that merely opens it.
    assert (await gateway.come_back(provider="google")).status_code == 200


async def test_two_attempts_in_one_browser_do_not_end_each_other(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, STARTED, COMPLETED, COMPLETED]
    await gateway.start(provider="google")
    await gateway.start(provider="microsoft")
    for provider in ("google", "microsoft"):
        assert (await gateway.come_back(provider=provider)).status_code == 200


@pytest.mark.parametrize(
    "query", ["", f"code={CODE}", f"state={STATE}&state=x&code={CODE}", f"state={STATE}&code={CODE}&code=x"]
)
async def test_an_answer_that_can_be_read_in_two_ways_is_not_read(gateway: Gateway, query: str) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start()
    page = await gateway.come_back(query)
    assert page.status_code == 400
    assert result_in(page.text)["message"]["code"] == "OAUTH_STATE_INVALID"
    assert gateway.methods == ["StartAuthorization"]


@pytest.mark.parametrize(
    "value", ["", "x", "a:b:c", "a:b:c:d:e", "%ff:%00:%0d%0a:%", "google:::", "google:a%0A::"]
)
async def test_a_cookie_that_we_did_not_write_completes_nothing(gateway: Gateway, value: str) -> None:
    answer = await gateway.http.get(
        f"/api/auth/google/callback?state={STATE}&code={CODE}",
        headers={"cookie": f"{COOKIE}={value}"},
    )
    assert answer.status_code in {400, 401}
    assert answer.headers["content-type"].startswith("text/html")
    assert gateway.methods == []


async def test_an_opener_or_a_way_back_that_a_cookie_smuggles_in_is_not_used(gateway: Gateway) -> None:
    gateway.script.answers = [COMPLETED]
    evil = "https%3A%2F%2Fevil.example.org"
    cookie = f"{COOKIE}=google:{TOKEN}:{evil}:{evil}%2Fpage"
    answer = await gateway.http.get(
        f"/api/auth/google/callback?state={STATE}&code={CODE}", headers={"cookie": cookie}
    )
    assert answer.status_code == 200
    assert result_in(answer.text)["target"] == ""


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", "http://app.example.org", "https://app.example.org:444"]
)
async def test_a_page_of_another_origin_may_not_begin(gateway: Gateway, origin: str) -> None:
    answer = await gateway.start(origin=origin)
    assert answer.status_code == 403
    assert answer.json()["code"] == "ORIGIN_NOT_ALLOWED"
    assert "set-cookie" not in answer.headers
    assert gateway.methods == []


async def test_the_gateways_own_pages_may_begin(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    assert (await gateway.start(origin=gateway.url)).status_code == 200
    assert result_in((await gateway.come_back()).text)["target"] == gateway.url


async def test_a_program_that_is_no_browser_has_no_opener(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start(origin=None)
    assert result_in((await gateway.come_back()).text)["target"] == ""


async def test_a_browser_is_sent_back_to_the_application_with_the_outcome(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    await gateway.start(returnTo=f"{APP}/profile?tab=mail&oauth=error&code=OLD#here")
    answer = await gateway.come_back()
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{APP}/profile?tab=mail&oauth=ok&mailboxId={MAILBOX_ID}#here"
    assert cookie_of(answer)["max-age"] == "0"


async def test_a_browser_is_sent_back_with_the_reason_of_a_refusal(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, DENIED]
    await gateway.start(returnTo=APP)
    location = (await gateway.come_back()).headers["location"]
    assert parse_qs(urlsplit(location).query) == {"oauth": ["error"], "code": ["OAUTH_DENIED"]}


async def test_a_way_back_to_another_origin_is_refused_before_anything_begins(gateway: Gateway) -> None:
    answer = await gateway.start(returnTo="https://evil.example.org/")
    assert answer.status_code == 422
    assert answer.json()["code"] == "INVALID_FIELDS"
    assert list(answer.json()["fields"]) == ["returnTo"]
    assert gateway.methods == []


async def test_a_token_that_no_cookie_can_hold_is_refused_before_anything_begins(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED, COMPLETED]
    fits = await gateway.start(token="CANARY-" + "x" * 3000, returnTo=f"{APP}/profile")
    assert fits.status_code == 200
    assert len(fits.headers["set-cookie"]) <= 4096
    answer = await gateway.start(token="CANARY-" + "x" * 4000)
    assert (answer.status_code, answer.json()["code"]) == (400, "TOKEN_TOO_LONG")
    assert "set-cookie" not in answer.headers
    assert gateway.methods == ["StartAuthorization"]


async def test_a_start_that_the_service_refuses_leaves_no_cookie(gateway: Gateway) -> None:
    gateway.script.answers = [refusal(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")]
    answer = await gateway.start()
    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_EXPIRED")
    assert "set-cookie" not in answer.headers


async def test_revoke_says_whether_the_provider_was_told(gateway: Gateway) -> None:
    gateway.script.answers = [RevokeResponse(told_provider=True), RevokeResponse()]
    url = f"/api/contacts/mailboxes/{MAILBOX_ID}/revoke"
    first = await gateway.http.post(url, headers=BEARER)
    second = await gateway.http.post(url, headers=BEARER)
    assert (first.json(), second.json()) == (
        {"ok": True, "toldProvider": True},
        {"ok": True, "toldProvider": False},
    )
    assert gateway.script.received[0].request.mailbox_id == MAILBOX_ID
