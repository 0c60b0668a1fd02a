from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import pytest

from mailbox_svc.errors import OAuthGrantRefused, OAuthProviderNotFound, OAuthProviderUnavailable
from mailbox_svc.model.oauth import OAuthClient
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http import HttpProviderEndpoints
from mailbox_svc.oauth_http.tokens import MAX_LIFE, MAX_TOKEN
from support.token_server import CLIENT_ID, TokenServer, granted, refuses, says, status

CODE, VERIFIER = Secret("CANARY-code+/= %&"), Secret("CANARY-verifier" + "v" * 40)
REFRESH = Secret("CANARY-refresh-token-1")
INFO = says({"email": "ann@example.org"})


def test_the_url_has_all_that_the_flow_needs_and_no_secret(endpoints: HttpProviderEndpoints) -> None:
    provider = TokenServer().provider(authorize_url="https://login.example.org/a?tenant=x")
    url = endpoints.authorization_url(provider, state="st", verifier=VERIFIER, login_hint="ann+1@example.org")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.reveal().encode()).digest()).rstrip(b"=")
    assert url.startswith("https://login.example.org/a?")
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "tenant": "x",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": "http://127.0.0.1:9/callback",
        "scope": "openid email mail.read",
        "state": "st",
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
        "login_hint": "ann+1@example.org",
        "prompt": "consent",
    }
    assert "CANARY" not in url


def test_without_a_hint_the_url_has_none(endpoints: HttpProviderEndpoints) -> None:
    url = endpoints.authorization_url(TokenServer().provider(), state="s", verifier=VERIFIER, login_hint=None)
    assert "login_hint" not in parse_qs(urlsplit(url).query)


def test_a_provider_that_is_not_registered_is_not_asked(endpoints: HttpProviderEndpoints) -> None:
    with pytest.raises(OAuthProviderNotFound):
        endpoints.authorization_url(
            TokenServer().provider(client=None), state="s", verifier=VERIFIER, login_hint=None
        )


