"""Which keys of an issuer's key set are taken, and from which URLs."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from mailbox_svc.errors import ConfigError
from mailbox_svc.identity.jwks import KeySource, parse_key_set


def test_keys_for_other_purposes_are_left_out() -> None:
    ec = ECKey.generate_key("P-256").as_dict(private=False)
    weak = {"kty": "RSA", "n": RSAKey.generate_key(2048).as_dict(private=False)["n"][:256], "e": "AQAB"}
    entries = [
        ec | {"kid": "good"},
        ec | {"kid": "good", "x": "second of this id"},
        ec | {"kid": "for encryption", "use": "enc"},
        ec | {"kid": "to sign only", "key_ops": ["sign"]},
        ec | {"kid": "another algorithm", "alg": "ES384"},
        ec | {"kid": 7},
        ec | {"kid": "no point on the curve", "x": ec["y"]},
        ec | {"kid": "odd types", "crv": ["P-256"], "key_ops": 5},
        ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "another curve"},
        weak | {"kid": "1536 bits"},
        OctKey.generate_key(256).as_dict() | {"kid": "a secret"},
        {"kty": "AKP", "kid": "post-quantum"},
        "no key",
        None,
    ]
    assert list(parse_key_set(json.dumps({"keys": entries}).encode())) == ["good"]


def test_a_key_without_id_goes_by_its_thumbprint() -> None:
    key = ECKey.generate_key("P-256")
    assert list(parse_key_set(json.dumps({"keys": [key.as_dict(private=False)]}).encode())) == [
        key.thumbprint()
    ]


def test_a_private_key_published_by_mistake_is_used_as_public() -> None:
    key = ECKey.generate_key("P-256", {"kid": "oops"})
    found = parse_key_set(json.dumps({"keys": [key.as_dict(private=True)]}).encode())["oops"]
    assert not found.key.is_private


@pytest.mark.parametrize(
    "url",
    ["http://issuer.test/k", "http://10.0.0.1/k", "ftp://issuer.test/k", "issuer.test/k", "", "https://",
     "https://user:CANARY-pass@issuer.test/k", "http://127.0.0.1.evil.test/k", "https://issuer.test:x/k"],
)  # fmt: skip
def test_a_url_that_is_not_https_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        KeySource(url)
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://issuer.test/k", "http://[::1]:99/k", "http://localhost/k"])
def test_https_and_loopback_are_accepted(url: str) -> None:
    KeySource(url)
