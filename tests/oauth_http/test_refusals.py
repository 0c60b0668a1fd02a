from __future__ import annotations

import asyncio
import json
import logging
import resource
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mailbox_svc.errors import (
    MailboxSvcError,
    OAuthClientRefused,
    OAuthGrantRefused,
    OAuthProviderUnavailable,
)
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.oauth_http.answers import CLIENT_REFUSED, GRANT_REFUSED, RETRY
from mailbox_svc.oauth_http.pools import MAX_ANSWER
from support.token_server import (
    Answer,
    TokenServer,
    after,
    cut,
    dripping,
    endless,
    granted,
    raw,
    refuses,
    says,
    status,
)

REFRESH = Secret("CANARY-refresh-token-1")


@pytest.mark.parametrize("code", [400, 401, 403, 200])
@pytest.mark.parametrize("error", sorted(GRANT_REFUSED))
async def test_the_user_has_to_connect_again(
    server: TokenServer, endpoints: HttpProviderEndpoints, error: str, code: int
) -> None:
    server.answers("/token", refuses(error, code))
    with pytest.raises(OAuthGrantRefused):
        await endpoints.refresh(server.provider(), REFRESH)


@pytest.mark.parametrize("error", sorted(CLIENT_REFUSED))
async def test_the_operator_is_told_what_to_mend(
    server: TokenServer,
    endpoints: HttpProviderEndpoints,
    error: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.answers("/token", refuses(error, 401))
    with pytest.raises(OAuthClientRefused):
        await endpoints.refresh(server.provider(), REFRESH)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    said = {name: record.__dict__[name] for name in ("provider", "reason", "http_status")}
    assert said == {"provider": "example", "reason": error, "http_status": 401}


BAD: dict[str, Answer] = {
    "500": status(500),
    "invalid_grant in 500": refuses("invalid_grant", 500),
    "invalid_client in 503": refuses("invalid_client", 503),
    "invalid_grant in 429": refuses("invalid_grant", 429),
    "invalid_grant in a redirect": refuses("invalid_grant", 302),
    "tokens in 500": says({"access_token": "CANARY-a"}, 500),
    "408": status(408),
    "HTML": status(200, b"<!doctype html><title>CANARY-</title>"),
    "HTML in 400": status(400, b"<!doctype html>"),
    "temporarily_unavailable": refuses("temporarily_unavailable"),
    "server_error": refuses("server_error"),
    "slow_down": refuses("slow_down"),
    "an error without a name of ours": refuses("CANARY-unknown"),
    "an error that is an object": says({"error": {"code": 400}}, 400),
    "an error that is a list": says({"error": ["invalid_grant"]}, 400),
    "an error beside tokens": says({"access_token": "CANARY-a", "error": {}}),
    "tokens in 400": says({"access_token": "CANARY-a", "token_type": "bearer"}, 400),
    "a list": says([]),
    "a text": says("x"),
    "null": says(None),
    "nothing": status(200),
    "no UTF-8": status(200, b'{"access_token": "\xff"}'),
    "a deep object": status(200, b'{"a":' * 20_000),
    "a number of 5,000 digits": status(200, b'{"expires_in": ' + b"1" * 5000 + b"}"),
    "too large": status(200, b" " * MAX_ANSWER + b"{}"),
    "10 MB": status(200, b" " * 10_000_000),
    "endless": endless(),
    "dripping": dripping(),
    "silent": after(60.0, status(200)),
    "cut": cut(),
    "nothing at all": raw(b""),
    "no HTTP": raw(b"* OK IMAP4rev1\r\n"),
    "headers without end": raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 100_000),
    "compressed": status(200, b"\x1f\x8b\x08\x00CANARY", "content-encoding: gzip"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
async def test_anything_else_is_to_be_tried_again(
    server: TokenServer, endpoints: HttpProviderEndpoints, hasty: HttpProviderEndpoints, answer: Answer
) -> None:
    server.answers("/token", answer)
    async with asyncio.timeout(20):  # seconds; some of these never end
        with pytest.raises(OAuthProviderUnavailable) as raised:
            await hasty.refresh(server.provider(), REFRESH)
    server.answers("/token", granted())
    assert raised.value.retry_after >= 1
    assert (await endpoints.refresh(server.provider(), REFRESH)).access_token


async def test_the_largest_answer_is_taken(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    body = json.dumps({"access_token": "a"}).encode()
    server.answers("/token", status(200, body + b" " * (MAX_ANSWER - len(body))))
    assert (await endpoints.refresh(server.provider(), REFRESH)).access_token


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/elsewhere", "http://[bad", ""])
async def test_a_redirect_is_not_followed(
    server: TokenServer, endpoints: HttpProviderEndpoints, code: int, target: str
) -> None:
    server.answers("/elsewhere", granted())
    server.answers("/token", status(code, b"", f"location: {target}"))
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.refresh(server.provider(), REFRESH)
    assert [asked.path for asked in server.asked] == ["/token"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 1.0),
        ("86400", 3600.0),
        ("9" * 400, RETRY),
        ("-5", RETRY),
        ("soon", RETRY),
        ("", RETRY),
        ("Mon, 99 Nov 2026 25:00:00 GMT", RETRY),
        ("Sun, 01 Nov 2020 00:00:00 GMT", 1.0),
        ("Sun, 01 Nov 2099 00:00:00 GMT", 3600.0),
    ],
)
async def test_a_provider_may_say_when_to_come_back(
    server: TokenServer, endpoints: HttpProviderEndpoints, header: str, seconds: float
) -> None:
    server.answers("/token", status(429, b"", f"retry-after: {header}"))
    with pytest.raises(OAuthProviderUnavailable) as raised:
        await endpoints.refresh(server.provider(), REFRESH)
    assert raised.value.retry_after == seconds


async def test_the_time_to_come_back_may_be_a_date(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    server.answers("/token", status(503, b"", f"retry-after: {date}"))
    with pytest.raises(OAuthProviderUnavailable) as raised:
        await endpoints.refresh(server.provider(), REFRESH)
    assert 95 <= raised.value.retry_after <= 100


async def test_an_answer_without_end_takes_no_memory(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", endless())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        with pytest.raises(OAuthProviderUnavailable):
            await endpoints.refresh(server.provider(), REFRESH)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


# Headers of answers are the one thing that httpcore2 logs at DEBUG; `logs` keeps its records back.
WITHHELD: dict[str, Answer] = {
    "good": granted(),
    "refused": refuses("invalid_grant"),
    "client refused": refuses("invalid_client", 401),
    "unknown": refuses("CANARY-unknown"),
    "redirect": status(302, b"", "location: /elsewhere"),
    "cookie": status(500, b"CANARY-body", "set-cookie: a=b"),
    "cut": cut(),
    "silent": after(60.0, status(200)),
    "bad token": granted(access_token="CANARY- two"),
}


@pytest.mark.parametrize("answer", WITHHELD.values(), ids=WITHHELD.keys())
async def test_no_secret_gets_into_an_error_or_our_log(
    server: TokenServer,
    hasty: HttpProviderEndpoints,
    answer: Answer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.answers("/token", answer)
    server.answers("/userinfo", says({"email": "ann@example.org"}))
    server.answers("/revoke", answer)
    provider = server.provider(id="canary-case")
    texts = [repr(provider), repr(hasty)]
    calls = (
        hasty.exchange(provider, Secret("CANARY-code"), Secret("CANARY-verifier")),
        hasty.refresh(provider, REFRESH),
        hasty.revoke(provider, REFRESH),
    )
    for call in calls:
        (result,) = await asyncio.gather(call, return_exceptions=True)
        if isinstance(result, BaseException):
            assert isinstance(result, MailboxSvcError)
            # Nothing hangs on it that knows the request.
            assert (result.__cause__, result.__context__) == (None, None)
        texts.append(repr(result))
    texts += [str(record.__dict__) for record in caplog.records]
    assert not [text for text in texts if "CANARY" in text]
