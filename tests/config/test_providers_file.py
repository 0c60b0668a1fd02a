"""Generic providers from a TOML file: what a table says, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailbox_svc.config import load, oauth_providers
from mailbox_svc.errors import ConfigError
from mailbox_svc.model.check import TokenMechanism
from mailbox_svc.model.oauth import OAuthClient, OAuthProvider

KEYS = {
    "name": '"Acme Mail"',
    "client_id": '"mailbox-svc"',
    "client_secret": '"CANARY-acme"',
    "redirect_uri": '"https://app.example.org/api/auth/acme/callback"',
    "authorize_url": '"https://id.example.org/auth"',
    "token_url": '"https://id.example.org/token"',
    "scopes": '["openid", "email", "offline_access"]',
    "imap_host": '"imap.example.org"',
}

Read = Callable[[str], tuple[OAuthProvider, ...]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str) -> tuple[OAuthProvider, ...]:
        file = tmp_path / "providers.toml"
        file.write_text(text)
        return oauth_providers(load(oauth_providers_file=file))[2:]

    return read


def table(provider: str = "acme", /, **changes: str | None) -> str:
    """Return a good table with these keys written otherwise, or left out."""
    keys = {**KEYS, "redirect_uri": KEYS["redirect_uri"].replace("acme", provider), **changes}
    lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return "\n".join([f"[{provider}]", *lines, ""])


def refusal(read: Read, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert "CANARY" not in str(refused.value)
    return str(refused.value)


def test_a_table_is_a_provider(read: Read) -> None:
    [acme] = read(table())
    assert isinstance(acme.client, OAuthClient)
    assert acme.client.secret is not None
    assert acme.client.secret.reveal() == "CANARY-acme"
    assert acme == OAuthProvider(
        id="acme",
        name="Acme Mail",
        authorize_url="https://id.example.org/auth",
        token_url="https://id.example.org/token",
        revoke_url="",
        userinfo_url="",
        issuer="",
        sends_issuer=False,
        scopes=("openid", "email", "offline_access"),
        needed_scopes=(),
        authorize_params=(),
        address_claims=("email",),
        client_auth="client_secret_basic",
        imap_host="imap.example.org",
        imap_port=993,
        imap_tls=True,
        mechanism=None,
        client=OAuthClient(
            "mailbox-svc", acme.client.secret, "https://app.example.org/api/auth/acme/callback"
        ),
    )


def test_every_key_is_heard(read: Read) -> None:
    [acme] = read(
        table(
            revoke_url='"https://id.example.org/revoke"',
            userinfo_url='"https://id.example.org/me"',
            issuer='"https://id.example.org"',
            sends_issuer="true",
            needed_scopes='["email"]',
            authorize_params='{ prompt = "consent" }',
            address_claims='["mail", "email"]',
            client_auth='"client_secret_post"',
            imap_port="1143",
            imap_tls="false",
            mechanism='"OAUTHBEARER"',
        )
    )
    assert acme.revoke_url == "https://id.example.org/revoke"
    assert acme.userinfo_url == "https://id.example.org/me"
    assert (acme.issuer, acme.sends_issuer) == ("https://id.example.org", True)
    assert acme.needed_scopes == ("email",)
    assert acme.authorize_params == (("prompt", "consent"),)
    assert acme.address_claims == ("mail", "email")
    assert acme.client_auth == "client_secret_post"
    assert (acme.imap_port, acme.imap_tls, acme.mechanism) == (1143, False, TokenMechanism.OAUTHBEARER)


def test_without_tls_from_the_start_the_port_is_143(read: Read) -> None:
    [acme] = read(table(imap_tls="false"))
    assert acme.imap_port == 143


def test_the_order_is_that_of_the_file(read: Read) -> None:
    assert [one.id for one in read(table("zoo") + table("acme") + table("0-1"))] == ["zoo", "acme", "0-1"]


def test_a_secret_file_is_looked_for_beside_the_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "acme.secret").write_text("CANARY-from-file\n")
    [acme] = read(table(client_secret=None, client_secret_file='"acme.secret"'))
    assert acme.client is not None
    assert acme.client.secret is not None
    assert acme.client.secret.reveal() == "CANARY-from-file"
    [same] = read(table(client_secret=None, client_secret_file=f'"{tmp_path / "acme.secret"}"'))
    assert same.client is not None
    assert same.client.secret is not None


def test_a_public_client_has_no_secret(read: Read) -> None:
    [acme] = read(table(client_secret=None, client_auth='"none"'))
    assert acme.client is not None
    assert acme.client.secret is None
    assert "takes no secret" in refusal(read, table(client_auth='"none"'))


@pytest.mark.parametrize("key", [key for key in KEYS if key != "client_secret"])
def test_a_key_that_must_be_there_is_missed_by_name(read: Read, key: str) -> None:
    assert f"[acme] {key}: is missing" in refusal(read, table(**{key: None}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_secret": None}, "set client_secret_file or client_secret"),
        ({"client_secret": '""'}, "set client_secret_file or client_secret"),
        ({"client_secret_file": '"x"'}, "and not both"),
        ({"client_secret": None, "client_secret_file": '"/nowhere/x"'}, "[acme] Cannot read /nowhere/x"),
        ({"token_uri": '"https://id.example.org"'}, "[acme] token_uri: is not a key"),
        ({"token_url": '"http://id.example.org/token"'}, "[acme] token_url: must start with https://"),
        ({"revoke_url": '"x"'}, "[acme] revoke_url: must be a URL"),
        ({"issuer": '"https://id.example.org/?x"'}, "[acme] issuer: must have no query"),
        ({"redirect_uri": '"https://app.example.org/api/auth/google/callback"'}, "/api/auth/acme/callback"),
        ({"sends_issuer": "true"}, "sends_issuer needs issuer"),
        ({"sends_issuer": '"yes"'}, "[acme] sends_issuer: "),
        ({"scopes": '"openid email"'}, "[acme] scopes: "),
        ({"scopes": '["openid email"]'}, "[acme] scopes.0: "),
        ({"scopes": "[]"}, "[acme] scopes: "),
        ({"scopes": '["email"]'}, "userinfo_url, or from the scope openid"),
        ({"needed_scopes": '["mail"]'}, "needed_scopes: mail is not among scopes"),
        ({"address_claims": "[]"}, "[acme] address_claims: "),
        ({"authorize_params": '{ state = "x", scope = "y" }'}, "scope, state is said by the service"),
        ({"authorize_params": "{ max_age = 1 }"}, "[acme] authorize_params.max_age: "),
        ({"client_auth": '"private_key_jwt"'}, "[acme] client_auth: "),
        ({"mechanism": '"PLAIN"'}, "[acme] mechanism: "),
        ({"imap_port": '"993"'}, "[acme] imap_port: "),
        ({"imap_port": "65536"}, "[acme] imap_port: "),
        ({"imap_tls": "1"}, "[acme] imap_tls: "),
        ({"imap_host": '"imaps://imap.example.org"'}, "[acme] imap_host: must be the name"),
        ({"name": '""'}, "[acme] name: "),
        ({"client_id": "7"}, "[acme] client_id: "),
        ({"client_secret": '["CANARY-list"]'}, "[acme] client_secret: "),
    ],
)
def test_a_wrong_table_says_what_is_wrong_with_it(
    read: Read, changes: dict[str, str | None], said: str
) -> None:
    assert said in refusal(read, table(**changes))


@pytest.mark.parametrize("provider", ["Acme", '"a b"', '"acme.mail"', f'"{"a" * 33}"', '"../x"', '""'])
def test_an_id_is_short_and_plain(read: Read, provider: str) -> None:
    text = table().replace("[acme]", f"[{provider}]")
    assert "is not an id" in refusal(read, text)


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_google_and_microsoft_have_their_settings(read: Read, provider: str) -> None:
    assert f"{provider.upper()}_CLIENT_ID" in refusal(read, table(provider))


def test_what_is_no_table_is_told(read: Read) -> None:
    assert "[client_secret] is not a table" in refusal(read, 'client_secret = "CANARY-top"')


def test_every_problem_of_every_table_is_told_at_once(read: Read) -> None:
    said = refusal(
        read, table("one", token_url='"x"', imap_host=None) + table("Two") + table("three", extra="1")
    )
    for part in (
        "[one] token_url: ",
        "[one] imap_host: is missing",
        "[Two] is not",
        "[three] extra: is not a key",
    ):
        assert part in said


def test_what_is_no_toml_is_told_with_the_place_only(read: Read) -> None:
    said = refusal(read, "\n[acme]\nclient_secret = CANARY-é\n")
    assert said.endswith("is not TOML (at line 3, column 17).")


def test_a_file_without_tables_adds_nobody(read: Read) -> None:
    assert read("") == ()
