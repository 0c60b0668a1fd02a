"""Every provider's own words. The texts are whole, as the servers send them after the tag."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.imap.classify import MAX_RETRY_AFTER, _row, classify
from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.texts import CODES, GENERIC, SPECIFIC
from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.providers import PROVIDERS, Provider, provider_of


class Said(NamedTuple):
    """Who said what after a login, and what it means."""

    host: str
    code: Code
    text: str


def _read() -> Iterator[Said]:
    for line in Path(__file__).with_name("refused_logins.tsv").read_text().splitlines():
        if not line.startswith("#"):
            host, code, text = line.split("\t")
            yield Said(host, Code(code), text.replace("\\n", "\n"))


PASSWORD_LOGINS = tuple(_read())
GMAIL, MICROSOFT = "imap.gmail.com", "outlook.office365.com"
# A server that nobody knows: its words must speak for themselves.
ANY = "imap.example.org"


def verdict(
    text: str,
    *,
    code: Code = Code.AUTH_UNKNOWN,
    stage: Stage = Stage.AUTH,
    host: str = ANY,
    token: bool = False,
) -> Code:
    failure = ConnectionFailed(code, server_text=text.encode())
    return classify(failure, stage=stage, provider=provider_of(host), with_token=token).code


@pytest.mark.parametrize(("host", "code", "text"), PASSWORD_LOGINS)
def test_a_refused_login_is_understood(host: str, code: Code, text: str) -> None:
    assert verdict(text, host=host) is code


OTHERS = [
    # BYE, as the greeting or in the middle.
    ("Too many connections", Code.SERVER_BYE, Stage.GREETING, Code.TOO_MANY_CONNECTIONS),
    ("Connection limit reached", Code.SERVER_BYE, Stage.GREETING, Code.TOO_MANY_CONNECTIONS),
    ("[UNAVAILABLE] Maintenance", Code.SERVER_BYE, Stage.GREETING, Code.SERVER_UNAVAILABLE),
    ("Temporary System Error", Code.SERVER_BYE, Stage.GREETING, Code.SERVER_UNAVAILABLE),
    ("Disconnected for inactivity.", Code.SERVER_BYE, Stage.LIST, Code.SERVER_BYE),
    ("Courier-IMAP server shutting down", Code.SERVER_BYE, Stage.CAPABILITY, Code.SERVER_BYE),
    ("Connection closed. 14", Code.SERVER_BYE, Stage.AUTH, Code.SERVER_BYE),
    ("Session expired, please login again.", Code.SERVER_BYE, Stage.LIST, Code.SERVER_BYE),
    ("Session invalidated - AccessTokenExpired", Code.SERVER_BYE, Stage.LIST, Code.AUTH_TOKEN_REJECTED),
    # A password can only be wrong where one was sent.
    ("Login failed", Code.SERVER_BYE, Stage.GREETING, Code.SERVER_BYE),
    ("Login failed", Code.SERVER_BYE, Stage.AUTH, Code.AUTH_INVALID_CREDENTIALS),
    ("[AUTHENTICATIONFAILED] no", Code.LIST_FAILED, Stage.LIST, Code.LIST_FAILED),
    # The folder list.
    (
        "NO LIST Unsafe Login.",
        Code.LIST_FAILED,
        Stage.LIST,
        Code.AUTH_CLIENT_ID_REQUIRED,
    ),
    (
        "BAD User is authenticated but not connected.",
        Code.LIST_FAILED,
        Stage.LIST,
        Code.AUTH_MAILBOX_MISMATCH,
    ),
    ("NO [NOPERM] No", Code.LIST_FAILED, Stage.LIST, Code.LIST_FAILED),
    ("NO [UNAVAILABLE] Backend down", Code.LIST_FAILED, Stage.LIST, Code.SERVER_UNAVAILABLE),
    # What we know for a fact is not up to the server.
    ("Invalid credentials", Code.TLS_FAILURE, Stage.TLS, Code.TLS_FAILURE),
    ("Too many connections", Code.NOT_IMAP, Stage.GREETING, Code.NOT_IMAP),
    ("rate limit", Code.DESTINATION_NOT_ALLOWED, Stage.RESOLVE, Code.DESTINATION_NOT_ALLOWED),
    ("invalid credentials", Code.SERVER_TIMEOUT, Stage.AUTH, Code.SERVER_TIMEOUT),
]


@pytest.mark.parametrize(("text", "code", "stage", "expected"), OTHERS)
def test_elsewhere_the_stage_and_the_failure_count_too(
    text: str, code: Code, stage: Stage, expected: Code
) -> None:
    assert verdict(text, code=code, stage=stage) is expected


@pytest.mark.parametrize(
    ("host", "text", "expected"),
    [
        (
            GMAIL,
            '{"status":"400","schemes":"Bearer"}\nNO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
            Code.AUTH_TOKEN_REJECTED,
        ),
        (GMAIL, '{"status":"400"}\nNO Lookup failed', Code.AUTH_IMAP_DISABLED),
        (GMAIL, "BAD Invalid SASL argument", Code.AUTH_TOKEN_REJECTED),
        (MICROSOFT, "NO AUTHENTICATE failed.", Code.AUTH_TOKEN_REJECTED),
        (MICROSOFT, "BAD User is authenticated but not connected.", Code.AUTH_MAILBOX_MISMATCH),
        (MICROSOFT, "BAD Request is throttled.", Code.RATE_LIMITED),
        (
            "imap.yandex.ru",
            "NO [AUTHENTICATIONFAILED] AUTHENTICATE invalid credentials or IMAP is disabled",
            Code.AUTH_TOKEN_REJECTED,
        ),
        (ANY, "NO [UNAVAILABLE] Later", Code.SERVER_UNAVAILABLE),
        (ANY, "NO Nope.", Code.AUTH_TOKEN_REJECTED),
    ],
)
@pytest.mark.parametrize("code", [Code.AUTH_TOKEN_REJECTED, Code.AUTH_UNKNOWN])
def test_a_refused_token_is_never_a_wrong_password(host: str, text: str, expected: Code, code: Code) -> None:
    assert verdict(text, code=code, host=host, token=True) is expected


def test_there_are_well_over_sixty_rows_and_each_decides_a_text() -> None:
    rows = {*SPECIFIC, *CODES, *GENERIC}
    assert len(rows) > 60
    said = [(text, Code.AUTH_UNKNOWN, Stage.AUTH, host) for host, _, text in PASSWORD_LOGINS]
    said += [(text, code, stage, ANY) for text, code, stage, _ in OTHERS]
    said += [("no lookup failed", Code.AUTH_TOKEN_REJECTED, Stage.AUTH, GMAIL)]
    deciding = {_row(text.lower(), code, stage, provider_of(host)) for text, code, stage, host in said}
    assert rows - deciding == set()


def test_patterns_are_lower_case_and_said_once_and_name_known_providers() -> None:
    for table in (SPECIFIC, CODES, GENERIC):
        keys = [(row.pattern, row.provider) for row in table]
        assert len(keys) == len(set(keys))
        for row in table:
            assert row.pattern == row.pattern.lower()
            assert row.provider in ("", *(provider.id for provider in PROVIDERS))
            assert row.source


@pytest.mark.parametrize("echo", ["Too many connections", "Wrong password", "[EXPIRED]", "x" * 10_000])
def test_words_in_an_echoed_password_change_the_code_at_most(echo: str) -> None:
    result = classify(
        ConnectionFailed(Code.AUTH_UNKNOWN, server_text=f"NO you said {echo}".encode()),
        stage=Stage.AUTH,
        provider=None,
    )
    assert echo not in repr(result)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", 299.961),
        ("BAD Request is throttled. Suggested Backoff Time: 92415", 92.415),
        ("BAD Request is throttled. Suggested Backoff Time: 0 milliseconds", 0.0),
        ("BAD Request is throttled. Suggested Backoff Time: 1000000000000 ms", MAX_RETRY_AFTER),
        ("BAD Request is throttled. Suggested Backoff Time: " + "9" * 5000, MAX_RETRY_AFTER),
        ("BAD Request is throttled. Suggested Backoff Time: -5 milliseconds", None),
        ("BAD Request is throttled. Suggested Backoff Time: \u0665", None),
        ("BAD Request is throttled.", None),
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits.", 3600.0),
        ("NO Too many bad login attempts.", 3600.0),
        ("NO Nope.", None),
    ],
)
def test_the_wait_a_server_asks_for_is_read_and_capped(text: str, seconds: float | None) -> None:
    failure = ConnectionFailed(Code.AUTH_UNKNOWN, server_text=text.encode())
    assert classify(failure, stage=Stage.AUTH, provider=None).retry_after == seconds


@pytest.mark.parametrize(("asked", "seconds"), [(5.0, 5.0), (1e12, MAX_RETRY_AFTER), (-3.0, 0.0)])
def test_a_wait_found_by_the_session_counts_as_well(asked: float, seconds: float) -> None:
    failure = ConnectionFailed(Code.SERVER_BYE, retry_after=asked)
    assert classify(failure, stage=Stage.GREETING, provider=None).retry_after == seconds


@given(
    text=st.binary(max_size=8192) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    code=st.sampled_from([code for code in Code if code is not Code.OK]),
    stage=st.sampled_from(Stage),
    provider=st.sampled_from([None, *PROVIDERS]),
    token=st.booleans(),
)
def test_any_bytes_give_a_verdict(
    text: bytes, code: Code, stage: Stage, provider: Provider | None, token: bool
) -> None:
    failure = ConnectionFailed(code, server_text=text)
    result = classify(failure, stage=stage, provider=provider, with_token=token)
    assert result.code is not Code.OK
    assert result.retry_after is None or 0 <= result.retry_after <= MAX_RETRY_AFTER


@pytest.mark.parametrize("unit", [b"[a ", b"backoff time:9", b"login failed", b"\0", b" ", b"["])
def test_a_megabyte_costs_no_more_than_the_part_that_is_read(unit: bytes) -> None:
    failure = ConnectionFailed(Code.AUTH_UNKNOWN, server_text=unit * (1_000_000 // len(unit)))

    def seconds() -> float:
        started = time.process_time()
        classify(failure, stage=Stage.AUTH, provider=None)
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.02  # all of it would take a hundred times as long
