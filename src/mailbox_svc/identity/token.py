"""What both verifiers share: the form of a token, its signature, its claims. Knows no key source."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from typing import Any, Final

from joserfc import jws
from joserfc.errors import (
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
    UnsupportedHeaderError,
)
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry
from joserfc.registry import Header

from mailbox_svc.errors import TokenExpired, TokenInvalid
from mailbox_svc.model.caller import Caller, is_user_id

#: Returns the present Unix time in seconds.
UnixTime = Callable[[], float]

#: Characters; checked before anything is parsed. Real tokens have 200 to 2,000.
MAX_TOKEN: Final = 8192
#: Seconds by which the issuer's clock may differ from ours.
LEEWAY: Final = 30

#: joserfc trusts the JSON types inside a token; wrong ones surface as these.
_MALFORMED: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class _Algorithms(jws.JWSRegistry):
    """Exactly the algorithms it is made with, and no critical header extension.

    Keys named or carried by the token (jku, jwk, x5u, x5c) are never looked at: the key is ours.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        # RFC 7515 §4: header parameters that are not understood are ignored.
        super().__init__(algorithms=allowed, strict_check_header=False)

    def check_header(self, header: Header) -> None:
        # RFC 7515 §4.1.11: a recipient that understands no extension refuses every `crit`.
        if "crit" in header:
            raise UnsupportedHeaderError("crit")
        super().check_header(header)

    def get_alg(self, name: str) -> Any:
        # Overridden because joserfc warns on every use of the name EdDSA (RFC 9864 renamed it).
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError("not allowed here")
        return self.algorithms[name]


class SignedToken:
    """A token whose form is right and whose signature is not yet checked."""

    __slots__ = ("_jws", "kid")

    def __init__(self, token: str) -> None:
        if len(token) > MAX_TOKEN:
            raise TokenInvalid("The token is too long.")
        try:
            self._jws = jws.extract_compact(token.encode("ascii"))
            self.kid: object = self._jws.headers().get("kid")
        except _MALFORMED:
            raise TokenInvalid("The token is not a signed JWT.") from None

    def payload(self, key: Key, algorithms: Collection[str]) -> bytes:
        """Return the payload when the signature was made with this key by one of these algorithms."""
        try:
            good = jws.validate_compact(self._jws, key, registry=_Algorithms(algorithms))
        except _MALFORMED:
            good = False
        if not good or self._jws.payload is None:
            raise TokenInvalid("The token's signature is not valid here.")
        return self._jws.payload


class ClaimsPolicy:
    """Which claims a token must carry. `audience` and `issuer` are required exactly when they are set.

    How long a token may live is the issuer's decision, so there is no upper limit here: a stolen
    token is shut out by removing its key, which the cache follows.
    """

    def __init__(self, *, audience: str | None, issuer: str | None, clock: UnixTime = time.time) -> None:
        wanted: dict[str, Any] = {"exp": {"essential": True}, "sub": {"essential": True}}
        if audience is not None:
            wanted["aud"] = {"essential": True, "value": audience}
        if issuer is not None:
            wanted["iss"] = {"essential": True, "value": issuer}
        self._registry = JWTClaimsRegistry(now=lambda: int(clock()), leeway=LEEWAY, **wanted)

    def caller(self, payload: bytes) -> Caller:
        """Return who the claims say is calling. Raises TokenExpired or TokenInvalid."""
        try:
            claims = json.loads(payload)
            self._registry.validate(claims)
            expires_at = float(claims["exp"])
        except ExpiredTokenError:
            raise TokenExpired from None
        except MissingClaimError as error:
            raise TokenInvalid(f"The token lacks: {error.claim}.") from None
        except InvalidClaimError as error:
            raise TokenInvalid(_sentence(error.claim)) from None
        except (*_MALFORMED, OverflowError):
            raise TokenInvalid("The token's claims are not readable.") from None

        subject: str = claims["sub"]
        if not is_user_id(subject):
            raise TokenInvalid(_sentence("sub"))
        role = claims.get("role")
        if role == "anon":  # Supabase's public key: whoever opens the web page holds it
            raise TokenInvalid("An anonymous token names no user.")
        return Caller(subject, is_service=role == "service_role", expires_at=expires_at)


def _sentence(claim: str) -> str:
    match claim:
        case "aud":
            return "The token is meant for another audience."
        case "iss":
            return "The token comes from another issuer."
        case "nbf" | "iat":
            return "The token is not valid yet."
        case "sub":
            return "The token's subject is not a user id of 1 to 255 printable characters."
        case _:
            return "The token's claims are not readable."
