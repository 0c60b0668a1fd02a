"""Addresses in settings: which are taken, and that a refusal repeats nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbox_svc.config import load
from mailbox_svc.config.web import endpoint, host, issuer, origin, redirect_uri
from mailbox_svc.errors import ConfigError


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.org/token",
        "https://id.example.org:8443/authorize?realm=staff",
        "https://[2001:db8::1]/token",
        "http://localhost:29400/token",
        "http://127.0.0.1/token",
        "http://[::1]:8080/token",
    ],
)
def test_endpoints_are_https_or_on_this_machine(url: str) -> None:
    assert endpoint(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "id.example.org/token",
        "/token",
        "https:///token",
        "https://:443/token",
        "https://[::1/token",
        "https://id.example.org:0/token",
        "https://id.example.org:99999/token",
        "http://id.example.org/token",
        "http://10.0.0.1/token",
        "http://127.0.0.1.example.org/token",
        "http://localhost.example.org/token",
        "ftp://localhost/token",
        "https://CANARY-user@id.example.org/token",
        "https://CANARY-user:CANARY-word@id.example.org/token",
        "https://id.example.org/token#CANARY-fragment",
        "https://id.example.org/token#",
        "https://*.example.org/token",
        "https://id.example.org/to ken",
        "https://id.example.org/token\n",
        "https://id.exam\tple.org/token",
        "https://id.example.org\\@evil.example/token",
        "https://bücher.example/token",
    ],
)
def test_anything_else_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must ") as refused:
        endpoint(url)
    assert "CANARY" not in str(refused.value)
    for check in (issuer, origin, redirect_uri("google")):
        with pytest.raises(ValueError, match="must "):
            check(url)


def test_an_issuer_has_no_query() -> None:
    assert issuer("https://id.example.org/realms/staff") == "https://id.example.org/realms/staff"
    with pytest.raises(ValueError, match="query"):
        issuer("https://id.example.org/?realm=staff")


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://app.example.org/api/auth/google/callback", True),
        ("https://app.example.org/mail/api/auth/google/callback", True),
        ("http://localhost:8080/api/auth/google/callback", True),
        ("http://app.example.org/api/auth/google/callback", False),
        ("https://app.example.org/api/auth/google/callback/", False),
        ("https://app.example.org/api/auth/microsoft/callback", False),
        ("https://app.example.org/?next=/api/auth/google/callback", False),
        ("https://app.example.org/api/auth/google/callback?next=x", False),
    ],
)
def test_a_redirect_uri_leads_to_the_callback_of_its_provider(url: str, taken: bool) -> None:
    if taken:
        assert redirect_uri("google")(url) == url
    else:
        with pytest.raises(ValueError, match="must "):
            redirect_uri("google")(url)


@pytest.mark.parametrize(
    ("written", "as_browsers_write_it"),
    [
        ("https://app.example.org", "https://app.example.org"),
        ("https://App.Example.ORG:443", "https://app.example.org"),
        ("https://app.example.org:8443", "https://app.example.org:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(written: str, as_browsers_write_it: str) -> None:
    assert origin(written) == as_browsers_write_it


@pytest.mark.parametrize(
    "value", ["*", "null", "https://app.example.org/", "https://app.example.org?", "https://*"]
)
def test_no_path_and_no_wildcard_is_an_origin(value: str) -> None:
    with pytest.raises(ValueError, match="must "):
        origin(value)


@pytest.mark.parametrize(
    "value", ["", "imap.example.org/x", "a b", "ann@example.org", "*.example.org", "imap\n"]
)
def test_a_host_is_a_name_and_nothing_else(value: str) -> None:
    assert host("imap.example.org") == "imap.example.org"
    assert host("::1") == "::1"
    with pytest.raises(ValueError, match="must "):
        host(value)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("IMAP.Example.org.", "imap.example.org"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
    ],
)
def test_a_server_has_one_spelling_that_of_a_saved_mailbox(typed: str, stored: str) -> None:
    assert host(typed) == stored


@pytest.mark.parametrize("typed", ["imap.example.org:993", "a:b:c", "[imap.example.org]", ".", "", "a b"])
def test_a_port_or_nonsense_is_no_server(typed: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a server"):
        host(typed)


def test_a_gateway_that_could_not_call_its_own_service_is_refused(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("grpc_tls_cert_file", "grpc_tls_key_file")}
    with pytest.raises(ConfigError, match="no client certificate"):
        load(rest_addr="127.0.0.1:0", grpc_tls_client_ca_file=tmp_path / "ca.pem", **files)
