"""The public keys of a token issuer, read from its JWKS URL. Never follows hints of a token to other keys."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from mailbox_svc.errors import ConfigError, KeysUnavailable

log = logging.getLogger(__name__)

#: Seconds after which the keys are read again, by the first call that then comes.
FRESH: Final = 300.0
#: Seconds for which keys are used while the issuer does not answer.
STALE: Final = 24 * 3600.0
#: Seconds between two reads that unknown key ids or old keys cause, so that nobody can make us hammer.
PAUSE: Final = 30.0
#: Seconds between two reads while there are no keys at all.
RETRY: Final = 5.0
#: Seconds for one whole read.
TIMEOUT: Final = 5.0
#: Bytes of one key set.
MAX_SIZE: Final = 64 * 1024

#: Key type and curve → the names of the one algorithm such a key is for. Never the token's choice.
_ALGORITHMS: Final = {
    ("EC", "P-256"): ("ES256",),
    ("RSA", None): ("RS256",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),  # RFC 9864 gave EdDSA on this curve its second name
}
_PUBLIC_MEMBERS: Final = ("kty", "crv", "x", "y", "n", "e", "kid")


class BadKeySet(ValueError):
    """The issuer's answer is not a usable key set; the text says why and holds nothing of the answer."""


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key and the names of the algorithm it is for."""

    key: Key
    algorithms: tuple[str, ...]


class KeySource:
    """The issuer's keys by id: kept five minutes, one read at a time, served stale for a day."""

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = _checked(url)
        self._monotonic = monotonic
        self._keys: dict[str, IssuerKey] | None = None
        self._read_at = 0.0
        self._tried_at = float("-inf")
        self._revision = 0
        self._reading: asyncio.Task[None] | None = None

    def revision(self) -> int:
        """Grows when a key is withdrawn. Asking starts a read in the background when the keys are old."""
        if self._keys is not None and self._age() > FRESH and self._may_read(PAUSE):
            self._start_read()
        return self._revision

    async def find(self, kid: object) -> IssuerKey | None:
        """Return the key with this id, or the only key when the token names none.

        Raises KeysUnavailable when there are no keys younger than a day.
        """
        if self._keys is None or self._age() > STALE:
            await self._read_now()
        self.revision()
        key = self._known(kid)
        if key is None and isinstance(kid, str) and self._may_read(PAUSE):
            with contextlib.suppress(KeysUnavailable):  # then it stays unknown
                await self.refresh()
            key = self._known(kid)
        return key

    async def refresh(self) -> None:
        """Read the keys now, or join the read that is running. Raises KeysUnavailable."""
        # Shielded: the caller who gives up must not spoil the read for the others.
        await asyncio.shield(self._start_read())

    async def aclose(self) -> None:
        """Stop a read that is running."""
        reading = self._running()
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read_now(self) -> None:
        if not self._may_read(RETRY):
            raise KeysUnavailable(retry_after=RETRY)
        await self.refresh()

    def _known(self, kid: object) -> IssuerKey | None:
        keys = self._keys or {}
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        return keys.get(kid) if isinstance(kid, str) else None

    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _may_read(self, pause: float) -> bool:
        """True when a read is running, which one may join, or the latest is long enough ago."""
        return self._running() is not None or self._monotonic() - self._tried_at >= pause

    def _running(self) -> asyncio.Task[None] | None:
        return self._reading if self._reading is not None and not self._reading.done() else None

    def _start_read(self) -> asyncio.Task[None]:
        reading = self._running()
        if reading is None:
            self._tried_at = self._monotonic()
            reading = self._reading = asyncio.create_task(self._read())
            # A background read has no waiter; its failure is logged where it happens.
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return reading

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                keys = parse_key_set(await _fetch(self._url))
        except (BadKeySet, httpx2.HTTPError, TimeoutError, OSError) as error:
            reason = str(error) if isinstance(error, BadKeySet) else type(error).__name__
            log.warning("the token issuer's keys cannot be read", extra={"reason": reason})
            raise KeysUnavailable(retry_after=RETRY) from None
        if not keys:
            log.warning("the token issuer publishes no key that can be used")
        if any(keys.get(kid) != key for kid, key in (self._keys or {}).items()):
            self._revision += 1
        self._keys = keys
        self._read_at = self._monotonic()


def parse_key_set(body: bytes) -> dict[str, IssuerKey]:
    """Return the usable keys of an RFC 7517 key set by id, leaving out those for other purposes.

    Raises BadKeySet when it is no key set at all.
    """
    try:
        entries = json.loads(body)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadKeySet("not a JSON Web Key Set") from None
    if not isinstance(entries, list):
        raise BadKeySet("not a JSON Web Key Set")
    usable: dict[str, IssuerKey] = {}
    for entry in entries:
        # RFC 7517 §5: a key that is not understood is left out, the others stay.
        with contextlib.suppress(JoseError, ValueError, TypeError, KeyError, AttributeError):
            found = _issuer_key(entry)
            usable.setdefault(found.key.kid or found.key.thumbprint(), found)
    return usable


def _issuer_key(jwk: dict[str, Any]) -> IssuerKey:
    algorithms = _ALGORITHMS[jwk["kty"], jwk.get("crv")]
    if jwk.get("alg", algorithms[0]) not in algorithms:
        raise ValueError("for another algorithm")
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)):
        raise ValueError("for another use")
    if jwk["kty"] == "RSA" and _bits(jwk["n"]) < 2048:  # NIST SP 800-131A
        raise ValueError("too short")
    key = JWKRegistry.import_key({name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk})
    return IssuerKey(key, algorithms)


def _bits(number: str) -> int:
    padded = number + "=" * (-len(number) % 4)
    return int.from_bytes(base64.urlsafe_b64decode(padded)).bit_length()


async def _fetch(url: httpx2.URL) -> bytes:
    # `identity` and raw bytes: a small compressed answer cannot become a large one.
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    client = httpx2.AsyncClient(follow_redirects=False, timeout=TIMEOUT, trust_env=not _is_loopback(url))
    async with client, client.stream("GET", url, headers=headers) as response:
        if response.status_code != httpx2.codes.OK:
            raise BadKeySet(f"HTTP status {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_SIZE:
                raise BadKeySet("larger than 64 KiB")
        return bytes(body)


def _checked(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise ConfigError("The JWKS URL is not a URL.") from None
    if not parsed.host or parsed.userinfo:
        raise ConfigError("The JWKS URL needs a host and no user name.")
    if parsed.scheme != "https" and not (parsed.scheme == "http" and _is_loopback(parsed)):
        raise ConfigError("The JWKS URL must start with https://")
    return parsed


def _is_loopback(url: httpx2.URL) -> bool:
    try:
        return ipaddress.ip_address(url.host.strip("[]")).is_loopback
    except ValueError:
        return url.host == "localhost"
