"""Google and Microsoft from the environment: what is needed, what is refused, what comes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from mailbox_svc.config import Settings, load, oauth_providers
from mailbox_svc.config.providers_file import ProviderTable
from mailbox_svc.errors import ConfigError
from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.oauth import OAuthProvider

GOOGLE = {
    "GOOGLE_CLIENT_ID": "123.apps.example",
    "GOOGLE_CLIENT_SECRET": "CANARY-google",
    "GOOGLE_REDIRECT_URI": "https://app.example.org/api/auth/google/callback",
}
MICROSOFT = {
    "MICROSOFT_CLIENT_ID": "00000000-1111-2222-3333-444444444444",
    "MICROSOFT_CLIENT_SECRET": "CANARY-microsoft",
    "MICROSOFT_REDIRECT_URI": "https://app.example.org/api/auth/microsoft/callback",
}


class Environment:
    """The variables of this process that a program may set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        for name in os.environ:
            if name.startswith(("MAILBOX_", "GOOGLE_", "MICROSOFT_")):
                monkeypatch.delenv(name)

    def load(self, *parts: dict[str, str], **more: str) -> Settings:
        for part in (*parts, more):
            for name, value in part.items():
                self._monkeypatch.setenv(name, value)
        return load()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    return Environment(monkeypatch)


def _pair(settings: Settings) -> tuple[OAuthProvider, OAuthProvider]:
    google, microsoft = oauth_providers(settings)
    assert (google.id, microsoft.id) == ("google", "microsoft")
    return google, microsoft


def test_both_are_there_without_a_registration(environment: Environment) -> None:
    assert [one.configured for one in _pair(environment.load())] == [False, False]


def test_google_needs_three_variables(environment: Environment) -> None:
    google, microsoft = _pair(environment.load(GOOGLE))
    assert google.client is not None
    assert google.client.id == GOOGLE["GOOGLE_CLIENT_ID"]
    assert google.client.secret is not None
    assert google.client.secret.reveal() == "CANARY-google"
    assert google.client.redirect_uri == GOOGLE["GOOGLE_REDIRECT_URI"]
    assert not microsoft.configured


def test_google_is_asked_for_mail_for_good(environment: Environment) -> None:
    google, _ = _pair(environment.load(GOOGLE))
    assert google.scopes == ("openid", "email", "https://mail.google.com/")
    assert google.needed_scopes == ("https://mail.google.com/",)
    assert dict(google.authorize_params) == {"access_type": "offline", "prompt": "consent"}
    assert google.address_claims == ("email",)
    assert google.mechanism is TokenMechanism.XOAUTH2
    destination = google.destination("ann@gmail.com")
    assert (destination.host, destination.port, destination.tls) == ("imap.gmail.com", 993, True)


def test_microsoft_is_asked_for_imap_and_names_the_address_in_its_id_token(environment: Environment) -> None:
    _, microsoft = _pair(environment.load(MICROSOFT))
    scope = "https://outlook.office.com/IMAP.AccessAsUser.All"
    assert microsoft.scopes == ("openid", "email", "profile", "offline_access", scope)
    assert microsoft.needed_scopes == (scope,)
    assert (microsoft.userinfo_url, microsoft.revoke_url) == ("", "")
    assert microsoft.address_claims == ("preferred_username", "email", "upn")
    assert dict(microsoft.authorize_params) == {"prompt": "select_account"}
    destination = microsoft.destination("ann@example.org")
    assert (destination.host, destination.port, destination.tls) == ("outlook.office365.com", 993, True)


def test_the_tenant_is_common_unless_it_is_set(environment: Environment) -> None:
    _, microsoft = _pair(environment.load())
    assert microsoft.authorize_url == "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    assert microsoft.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    assert microsoft.issuer == "https://login.microsoftonline.com/{tenantid}/v2.0"


@pytest.mark.parametrize(
    "tenant",
    ["organizations", "consumers", "0a1B2c3d-1111-2222-3333-444444444444", "example.onmicrosoft.com"],
)
def test_the_tenant_is_in_the_endpoints(environment: Environment, tenant: str) -> None:
    _, microsoft = _pair(
        environment.load(
            MICROSOFT_TENANT=tenant, MICROSOFT_TOKEN_URL="https://login.example.us/{tenant}/oauth2/v2.0/token"
        )
    )
    assert microsoft.authorize_url == f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize"
    assert microsoft.token_url == f"https://login.example.us/{tenant}/oauth2/v2.0/token"


