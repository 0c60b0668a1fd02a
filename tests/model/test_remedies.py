from __future__ import annotations

import itertools

import pytest

from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import PROVIDERS, provider_of
from mailbox_svc.model.remedies import ADVICE, advise

SAVE_REQUEST_FIELDS = {"host", "port", "tls", "user", "password"}
FAILURES = [code for code in Code if code is not Code.OK]


def destination(host: str = "imap.example.org", port: int = 993, *, tls: bool = True) -> Destination:
    return Destination(host, port, tls, "me@example.org")


def advice_for(code: Code, host: str = "imap.example.org", stage: Stage = Stage.AUTH) -> tuple[str, str, str]:
    """Return sentence, remedy and its URL."""
    advice = advise(code, stage, destination(host), provider_of(host))
    return advice.error, advice.remedy.text, advice.remedy.url


def test_every_code_but_ok_has_advice() -> None:
    assert set(ADVICE) == set(FAILURES)


@pytest.mark.parametrize("code", FAILURES)
def test_advice_is_for_a_person_and_names_real_fields(code: Code) -> None:
    hosts = ["imap.example.org", *(provider.domains[0] for provider in PROVIDERS)]
    for host, stage, port, tls in itertools.product(hosts, Stage, (993, 143), (True, False)):
        advice = advise(code, stage, destination(host, port, tls=tls), provider_of(host))
        assert advice.error.endswith(".") or advice.error == "Invalid credentials"
        assert advice.remedy.text.endswith(".")
        assert advice.remedy.url.startswith("https://") or advice.remedy.url == ""
        assert set(advice.wrong_fields) <= SAVE_REQUEST_FIELDS
        assert (advice.retry_after is not None) == advice.retryable
        assert code.value not in advice.error + advice.remedy.text


def test_a_wrong_password_at_an_unknown_provider_reads_as_callers_expect() -> None:
    error, _, url = advice_for(Code.AUTH_INVALID_CREDENTIALS)
    assert error == "Invalid credentials"
    assert url == ""


def test_a_wrong_password_at_gmail_names_the_app_password_and_links_the_page_that_makes_one() -> None:
    error, remedy, url = advice_for(Code.AUTH_INVALID_CREDENTIALS, "imap.gmail.com")
    assert error.startswith("Invalid credentials")
    assert "app password" in error
    assert "app password" in remedy
    assert url == "https://myaccount.google.com/apppasswords"


@pytest.mark.parametrize(
    ("host", "name", "words"),
    [
        ("imap.mail.yahoo.com", "Yahoo", "an app password"),
        ("imap.aol.com", "AOL", "an app password"),
        ("imap.mail.me.com", "iCloud", "an app-specific password"),
        ("imap.fastmail.com", "Fastmail", "an app password"),
        ("imap.yandex.com", "Yandex Mail", "an app password"),
        ("imap.mail.ru", "Mail.ru", "an app password"),
        ("imap.qq.com", "QQ Mail", "an authorization code"),
        ("imap.163.com", "NetEase Mail", "an authorization code"),
    ],
)
@pytest.mark.parametrize("code", [Code.AUTH_INVALID_CREDENTIALS, Code.AUTH_APP_PASSWORD_REQUIRED])
def test_a_provider_that_wants_an_app_password_is_named_with_its_page(
    host: str, name: str, words: str, code: Code
) -> None:
    error, remedy, url = advice_for(code, host)
    assert name in error
    assert words in error
    assert words in remedy
    provider = provider_of(host)
    assert provider is not None
    assert url == provider.app_password_url != ""


def test_a_provider_that_may_want_an_app_password_is_told_so_in_the_remedy_only() -> None:
    error, remedy, url = advice_for(Code.AUTH_INVALID_CREDENTIALS, "imap.zoho.com")
    assert error == "Invalid credentials"
    assert "an app password" in remedy
    assert url == "https://accounts.zoho.com/home#security/app_password"


def test_an_unclear_refusal_at_such_a_provider_is_not_called_a_wrong_password() -> None:
    error, remedy, url = advice_for(Code.AUTH_UNKNOWN, "imap.qq.com")
    assert "nvalid" not in error
    assert "authorization code" in remedy
    assert url


def test_microsoft_is_told_to_connect_by_oauth() -> None:
    error, remedy, _ = advice_for(Code.AUTH_BASIC_DISABLED, "outlook.office365.com")
    assert "Microsoft" in error
    assert "Connect with Microsoft (OAuth)" in remedy


def test_switched_off_imap_links_the_providers_settings_page() -> None:
    _, _, url = advice_for(Code.AUTH_IMAP_DISABLED, "imap.gmail.com")
    assert url == "https://support.google.com/mail/answer/7126229"


@pytest.mark.parametrize(
    ("port", "tls", "code", "stage"),
    [
        (143, True, Code.TLS_FAILURE, Stage.TLS),
        (993, False, Code.SERVER_TIMEOUT, Stage.GREETING),
        (993, False, Code.SERVER_DISCONNECTED, Stage.GREETING),
        (993, False, Code.NOT_IMAP, Stage.GREETING),
    ],
)
def test_the_wrong_tls_mode_for_the_port_is_pointed_out(
    port: int, tls: bool, code: Code, stage: Stage
) -> None:
    advice = advise(code, stage, destination(port=port, tls=tls), None)
    assert advice.wrong_fields == ("tls", "port")
    assert str(port) in advice.remedy.text
    assert "STARTTLS" in advice.remedy.text


@pytest.mark.parametrize(
    ("port", "tls", "code", "stage"),
    [
        (993, True, Code.TLS_FAILURE, Stage.TLS),
        (143, False, Code.SERVER_TIMEOUT, Stage.GREETING),
        (993, False, Code.CONNECT_TIMEOUT, Stage.CONNECT),
        (143, True, Code.TLS_EXPIRED, Stage.TLS),
        (143, True, Code.CONNECT_FAILED, Stage.CONNECT),
    ],
)
def test_the_right_tls_mode_is_not_blamed(port: int, tls: bool, code: Code, stage: Stage) -> None:
    assert advise(code, stage, destination(port=port, tls=tls), None) == ADVICE[code]


def test_what_passes_by_itself_is_retryable_and_a_refused_login_is_not() -> None:
    retryable = {code for code, advice in ADVICE.items() if advice.retryable}
    assert retryable == {
        Code.DNS_TEMPORARY,
        Code.CONNECT_FAILED,
        Code.CONNECT_TIMEOUT,
        Code.SERVER_TIMEOUT,
        Code.SERVER_DISCONNECTED,
        Code.SERVER_BYE,
        Code.SERVER_UNAVAILABLE,
        Code.TOO_MANY_CONNECTIONS,
        Code.RATE_LIMITED,
        # The one login that is refused for a while only: Exchange says it when it throttles.
        Code.AUTH_MAILBOX_MISMATCH,
        # No login was tried: there was no token to try it with.
        Code.AUTH_PROVIDER_UNAVAILABLE,
        Code.LIST_FAILED,
    }
