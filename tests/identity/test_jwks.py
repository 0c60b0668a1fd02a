"""Tokens signed with a private key whose public half a local HTTP server publishes."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import pytest
from joserfc.jwk import ECKey, OctKey

from mailbox_svc.errors import KeysUnavailable, TokenExpired, TokenInvalid
from mailbox_svc.identity import JwksVerifier
from mailbox_svc.identity.jwks import FRESH, PAUSE, RETRY, STALE, KeySource
from support.jwks_server import AUDIENCE, ISSUER, Issuer, http, running
from support.processes import free_port
from support.rpc import eventually


class Watch:
    """A monotonic clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running(Issuer()) as issuer:
        yield issuer


@pytest.fixture
async def verifier(issuer: Issuer, watch: Watch) -> AsyncIterator[JwksVerifier]:
    verifier = JwksVerifier(KeySource(issuer.url, monotonic=watch), audience=AUDIENCE, issuer=ISSUER)
    yield verifier
    await verifier.aclose()


async def settled(verifier: JwksVerifier) -> None:
    """Wait for the read in the background."""
    reading = verifier._keys._running()
    assert reading is not None
    await asyncio.wait([reading])


@pytest.mark.parametrize(
    ("alg", "kid"), [("ES256", "es"), ("RS256", "rs"), ("EdDSA", "ed"), ("Ed25519", "ed")]
)
async def test_each_algorithm_is_accepted(issuer: Issuer, verifier: JwksVerifier, alg: str, kid: str) -> None:
    issuer.add_rsa()
    issuer.add_ed25519()
    caller = await verifier.verify(issuer.sign(alg, kid, sub="user-7"))
    assert caller.subject == "user-7"
    assert issuer.reads == 1


async def test_the_keys_are_read_once_for_many_tokens(issuer: Issuer, verifier: JwksVerifier) -> None:
    issuer.delay = 0.05
    await asyncio.gather(*(verifier.verify(issuer.sign(sub=f"user-{n}")) for n in range(50)))
    assert issuer.reads == 1


async def test_claims_are_checked(issuer: Issuer, verifier: JwksVerifier) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign(aud="other"))
    with pytest.raises(TokenExpired):
        await verifier.verify(issuer.sign(exp=1))
    assert (await verifier.verify(issuer.sign(role="service_role"))).is_service


async def test_a_token_without_key_id_is_taken_when_there_is_one_key(
    issuer: Issuer, verifier: JwksVerifier
) -> None:
    assert (await verifier.verify(issuer.sign_without_kid())).subject == "user-1"


async def test_a_token_without_key_id_is_refused_when_there_are_two(
    issuer: Issuer, verifier: JwksVerifier
) -> None:
    issuer.add_ed25519()
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign_without_kid())


@pytest.mark.parametrize("form", ["pem", "der", "jwk", "x"])
async def test_a_public_key_is_no_hmac_secret(issuer: Issuer, verifier: JwksVerifier, form: str) -> None:
    key = issuer.keys["es"]
    assert isinstance(key, ECKey)
    secrets = {
        "pem": key.as_pem(private=False),
        "der": key.as_der(private=False),
        "jwk": json.dumps(key.as_dict(private=False)).encode(),
        "x": str(key["x"]).encode(),
    }
    # OctKey itself refuses such a secret, an attacker's tool does not.
    secret = OctKey(secrets[form], secrets[form])
    for kid in ("es", None):
        token = issuer.sign_with(secret, "HS256", kid)
        with pytest.raises(TokenInvalid):
            await verifier.verify(token)


async def test_the_key_decides_the_algorithm(issuer: Issuer, verifier: JwksVerifier) -> None:
    issuer.add_rsa()
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign("PS256", "rs"))
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign("RS512", "rs"))
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign_with(issuer.keys["es"], "ES256", "rs"))
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign_with(None, "none", "es"))


async def test_another_issuers_key_with_the_same_id_is_refused(verifier: JwksVerifier) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(Issuer().sign())