@pytest.mark.parametrize(
    "tenant",
    [
        "Common",
        "me",
        "../common",
        "a.example/x",
        "-a.example",
        "a..example",
        "{tenant}",
        "10.0.0.1",
        "common\n",
    ],
)
def test_anything_else_is_no_tenant(environment: Environment, tenant: str) -> None:
    with pytest.raises(ConfigError, match="MICROSOFT_TENANT: must be common"):
        environment.load(MICROSOFT_TENANT=tenant)


def test_every_endpoint_can_be_overridden(environment: Environment) -> None:
    at = "http://127.0.0.1:29400"
    overrides = {
        f"{prefix}_{name}": value
        for prefix in ("GOOGLE", "MICROSOFT")
        for name, value in {
            "AUTHORIZE_URL": f"{at}/auth",
            "TOKEN_URL": f"{at}/token",
            "REVOKE_URL": f"{at}/revoke",
            "USERINFO_URL": f"{at}/me",
            "ISSUER": at,
            "IMAP_HOST": "localhost",
            "IMAP_PORT": "20143",
            "IMAP_TLS": "false",
        }.items()
    }
    scope = {"MICROSOFT_IMAP_SCOPE": "mail.read"}
    for provider in _pair(environment.load(overrides, scope)):
        urls = (provider.authorize_url, provider.token_url, provider.revoke_url, provider.userinfo_url)
        assert urls == (f"{at}/auth", f"{at}/token", f"{at}/revoke", f"{at}/me")
        assert provider.issuer == at
        assert (provider.imap_host, provider.imap_port, provider.imap_tls) == ("localhost", 20143, False)
    assert provider.needed_scopes == ("mail.read",)
    assert "mail.read" in provider.scopes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOOGLE_TOKEN_URL", "http://id.example.org/token"),
        ("GOOGLE_ISSUER", "https://id.example.org?x=y"),
        ("GOOGLE_REDIRECT_URI", "https://app.example.org/api/auth/microsoft/callback"),
        ("GOOGLE_IMAP_PORT", "0"),
        ("GOOGLE_IMAP_TLS", "perhaps"),
        ("MICROSOFT_REDIRECT_URI", "https://app.example.org/api/auth/google/callback"),
        ("MICROSOFT_IMAP_HOST", "https://outlook.example"),
        ("MICROSOFT_IMAP_SCOPE", "two scopes"),
    ],
)
def test_a_wrong_value_is_told_by_the_name_of_its_variable(
    environment: Environment, name: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}: ") as refused:
        environment.load(GOOGLE, MICROSOFT, {name: value})
    assert value not in str(refused.value)


@pytest.mark.parametrize("prefix", ["GOOGLE", "MICROSOFT"])
@pytest.mark.parametrize("given", ["CLIENT_ID", "CLIENT_SECRET", "CLIENT_SECRET_FILE", "REDIRECT_URI"])
def test_half_a_registration_names_what_is_missing(environment: Environment, prefix: str, given: str) -> None:
    registration = {f"{prefix}_CLIENT_SECRET_FILE": "/run/secrets/one", **GOOGLE, **MICROSOFT}
    with pytest.raises(ConfigError) as refused:
        environment.load({f"{prefix}_{given}": registration[f"{prefix}_{given}"]})
    named = {
        one
        for one in ("CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI")
        if f"{prefix}_{one}" in str(refused.value)
    }
    assert named == {"CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI"} - {given.removesuffix("_FILE")}


def test_an_empty_variable_counts_as_none(environment: Environment) -> None:
    with pytest.raises(ConfigError, match="GOOGLE_CLIENT_SECRET"):
        environment.load(GOOGLE, GOOGLE_CLIENT_SECRET="")


