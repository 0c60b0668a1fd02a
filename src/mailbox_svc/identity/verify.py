"""The two verifiers. Configuration picks one; a list that mixes both kinds of keys would confuse them."""

from __future__ import annotations

import json
import time
from typing import Final

from joserfc.jwk import OctKey

from mailbox_svc.errors import ConfigError, TokenInvalid
from mailbox_svc.identity.jwks import KeySource
from mailbox_svc.identity.token import ClaimsPolicy, SignedToken, UnixTime
from mailbox_svc.model.caller import Caller
from mailbox_svc.model.secret import Secret

#: Bytes. RFC 7518 §3.2: a key at least as long as the hash.
MIN_SECRET: Final = 32


def hmac_key(secret: Secret) -> OctKey:
    """Return the secret as a key for HS256. Raises ConfigError when it is short or no secret at all."""
    value = secret.reveal().encode()
    if len(value) < MIN_SECRET:
        raise ConfigError(f"The JWT secret is shorter than {MIN_SECRET} bytes.")
    if _is_published_form(value):
        raise ConfigError("The JWT secret looks like a key file; a public key must never be a secret.")
    try:
        return OctKey.import_key(value)
    except ValueError:  # a public key in DER
        raise ConfigError("The JWT secret is a public key.") from None


def _is_published_form(value: bytes) -> bool:
    """True for PEM, SSH and JWK texts: whoever reads them where they are published could sign."""
    if b"-BEGIN " in value or b"- BEGIN " in value or value.startswith((b"ssh-", b"ecdsa-")):
        return True
    try:
        return isinstance(json.loads(value), dict | list)
    except (ValueError, RecursionError):
        return False


class HmacVerifier:
    """Tokens signed with a shared secret: HS256 and nothing else."""

    def __init__(
        self,
        secret: Secret,
        *,
        audience: str | None,
        issuer: str | None = None,
        clock: UnixTime = time.time,
    ) -> None:
        self._key = hmac_key(secret)
        self._policy = ClaimsPolicy(audience=audience, issuer=issuer, clock=clock)

    def revision(self) -> int:
        """Never changes: the secret is read once."""
        return 0

    async def verify(self, token: str) -> Caller:
        """Return the caller. Raises TokenInvalid or TokenExpired."""
        return self._policy.caller(SignedToken(token).payload(self._key, ("HS256",)))


class JwksVerifier:
    """Tokens signed with a private key whose public half is published: ES256, RS256 and EdDSA only."""

    def __init__(
        self,
        keys: KeySource,
        *,
        audience: str | None,
        issuer: str | None = None,
        clock: UnixTime = time.time,
    ) -> None:
        self._keys = keys
        self._policy = ClaimsPolicy(audience=audience, issuer=issuer, clock=clock)

    def revision(self) -> int:
        """Grows when a key is withdrawn, so that tokens verified with it are looked at again."""
        return self._keys.revision()

    async def verify(self, token: str) -> Caller:
        """Return the caller. Raises TokenInvalid, TokenExpired or KeysUnavailable."""
        signed = SignedToken(token)
        found = await self._keys.find(signed.kid)
        if found is None:
            raise TokenInvalid("The token's signature is not valid here.")
        return self._policy.caller(signed.payload(found.key, found.algorithms))

    async def aclose(self) -> None:
        """Stop a running read of the keys and close its connection."""
        await self._keys.aclose()