async def test_a_code_becomes_tokens_and_an_address(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    server.answers("/userinfo", INFO)
    grant = await endpoints.exchange(server.provider(), CODE, VERIFIER)
    assert grant.address == "ann@example.org"
    assert grant.tokens.access_token.reveal() == "CANARY-access-token"
    assert grant.tokens.refresh_token is not None
    assert grant.tokens.refresh_token.reveal() == "CANARY-refresh-token-2"
    assert grant.tokens.expires_in == 3600.0
    assert grant.tokens.scopes == frozenset({"openid", "email", "mail.read"})
    token, info = server.asked
    assert token.form == {
        "grant_type": "authorization_code",
        "code": CODE.reveal(),
        "code_verifier": VERIFIER.reveal(),
        "redirect_uri": "http://127.0.0.1:9/callback",
    }
    assert (info.method, info.headers["authorization"]) == ("GET", "Bearer CANARY-access-token")
    assert token.headers["accept-encoding"] == info.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("seconds", [0, 1, 2, 59])
async def test_a_token_that_ends_soon_is_good_for_asking_whose_it_is(
    server: TokenServer, endpoints: HttpProviderEndpoints, seconds: int
) -> None:
    server.answers("/token", granted(expires_in=seconds))
    server.answers("/userinfo", INFO)
    assert (await endpoints.exchange(server.provider(), CODE, VERIFIER)).address == "ann@example.org"


async def test_a_refresh_sends_the_refresh_token_and_names_no_scope(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    tokens = await endpoints.refresh(server.provider(), REFRESH)
    assert tokens.refresh_token is not None
    assert tokens.refresh_token.reveal() == "CANARY-refresh-token-2"
    assert server.asked[0].form == {"grant_type": "refresh_token", "refresh_token": REFRESH.reveal()}


@pytest.mark.parametrize("again", [None, "", REFRESH.reveal()])
async def test_without_a_new_refresh_token_the_one_in_use_stays(
    server: TokenServer, endpoints: HttpProviderEndpoints, again: str | None
) -> None:
    server.answers("/token", granted(refresh_token=again))
    assert (await endpoints.refresh(server.provider(), REFRESH)).refresh_token is None


@pytest.mark.parametrize("secret", ["CANARY-plain", "CANARY-a:b%c+d e/=&", "CANARY-schlüssel-ключ"])
async def test_basic_authentication_is_form_encoded_first(
    server: TokenServer, endpoints: HttpProviderEndpoints, secret: str
) -> None:
    server.answers("/token", granted())
    provider = server.provider(client=OAuthClient("id:1 %", Secret(secret), "http://127.0.0.1:9/callback"))
    await endpoints.refresh(provider, REFRESH)
    kind, _, coded = server.asked[0].headers["authorization"].partition(" ")
    client_id, _, sent = base64.b64decode(coded).decode("ascii").partition(":")
    assert (kind, unquote_plus(client_id), unquote_plus(sent)) == ("Basic", "id:1 %", secret)
    assert "client_secret" not in server.asked[0].form


async def test_by_post_the_secret_is_in_the_form(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    secret = "CANARY-a:b%c+d ü"
    client = OAuthClient("id-1", Secret(secret), "http://127.0.0.1:9/callback")
    await endpoints.refresh(server.provider(client_auth="client_secret_post", client=client), REFRESH)
    assert "authorization" not in server.asked[0].headers
    assert server.asked[0].form["client_id"] == "id-1"
    assert server.asked[0].form["client_secret"] == secret


async def test_a_public_client_sends_its_id_alone(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    server.answers("/revoke", status(200))
    provider = server.provider(client=OAuthClient("id-1", None, "http://127.0.0.1:9/callback"))
    await endpoints.refresh(provider, REFRESH)
    await endpoints.revoke(provider, REFRESH)
    for asked in server.asked:
        assert "authorization" not in asked.headers
        assert asked.form["client_id"] == "id-1"
        assert "client_secret" not in asked.form


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (3600, 3600.0),
        ("3599", 3599.0),
        (0.5, 0.5),
        (None, None),
        (-5, 0.0),
        ("-5", 0.0),
        (10**400, MAX_LIFE),
        (float("inf"), MAX_LIFE),
        (float("nan"), None),
        ("soon", None),
        ("1_0", None),
        (True, None),
        ([3600], None),
    ],
)
async def test_a_lifetime_may_be_anything(
    server: TokenServer, endpoints: HttpProviderEndpoints, sent: object, seconds: float | None
) -> None:
    server.answers("/token", granted(expires_in=sent))
    assert (await endpoints.refresh(server.provider(), REFRESH)).expires_in == seconds


@pytest.mark.parametrize("scope", [None, "", "  ", 7, ["mail.read"], {"a": 1}])
async def test_a_scope_that_is_no_text_says_nothing(
    server: TokenServer, endpoints: HttpProviderEndpoints, scope: object
) -> None:
    server.answers("/token", granted(scope=scope))
    assert (await endpoints.refresh(server.provider(), REFRESH)).scopes is None


@pytest.mark.parametrize("kind", [None, "bearer", "BEARER"])
async def test_a_bearer_token_may_be_called_so_in_any_case(
    server: TokenServer, endpoints: HttpProviderEndpoints, kind: str | None
) -> None:
    server.answers("/token", granted(token_type=kind))
    assert (await endpoints.refresh(server.provider(), REFRESH)).access_token


async def test_the_longest_token_is_taken(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    server.answers("/token", granted(access_token="a" * MAX_TOKEN, refresh_token="r" * MAX_TOKEN))
    tokens = await endpoints.refresh(server.provider(), REFRESH)
    assert len(tokens.access_token) == MAX_TOKEN


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "CANARY- two"},
        {"access_token": "CANARY-\r\nx: y"},
        {"access_token": "CANARY-ü"},
        {"access_token": "a" * (MAX_TOKEN + 1)},
        {"token_type": "mac"},
        {"token_type": ["bearer"]},
        {"refresh_token": ["CANARY-list"]},
        {"refresh_token": "CANARY-\n"},
        {"refresh_token": "r" * (MAX_TOKEN + 1)},
    ],
)
async def test_what_is_no_token_is_not_taken(
    server: TokenServer, endpoints: HttpProviderEndpoints, changes: dict[str, Any]
) -> None:
    server.answers("/token", granted(**changes))
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.refresh(server.provider(), REFRESH)


async def test_members_of_wild_types_are_left_out(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted(expires_at=["x"], id_token={"a": 1}, ext=[[1]], token=None))
    assert (await endpoints.refresh(server.provider(), REFRESH)).expires_in == 3600.0


async def test_a_grant_is_given_back(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    server.answers("/revoke", status(200, b"<html>anything"))
    assert await endpoints.revoke(server.provider(), REFRESH) is True
    assert server.asked[0].form == {"token": REFRESH.reveal(), "token_type_hint": "refresh_token"}
    assert server.asked[0].headers["authorization"].startswith("Basic ")


async def test_a_grant_that_the_provider_does_not_know_is_gone(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/revoke", refuses("invalid_token"))
    assert await endpoints.revoke(server.provider(), REFRESH) is True


async def test_a_provider_without_an_endpoint_is_not_told(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    assert await endpoints.revoke(server.provider(revoke_url=""), REFRESH) is False
    assert server.asked == []


async def test_a_refusal_to_revoke_is_an_error(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    server.answers("/revoke", refuses("unsupported_token_type", 503), refuses("invalid_grant"))
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.revoke(server.provider(), REFRESH)
    with pytest.raises(OAuthGrantRefused):
        await endpoints.revoke(server.provider(), REFRESH)


async def test_an_error_in_5xx_invalid_token_is_not_gone(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/revoke", refuses("invalid_token", 500))
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.revoke(server.provider(), REFRESH)


async def test_two_providers_of_one_address_keep_their_own_registrations(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    one = server.provider(client_auth="client_secret_post")
    other = replace(one, client=OAuthClient("other", Secret("CANARY-other"), "http://127.0.0.1:9/x"))
    await endpoints.refresh(one, REFRESH)
    await endpoints.refresh(other, REFRESH)
    assert [asked.form["client_id"] for asked in server.asked] == [CLIENT_ID, "other"]