def test_the_secret_comes_from_a_file_or_a_variable_and_not_from_both(
    environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("CANARY-from-file\n")
    with pytest.raises(ConfigError, match="GOOGLE_CLIENT_SECRET or GOOGLE_CLIENT_SECRET_FILE, not both"):
        environment.load(GOOGLE, GOOGLE_CLIENT_SECRET_FILE=str(file))
    google, _ = _pair(environment.load(GOOGLE_CLIENT_SECRET=""))
    assert google.client is not None
    assert google.client.secret is not None
    assert google.client.secret.reveal() == "CANARY-from-file"


def test_secret_files_that_cannot_be_used_are_all_named(environment: Environment, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    files = {"GOOGLE_CLIENT_SECRET_FILE": str(empty), "MICROSOFT_CLIENT_SECRET_FILE": "/nowhere/secret"}
    inline = {"GOOGLE_CLIENT_SECRET": "", "MICROSOFT_CLIENT_SECRET": ""}
    settings = environment.load(
        GOOGLE, MICROSOFT, files, inline, MAILBOX_OAUTH_PROVIDERS_FILE="/nowhere/providers.toml"
    )
    with pytest.raises(ConfigError) as refused:
        oauth_providers(settings)
    for part in (f"{empty} is empty", "/nowhere/secret", "/nowhere/providers.toml"):
        assert part in str(refused.value)


def test_every_problem_is_told_at_once(environment: Environment) -> None:
    with pytest.raises(ConfigError) as refused:
        environment.load(
            GOOGLE_TOKEN_URL="x", MICROSOFT_TENANT="x", MAILBOX_REST_ORIGINS="*", MAILBOX_NO_SUCH="x"
        )
    for name in ("GOOGLE_TOKEN_URL", "MICROSOFT_TENANT", "MAILBOX_REST_ORIGINS", "MAILBOX_NO_SUCH"):
        assert name in str(refused.value)
    with pytest.raises(ConfigError) as refused:
        environment.load(
            {"GOOGLE_TOKEN_URL": "", "MICROSOFT_TENANT": "", "MAILBOX_REST_ORIGINS": ""},
            {"GOOGLE_CLIENT_ID": "a", "MICROSOFT_CLIENT_ID": "b", "MAILBOX_GRPC_TLS_KEY_FILE": "/c"},
        )
    for name in (
        "GOOGLE_REDIRECT_URI",
        "MICROSOFT_REDIRECT_URI",
        "MAILBOX_GRPC_TLS_CERT_FILE",
        "MAILBOX_NO_SUCH",
    ):
        assert name in str(refused.value)


def test_no_secret_is_in_what_can_be_printed(environment: Environment) -> None:
    settings = environment.load(GOOGLE, MICROSOFT)
    assert "CANARY" not in f"{settings!r} {settings} {oauth_providers(settings)}"


def test_not_even_the_library_repeats_what_it_refuses() -> None:
    for model in (Settings, ProviderTable):
        with pytest.raises(ValidationError) as refused:
            model.model_validate({"google_imap_port": "CANARY-port", "imap_port": "CANARY-port"})
        assert "CANARY" not in str(refused.value)


def test_variables_of_other_programs_are_left_alone(environment: Environment) -> None:
    settings = environment.load(GOOGLE_APPLICATION_CREDENTIALS="/x.json", GOOGLE_CLOUD_PROJECT="x")
    assert settings.model_fields_set == set()


def test_a_provider_variable_has_no_second_name(environment: Environment) -> None:
    with pytest.raises(ConfigError, match="MAILBOX_GOOGLE_CLIENT_ID is not a setting"):
        environment.load(MAILBOX_GOOGLE_CLIENT_ID="x")


def test_the_gateway_is_for_this_machine_and_its_own_pages_unless_it_is_set(environment: Environment) -> None:
    settings = environment.load()
    assert (settings.rest_addr, settings.rest_origins) == ("127.0.0.1:8080", ())
    assert not settings.is_set("rest_addr")
    settings = environment.load(
        MAILBOX_REST_ADDR="0.0.0.0:80",
        MAILBOX_REST_ORIGINS="https://app.example.org, http://localhost:3000",
    )
    assert settings.rest_addr == "0.0.0.0:80"
    assert settings.rest_origins == ("https://app.example.org", "http://localhost:3000")


def test_the_gateway_is_off_when_its_address_is_empty(environment: Environment) -> None:
    settings = environment.load(MAILBOX_REST_ADDR="")
    assert settings.rest_addr is None
    assert settings.is_set("rest_addr")
    assert load(rest_addr="127.0.0.1:1").rest_addr == "127.0.0.1:1"


def test_values_given_by_name_win_over_the_environment(environment: Environment) -> None:
    environment.load(GOOGLE, MAILBOX_GRPC_ADDR="127.0.0.1:1")
    settings = load(google_client_id="other", grpc_addr="127.0.0.1:2")
    assert (settings.google_client_id, settings.grpc_addr) == ("other", "127.0.0.1:2")