async def test_a_flood_of_unknown_keys_causes_one_read_in_half_a_minute(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    strangers = [issuer.sign_with(issuer.keys["es"], "ES256", f"stranger-{n}") for n in range(40)]
    for after in (0.0, PAUSE - 1, 1.0):
        watch.now += after
        for token in strangers:
            with pytest.raises(TokenInvalid):
                await verifier.verify(token)
    assert issuer.reads == 2


async def test_a_new_key_is_found_by_all_who_wait_for_it(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    issuer.add_ed25519("new")
    issuer.delay = 0.05
    watch.now += PAUSE
    callers = await asyncio.gather(*(verifier.verify(issuer.sign("EdDSA", "new")) for _ in range(20)))
    assert len(callers) == 20
    assert issuer.reads == 2


async def test_one_who_gives_up_does_not_spoil_the_read(issuer: Issuer, verifier: JwksVerifier) -> None:
    issuer.delay = 0.5
    impatient = asyncio.create_task(verifier.verify(issuer.sign()))
    patient = asyncio.create_task(verifier.verify(issuer.sign()))
    await eventually(lambda: issuer.reads == 1)
    impatient.cancel()
    assert (await patient).subject == "user-1"
    assert impatient.cancelled()
    assert issuer.reads == 1


async def test_a_withdrawn_key_is_refused_after_one_refresh(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    issuer.add_ed25519()
    token = issuer.sign()
    await verifier.verify(token)
    before = verifier.revision()
    del issuer.keys["es"]
    watch.now += FRESH + 1
    assert (await verifier.verify(token)).subject == "user-1"  # not kept waiting: the read has only begun
    await settled(verifier)
    with pytest.raises(TokenInvalid):
        await verifier.verify(token)
    assert verifier.revision() > before


async def test_a_key_replaced_under_the_same_id_counts_as_withdrawn(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    before = verifier.revision()
    issuer.keys = Issuer().keys
    watch.now += FRESH + 1
    verifier.revision()
    await settled(verifier)
    assert verifier.revision() > before
    assert (await verifier.verify(issuer.sign())).subject == "user-1"


async def test_a_new_key_leaves_the_revision_alone(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    before = verifier.revision()
    issuer.add_ed25519()
    watch.now += FRESH + 1
    verifier.revision()
    await settled(verifier)
    assert verifier.revision() == before


def failures() -> Iterator[tuple[str, bytes]]:
    good = json.dumps({"keys": []}).encode()
    yield "server error", http(b"oops", "500 Internal Server Error")
    yield "redirect", http(b"", "302 Found", "location: http://127.0.0.1:1/")
    yield "created", http(good, "201 Created")
    yield "HTML", http(b"<html>CANARY</html>")
    yield "empty", http(b"")
    yield "another object", http(b'{"issuer":"x"}')
    yield "a list", http(b"[]")
    yield "keys of a wrong type", http(b'{"keys":{}}')
    yield "deep", http(b"[" * 60_000)
    yield "not UTF-8", http(b'{"keys":["\xff"]}')
    yield "too large", http(b" " * 65_537 + good)
    yield "a gzip bomb", http(gzip.compress(b" " * 10_000_000 + good), "200 OK", "content-encoding: gzip")
    yield "cut off", http(good)[:-3]
    yield "no HTTP", b"220 mail.test ESMTP\r\n"
    yield "silence", b""


@pytest.mark.parametrize("answer", [a for _, a in failures()], ids=[n for n, _ in failures()])
async def test_a_bad_answer_means_keys_unavailable(
    issuer: Issuer, verifier: JwksVerifier, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.answer = answer
    with pytest.raises(KeysUnavailable) as caught:
        await verifier.verify(issuer.sign())
    assert caught.value.retry_after == RETRY
    [record] = [record for record in caplog.records if record.name.startswith("mailbox_svc")]
    assert record.levelname == "WARNING"
    assert "CANARY" not in str(vars(record))


@pytest.mark.parametrize("answer", [a for _, a in failures()], ids=[n for n, _ in failures()])
async def test_a_bad_answer_leaves_the_known_keys_in_use(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch, answer: bytes
) -> None:
    await verifier.verify(issuer.sign())
    issuer.answer = answer
    watch.now += FRESH + 1
    await verifier.verify(issuer.sign())
    await settled(verifier)
    assert (await verifier.verify(issuer.sign())).subject == "user-1"
    assert issuer.reads == 2


async def test_a_gzip_bomb_is_not_unpacked(issuer: Issuer, verifier: JwksVerifier) -> None:
    bomb = gzip.compress(bytes(40_000_000))
    issuer.answer = http(bomb, "200 OK", "content-encoding: gzip")
    tracemalloc.start()
    try:
        with pytest.raises(KeysUnavailable):
            await verifier.verify(issuer.sign())
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


async def test_without_keys_the_issuer_is_asked_again_every_few_seconds_only(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    issuer.answer = http(b"", "503 Service Unavailable")
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await verifier.verify(issuer.sign())
    assert issuer.reads == 1
    issuer.answer = None
    watch.now += RETRY
    assert (await verifier.verify(issuer.sign())).subject == "user-1"


async def test_an_issuer_that_drips_is_given_up_after_five_seconds(
    issuer: Issuer, verifier: JwksVerifier
) -> None:
    issuer.pace = 0.5
    async with asyncio.timeout(20):  # seconds; it goes on for ever
        with pytest.raises(KeysUnavailable):
            await verifier.verify(issuer.sign())


async def test_old_keys_serve_a_day_and_no_longer(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    issuer.answer = http(b"", "503 Service Unavailable")
    watch.now += STALE - 1
    assert (await verifier.verify(issuer.sign())).subject == "user-1"
    await settled(verifier)
    watch.now += PAUSE
    with pytest.raises(KeysUnavailable):
        await verifier.verify(issuer.sign())


async def test_an_issuer_that_is_down_is_asked_twice_a_minute_while_old_keys_serve(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    issuer.answer = http(b"", "503 Service Unavailable")
    watch.now += FRESH + 1
    for _ in range(3):
        await verifier.verify(issuer.sign())
        await asyncio.sleep(0.05)
    assert issuer.reads == 2
    watch.now += PAUSE
    await verifier.verify(issuer.sign())
    await settled(verifier)
    assert issuer.reads == 3


async def test_an_issuer_that_is_down_at_the_start_is_found_later(watch: Watch) -> None:
    issuer = Issuer()
    port = free_port()
    async with running(issuer, port):
        pass
    verifier = JwksVerifier(KeySource(issuer.url, monotonic=watch), audience=AUDIENCE)
    with pytest.raises(KeysUnavailable):
        await verifier.verify(issuer.sign())
    watch.now += RETRY
    async with running(issuer, port):
        assert (await verifier.verify(issuer.sign())).subject == "user-1"


async def test_an_empty_key_set_withdraws_all_keys(
    issuer: Issuer, verifier: JwksVerifier, watch: Watch
) -> None:
    await verifier.verify(issuer.sign())
    issuer.answer = http(b'{"keys":[]}')
    watch.now += FRESH + 1
    verifier.revision()
    await settled(verifier)
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.sign())


async def test_closing_stops_a_running_read(issuer: Issuer, watch: Watch) -> None:
    issuer.delay = 60
    source = KeySource(issuer.url, monotonic=watch)
    waiting = asyncio.create_task(source.refresh())
    await issuer.asked.wait()
    await source.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert source._running() is None
