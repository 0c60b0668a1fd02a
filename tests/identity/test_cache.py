"""The memory of verified tokens."""

from __future__ import annotations

import gc
import time

import pytest

from mailbox_svc.errors import TokenExpired, TokenInvalid
from mailbox_svc.identity import CachingVerifier, HmacVerifier, JwksVerifier, mint_token
from mailbox_svc.identity.cache import KEEP
from mailbox_svc.identity.jwks import FRESH, KeySource
from mailbox_svc.model.caller import Caller
from mailbox_svc.model.secret import Secret
from support.jwks_server import AUDIENCE, Issuer, claims, running

SECRET = Secret("CANARY-hmac-secret-of-more-than-32-bytes")


def token_for(subject: str, lifetime: float = 3600) -> str:
    return mint_token(SECRET, subject=subject, audience=AUDIENCE, lifetime=lifetime)


class Counting:
    """A real verifier that counts how often it is asked."""

    def __init__(self) -> None:
        self._inner = HmacVerifier(SECRET, audience=AUDIENCE, clock=lambda: self.now)
        self.now = time.time()
        self.asked = 0

    def revision(self) -> int:
        return 0

    def clock(self) -> float:
        return self.now

    async def verify(self, token: str) -> Caller:
        self.asked += 1
        return await self._inner.verify(token)


@pytest.fixture
def inner() -> Counting:
    return Counting()


@pytest.fixture
def cache(inner: Counting) -> CachingVerifier:
    return CachingVerifier(inner, capacity=3, clock=inner.clock, monotonic=inner.clock)


async def test_a_token_is_verified_once(inner: Counting, cache: CachingVerifier) -> None:
    token = token_for("user-1")
    assert [(await cache.verify(token)).subject for _ in range(3)] == ["user-1"] * 3
    assert inner.asked == 1


async def test_two_tokens_are_not_mixed_up(cache: CachingVerifier) -> None:
    one, two = token_for("user-1"), token_for("user-2")
    subjects = [(await cache.verify(token)).subject for token in (one, two, one, two)]
    assert subjects == ["user-1", "user-2", "user-1", "user-2"]


async def test_a_token_is_verified_again_after_five_minutes(inner: Counting, cache: CachingVerifier) -> None:
    token = token_for("user-1")
    await cache.verify(token)
    inner.now += KEEP - 1
    await cache.verify(token)
    assert inner.asked == 1
    inner.now += 1
    await cache.verify(token)
    assert inner.asked == 2


async def test_a_remembered_token_still_expires(inner: Counting, cache: CachingVerifier) -> None:
    token = token_for("user-1", lifetime=60)
    await cache.verify(token)
    inner.now += 95
    with pytest.raises(TokenExpired):
        await cache.verify(token)


async def test_a_token_in_its_leeway_is_not_remembered(inner: Counting, cache: CachingVerifier) -> None:
    token = token_for("user-1", lifetime=60)
    inner.now += 70
    await cache.verify(token)
    await cache.verify(token)
    assert inner.asked == 2


async def test_a_clock_set_back_does_not_prolong_a_token() -> None:
    inner = Counting()
    uptime = 1000.0
    cache = CachingVerifier(inner, clock=inner.clock, monotonic=lambda: uptime)
    token = token_for("user-1")
    await cache.verify(token)
    inner.now -= 3600
    uptime += KEEP
    with pytest.raises(TokenInvalid):  # issued in the future now
        await cache.verify(token)


async def test_bad_tokens_are_not_remembered(inner: Counting, cache: CachingVerifier) -> None:
    for _ in range(2):
        with pytest.raises(TokenInvalid):
            await cache.verify("CANARY-bad")
    assert inner.asked == 2
    assert not cache._entries


async def test_the_memory_is_bounded_and_the_oldest_goes_first(
    inner: Counting, cache: CachingVerifier
) -> None:
    tokens = [token_for(f"user-{n}") for n in range(4)]
    for token in tokens:
        await cache.verify(token)
    assert len(cache._entries) == 3
    await cache.verify(tokens[3])
    assert inner.asked == 4
    await cache.verify(tokens[0])
    assert inner.asked == 5


async def test_a_withdrawn_key_drops_the_tokens_it_signed() -> None:
    uptime = 1000.0
    async with running(Issuer()) as issuer:
        issuer.add_ed25519()
        source = KeySource(issuer.url, monotonic=lambda: uptime)
        cache = CachingVerifier(JwksVerifier(source, audience=AUDIENCE), monotonic=lambda: uptime)
        withdrawn, kept = issuer.sign(), issuer.sign("EdDSA", "ed")
        await source.refresh()
        uptime += FRESH - 1
        await cache.verify(withdrawn)
        await cache.verify(kept)
        del issuer.keys["es"]
        uptime += 2
        assert (await cache.verify(withdrawn)).subject == "user-1"  # remembered; looking starts the read
        await source.refresh()
        with pytest.raises(TokenInvalid):
            await cache.verify(withdrawn)
        assert (await cache.verify(kept)).subject == "user-1"
        await source.aclose()


async def test_no_token_is_kept_in_memory(inner: Counting) -> None:
    cache = CachingVerifier(inner)
    token = token_for(claims()["sub"])
    await cache.verify(token)
    held = [referent for entry in cache._entries.items() for referent in gc.get_referents(entry)]
    assert held
    assert token not in map(str, held)


async def test_a_remembered_token_costs_microseconds(inner: Counting) -> None:
    cache = CachingVerifier(inner)
    token = token_for("user-1")
    await cache.verify(token)

    async def once(calls: int = 2000) -> float:
        begin = time.process_time()
        for _ in range(calls):
            await cache.verify(token)
        return (time.process_time() - begin) / calls

    best = min([await once() for _ in range(10)])
    assert best < 20e-6  # usually two; to check a signature takes a hundred
    assert inner.asked == 1
