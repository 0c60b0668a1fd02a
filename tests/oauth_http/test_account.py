from __future__ import annotations

import time
from typing import Any

import pytest

from mailbox_svc.errors import OAuthGrantRefused, OAuthProviderUnavailable
from mailbox_svc.model.oauth import Grant
from mailbox_svc.model.secret import Secret
from mailbox_svc.oauth_http import HttpProviderEndpoints
from support.token_server import CLIENT_ID, TokenServer, granted, id_token, refuses, says, status

TENANT = "11112222-3333-4444-5555-666677778888"


async def exchanged(
    server: TokenServer, endpoints: HttpProviderEndpoints, token: object, **changes: Any
) -> Grant:
    server.answers("/token", granted(id_token=token))
    provider = server.provider(**{"userinfo_url": ""} | changes)
    return await endpoints.exchange(provider, Secret("CANARY-code"), Secret("CANARY-verifier"))


async def asked(server: TokenServer, endpoints: HttpProviderEndpoints, claims: object, **changes: Any) -> str:
    server.answers("/token", granted())
    server.answers("/userinfo", says(claims))
    provider = server.provider(**changes)
    return (await endpoints.exchange(provider, Secret("CANARY-code"), Secret("CANARY-verifier"))).address


async def test_without_an_endpoint_the_address_is_in_the_id_token(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    assert (await exchanged(server, endpoints, id_token())).address == "ann@example.org"
    assert (await exchanged(server, endpoints, id_token(aud=["x", CLIENT_ID]))).address == "ann@example.org"
    assert [request.path for request in server.asked] == ["/token", "/token"]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example.org"},
        {"iss": None},
        {"iss": ["https://issuer.example.org"]},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": {CLIENT_ID: 1}},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": float("nan")},
        {"exp": "9999999999"},
        {"exp": None},
    ],
)
async def test_an_id_token_that_is_not_for_us_is_refused(
    server: TokenServer, endpoints: HttpProviderEndpoints, changes: dict[str, Any]
) -> None:
    with pytest.raises(OAuthGrantRefused):
        await exchanged(server, endpoints, id_token(**changes))


@pytest.mark.parametrize(
    ("token", "claims"),
    [
        (id_token(sub="1"), {"sub": "1"}),
        (id_token(sub=None), {"sub": "1"}),
        (id_token(sub="1"), {}),
        (None, {"sub": "1"}),
        ("no token", {"sub": "1"}),
    ],
)
async def test_userinfo_about_the_account_of_the_id_token_is_taken(
    server: TokenServer, endpoints: HttpProviderEndpoints, token: str | None, claims: dict[str, Any]
) -> None:
    server.answers("/userinfo", says({"email": "ann@example.org"} | claims))
    grant = await exchanged(server, endpoints, token, userinfo_url=f"{server.base}/userinfo")
    assert grant.address == "ann@example.org"


@pytest.mark.parametrize("subject", ["2", "", 1, ["1"]])
async def test_userinfo_about_another_account_than_the_id_token_is_refused(
    server: TokenServer, endpoints: HttpProviderEndpoints, subject: object
) -> None:
    server.answers("/userinfo", says({"sub": subject, "email": "ann@example.org"}))
    with pytest.raises(OAuthGrantRefused):
        await exchanged(server, endpoints, id_token(sub="1"), userinfo_url=f"{server.base}/userinfo")


