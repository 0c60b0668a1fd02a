"""Tokens signed with a shared secret."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from mailbox_svc.errors import ConfigError, TokenExpired, TokenInvalid
from mailbox_svc.identity import HmacVerifier, mint_token
from mailbox_svc.model.secret import Secret
from support import jwks_server
from support.jwks_server import AUDIENCE, ISSUER

SECRET = "CANARY-hmac-secret-of-more-than-32-bytes"
VERIFIER = HmacVerifier(Secret(SECRET), audience=AUDIENCE, issuer=ISSUER)


def claims(**changes: Any) -> dict[str, Any]:
    """Good ones for a day: those that are forged below must not expire before their test."""
    return jwks_server.claims(**{"exp": int(time.time()) + 86_400, **changes})


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(payload: Any, *, header: Any = None, secret: str = SECRET, digest: str = "sha256") -> str:
    """Sign anything at all with HMAC, unlike a library, which refuses to make bad tokens."""
    signed = part({"alg": "HS256"} if header is None else header) + "." + part(payload)
    return signed + "." + part(hmac.new(secret.encode(), signed.encode(), digest).digest())


async def test_a_good_token_names_its_subject() -> None:
    caller = await VERIFIER.verify(forge(claims(sub="user-1", exp=int(time.time()) + 60)))
    assert caller.subject == "user-1"
    assert not caller.is_service
    assert 0 < caller.expires_at - time.time() <= 60


async def test_a_service_role_token_is_a_service() -> None:
    assert (await VERIFIER.verify(forge(claims(role="service_role")))).is_service


@pytest.mark.parametrize("role", [None, "authenticated", ["service_role"], "SERVICE_ROLE"])
async def test_any_other_role_is_a_user(role: object) -> None:
    assert not (await VERIFIER.verify(forge(claims(role=role)))).is_service


@pytest.mark.parametrize(
    "header", [{"jku": "https://evil.test/k"}, {"x5u": "https://evil.test/c"}, {"cat": "x"}]
)
async def test_hints_and_unknown_header_fields_are_ignored(header: dict[str, str]) -> None:
    caller = await VERIFIER.verify(forge(claims(), header={"alg": "HS256"} | header))
    assert caller.subject == "user-1"


now = int(time.time())
BAD = {
    "empty": "",
    "not a token": "CANARY-not-a-token",
    "two parts": "a.b",
    "four parts": forge(claims()) + ".x",
    "not base64": "!!.!!.!!",
    "not ASCII": "é.é.é",
    "a megabyte": "a" * 1_000_000,
    "too long though signed": forge(claims(pad="x" * 9000)),
    "header is no object": forge(claims(), header="HS256"),
    "header is deep": part(b"[" * 400) + "." + part(claims()) + ".AA",
    "no alg": forge(claims(), header={"typ": "JWT"}),
    "alg is a list": forge(claims(), header={"alg": ["HS256"]}),
    "alg none": part({"alg": "none"}) + "." + part(claims()) + ".",
    "alg None in capitals": part({"alg": "NONE"}) + "." + part(claims()) + ".",
    "alg none with a good signature": forge(claims(), header={"alg": "none"}),
    "HS512 with the right secret": forge(claims(), header={"alg": "HS512"}, digest="sha512"),
    "RS256 in name, HMAC in fact": forge(claims(), header={"alg": "RS256"}),
    "other secret": forge(claims(), secret="CANARY-another-secret-of-more-than-32-bytes"),
    "no signature": forge(claims()).rpartition(".")[0] + ".",
    "claims changed after signing": part({"alg": "HS256"})
    + "."
    + part(claims(sub="x"))
    + "."
    + forge({})[-43:],
    "an unknown critical extension": forge(claims(), header={"alg": "HS256", "crit": ["x"], "x": 1}),
    "critical b64 (RFC 7797)": forge(claims(), header={"alg": "HS256", "crit": ["b64"], "b64": True}),
    "critical is no list": forge(claims(), header={"alg": "HS256", "crit": 5}),
    "claims are no object": forge([1]),
    "claims are no JSON": forge(b"\xff"),
    "wrong audience": forge(claims(aud="other")),
    "wrong audiences": forge(claims(aud=["other", "another"])),
    "audience of a wrong type": forge(claims(aud=7)),
    "no audience": forge(claims(aud=None)),
    "wrong issuer": forge(claims(iss="https://evil.test")),
    "issuer in a list": forge(claims(iss=[ISSUER])),
    "no issuer": forge(claims(iss=None)),
    "no exp": forge(claims(exp=None)),
    "exp is text": forge(claims(exp="9999999999")),
    "exp is true": forge(claims(exp=True)),
    "exp is not a number": forge(b'{"sub":"user-1","aud":"authenticated","exp":NaN}'),
    "exp is endless": forge(json.dumps(claims(exp="X")).replace('"X"', "1e999").encode()),
    "exp beyond any float": forge(json.dumps(claims(exp="X")).replace('"X"', "9" * 400).encode()),
    "nbf in the future": forge(claims(nbf=now + 3600)),
    "iat in the future": forge(claims(iat=now + 3600)),
    "no sub": forge(claims(sub=None)),
    "sub is empty": forge(claims(sub="")),
    "sub is a number": forge(claims(sub=7)),
    "sub is long": forge(claims(sub="x" * 256)),
    "sub with a line break": forge(claims(sub="user\n1")),
    "sub with half a surrogate pair": forge(b'{"sub":"\\ud800"}'),
    "anon role": forge(claims(role="anon")),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
async def test_a_bad_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(TokenInvalid) as caught:
        await VERIFIER.verify(token)
    assert caught.value.message.endswith(".")
    assert "CANARY" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(("claim", "offset"), [("exp", -29), ("nbf", 29), ("iat", 29)])
async def test_clocks_may_differ_by_half_a_minute(claim: str, offset: int) -> None:
    verifier = HmacVerifier(Secret(SECRET), audience=AUDIENCE, clock=lambda: 1_000_000.0)
    token = forge({"sub": "user-1", "aud": AUDIENCE, "exp": 2_000_000} | {claim: 1_000_000 + offset})
    assert (await verifier.verify(token)).subject == "user-1"


async def test_a_token_expires_at_the_end_of_the_leeway() -> None:
    verifier = HmacVerifier(Secret(SECRET), audience=AUDIENCE, clock=lambda: 1_000_000.0)
    with pytest.raises(TokenExpired):
        await verifier.verify(forge({"sub": "user-1", "aud": AUDIENCE, "exp": 999_970}))


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_a_token_is_not_valid_before_the_leeway(claim: str) -> None:
    verifier = HmacVerifier(Secret(SECRET), audience=AUDIENCE, clock=lambda: 1_000_000.0)
    with pytest.raises(TokenInvalid):
        await verifier.verify(forge({"sub": "u", "aud": AUDIENCE, "exp": 2_000_000, claim: 1_000_031}))


async def test_audience_and_issuer_are_free_when_not_configured() -> None:
    verifier = HmacVerifier(Secret(SECRET), audience=None)
    assert (await verifier.verify(forge(claims(aud="any", iss=None)))).subject == "user-1"


async def test_one_of_several_audiences_is_enough() -> None:
    assert (await VERIFIER.verify(forge(claims(aud=["other", AUDIENCE])))).subject == "user-1"


@settings(deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(
        lambda parts: ".".join(part(p) for p in parts)
    )
)
async def test_no_text_makes_anything_but_an_invalid_token(token: str) -> None:
    with pytest.raises(TokenInvalid):
        await VERIFIER.verify(token)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ", "jwk", "jku"]), json_values))
async def test_no_header_makes_anything_but_an_invalid_token(header: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        await VERIFIER.verify(forge(claims(), header=header, secret="wrong"))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["sub", "exp", "iat", "nbf", "aud", "iss", "role"]), json_values))
async def test_no_signed_claims_raise_anything_else(payload: dict[str, Any]) -> None:
    with pytest.raises((TokenInvalid, TokenExpired)):
        await VERIFIER.verify(forge(payload))


ec_key = ECKey.generate_key("P-256")


@pytest.mark.parametrize(
    "secret",
    [
        "CANARY-short",
        "é" * 15,
        ec_key.as_pem(private=False).decode(),
        ec_key.as_pem(private=True).decode(),
        RSAKey.generate_key(2048).as_pem(private=False).decode(),
        json.dumps(ec_key.as_dict(private=False)),
        json.dumps({"keys": [ec_key.as_dict(private=False)]}),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqvs0h3mDmCj1oRXR5bT5sX2C1o",
    ],
    ids=["short", "30 bytes", "EC public PEM", "EC private PEM", "RSA public PEM", "JWK", "JWKS", "ssh key"],
)
def test_a_short_or_published_secret_stops_the_start(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HmacVerifier(Secret(secret), audience=AUDIENCE)
    assert secret not in str(caught.value)


async def test_a_minted_token_is_accepted() -> None:
    token = mint_token(Secret(SECRET), subject="dev", audience=AUDIENCE, issuer=ISSUER, lifetime=3600)
    caller = await VERIFIER.verify(token)
    assert (caller.subject, caller.is_service) == ("dev", False)
    assert caller.expires_at == pytest.approx(time.time() + 3600, abs=2)


async def test_a_minted_service_token_is_a_service() -> None:
    token = mint_token(
        Secret(SECRET), subject="api", audience=AUDIENCE, issuer=ISSUER, lifetime=60, role="service_role"
    )
    assert (await VERIFIER.verify(token)).is_service


def test_the_secret_is_in_no_repr() -> None:
    assert "CANARY" not in repr(VERIFIER)
