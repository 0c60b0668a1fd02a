from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from mailbox_svc.mailboxes.rules import server_name
from mailbox_svc.model.providers import PROVIDERS, Provider, mail_of, mail_through, provider_of


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("imap.gmail.com", "gmail"),
        ("IMAP.Gmail.COM", "gmail"),
        ("imap.gmail.com.", "gmail"),
        ("imap.googlemail.com", "gmail"),
        ("outlook.office365.com", "microsoft"),
        ("imap-mail.outlook.com", "microsoft"),
        ("imap.mail.yahoo.com", "yahoo"),
        ("imap.aol.com", "aol"),
        ("p42-imap.mail.me.com", "icloud"),
        ("imap.fastmail.com", "fastmail"),
        ("imappro.zoho.eu", "zoho"),
        ("imap.zoho.com.au", "zoho"),
        ("imap.yandex.ru", "yandex"),
        ("imap.exmail.qq.com", "qq"),
        ("imap.126.com", "netease"),
        ("imap.gmx.net", "gmx"),
        ("imap.web.de", "webde"),
        ("imap.mail.ru", "mailru"),
        ("secure.emailsrvr.com", "rackspace"),
        ("imap.ionos.de", "ionos"),
        ("ssl0.ovh.net", "ovh"),
    ],
)
def test_a_provider_is_known_by_its_hosts(host: str, provider: str) -> None:
    found = provider_of(host)
    assert found is not None
    assert found.id == provider


@pytest.mark.parametrize(
    "host",
    [
        "notimap.gmail.com.evil.example",
        "imap.gmail.com.evil.example",
        "notgmail.com",
        "com",
        "",
        ".",
        "127.0.0.1",
        "::1",
        "vps-1234.vps.ovh.net",  # a customer's own machine
        "imap.example.org",
    ],
)
def test_a_name_that_only_looks_like_a_provider_is_nobodys(host: str) -> None:
    assert provider_of(host) is None


def test_only_google_shows_app_passwords_with_spaces() -> None:
    assert [p.id for p in PROVIDERS if p.strips_password_spaces] == ["gmail"]


def test_only_microsoft_takes_no_passwords() -> None:
    assert [p.id for p in PROVIDERS if not p.takes_passwords] == ["microsoft"]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.id)
def test_a_provider_row_is_sound(provider: Provider) -> None:
    for url in filter(None, (provider.app_password_url, provider.imap_settings_url)):
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert "." in parts.netloc
    # Telling a person to make an app password without saying where helps nobody.
    assert provider.app_password_url or not provider.needs_app_password
    assert all(domain == domain.lower().strip(".") and "." in domain for domain in provider.domains)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.id)
def test_where_its_mail_is_is_a_server_of_the_provider(provider: Provider) -> None:
    for mail in provider.mail:
        assert mail.domains or mail.mx
        assert bool(mail.host) is not bool(provider.without_imap)
        if mail.host:
            assert provider_of(mail.host) is provider
            assert server_name(mail.host) == mail.host
            assert mail.port == (993 if mail.tls else 143)
        for domain in mail.domains:
            assert mail_of(domain) == (provider, mail)
            assert server_name(domain) == domain
        for name in mail.mx:
            assert mail_through(f"a.{name.upper()}.") == mail_through(name) == (provider, mail)
    if provider.without_imap:
        assert provider.without_imap.endswith(".")
        assert provider.imap_settings_url


def test_no_mail_domain_and_no_exchanger_is_listed_twice() -> None:
    domains = [domain for provider in PROVIDERS for mail in provider.mail for domain in mail.domains]
    assert len(domains) == len(set(domains)) >= 250
    exchangers = [name for provider in PROVIDERS for mail in provider.mail for name in mail.mx]
    assert len(exchangers) == len(set(exchangers))


def test_no_domain_is_listed_twice_and_no_id_either() -> None:
    domains = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(domains) == len(set(domains))
    assert len(PROVIDERS) == len({provider.id for provider in PROVIDERS}) >= 20