async def test_an_id_token_for_somebody_else_is_refused_beside_userinfo_too(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    with pytest.raises(OAuthGrantRefused):
        await exchanged(server, endpoints, id_token(aud="another"), userinfo_url=f"{server.base}/userinfo")
    assert [request.path for request in server.asked] == ["/token"]


async def test_clocks_may_differ_a_little(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    grant = await exchanged(server, endpoints, id_token(exp=int(time.time()) - 120))
    assert grant.address == "ann@example.org"


async def test_an_issuer_that_is_not_known_beforehand_may_be_any(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    grant = await exchanged(server, endpoints, id_token(iss="https://any.example"), issuer="")
    assert grant.address == "ann@example.org"


async def test_an_issuer_without_its_scheme_is_the_same(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    assert (await exchanged(server, endpoints, id_token(iss="issuer.example.org"))).address


@pytest.mark.parametrize(
    ("iss", "tid", "good"),
    [
        (f"https://login.example.org/{TENANT}/v2.0", TENANT, True),
        ("https://login.example.org/{tenantid}/v2.0", None, False),
        ("https://login.example.org/{tenantid}/v2.0", "{tenantid}", False),
        (f"https://login.example.org/{TENANT}/v2.0", TENANT[:-1] + "9", False),
        (f"https://login.example.org/{TENANT}/v2.0", [TENANT], False),
    ],
)
async def test_a_tenant_has_its_own_issuer(
    server: TokenServer, endpoints: HttpProviderEndpoints, iss: str, tid: object, *, good: bool
) -> None:
    issuer = "https://login.example.org/{tenantid}/v2.0"
    call = exchanged(server, endpoints, id_token(iss=iss, tid=tid), issuer=issuer)
    if good:
        assert (await call).address == "ann@example.org"
    else:
        with pytest.raises(OAuthGrantRefused):
            await call


@pytest.mark.parametrize(
    "token", [None, "", 7, {"a": 1}, "x", "a.b", "a.b.c", "a.!!!.c", "a.W10.c", "ü.ü.ü", "a.b.c.d", "a" * 100]
)
async def test_what_is_no_id_token_tells_no_address(
    server: TokenServer, endpoints: HttpProviderEndpoints, token: object
) -> None:
    assert (await exchanged(server, endpoints, token)).address == ""


@pytest.mark.parametrize(
    "email",
    [
        None,
        7,
        True,
        ["ann@example.org"],
        "",
        "ann",
        "@example.org",
        "ann@",
        "a@b@c",
        "ann @example.org",
        "ann@example.org\r\nx",
        "ann\x00@example.org",
        "ann@exam\u2028ple.org",
        "ann@\ud800.org",
        "a" * 309 + "@example.org",
    ],
)
async def test_what_is_no_address_is_not_taken(
    server: TokenServer, endpoints: HttpProviderEndpoints, email: object
) -> None:
    claims = {"email": email, "upn": "bob@example.org"}
    assert await asked(server, endpoints, claims, address_claims=("email", "upn")) == "bob@example.org"
    assert await asked(server, endpoints, {"email": email}) == ""


async def test_the_longest_address_and_one_in_another_script_are_taken(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    for email in ("a" * 308 + "@example.org", "añn@пример.example"):
        assert await asked(server, endpoints, {"email": email}) == email


async def test_the_best_claim_wins(server: TokenServer, endpoints: HttpProviderEndpoints) -> None:
    claims = {"email": "ann@example.org", "upn": "bob@example.org"}
    assert await asked(server, endpoints, claims, address_claims=("upn", "email")) == "bob@example.org"


@pytest.mark.parametrize("verified", [False, "false"])
async def test_an_address_that_nobody_verified_is_not_taken(
    server: TokenServer, endpoints: HttpProviderEndpoints, verified: object
) -> None:
    claims = {"email": "ann@example.org", "email_verified": verified, "upn": "bob@example.org"}
    assert await asked(server, endpoints, claims) == ""
    assert await asked(server, endpoints, claims, address_claims=("email", "upn")) == "bob@example.org"
    assert await asked(server, endpoints, claims | {"email_verified": True}) == "ann@example.org"


@pytest.mark.parametrize("code", [401, 403])
async def test_a_token_that_may_not_ask_tells_no_address(
    server: TokenServer, endpoints: HttpProviderEndpoints, code: int
) -> None:
    server.answers("/token", granted())
    server.answers("/userinfo", refuses("insufficient_scope", code))
    grant = await endpoints.exchange(server.provider(), Secret("CANARY-code"), Secret("CANARY-verifier"))
    assert grant.address == ""


async def test_an_endpoint_that_fails_is_unavailable(
    server: TokenServer, endpoints: HttpProviderEndpoints
) -> None:
    server.answers("/token", granted())
    server.answers("/userinfo", status(500))
    with pytest.raises(OAuthProviderUnavailable):
        await endpoints.exchange(server.provider(), Secret("CANARY-code"), Secret("CANARY-verifier"))
