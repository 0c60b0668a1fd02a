"""A token issuer on a real local port: signs tokens and publishes its keys over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

AUDIENCE = "authenticated"
ISSUER = "https://issuer.test/auth/v1"


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims; a change to None removes one."""
    now = int(time.time())
    good = {"sub": "user-1", "aud": AUDIENCE, "iss": ISSUER, "iat": now, "exp": now + 600}
    return {name: value for name, value in (good | changes).items() if value is not None}


class _Algorithms(jws.JWSRegistry):
    def get_alg(self, name: str) -> Any:  # joserfc warns of the name EdDSA, which issuers use
        return self.algorithms[name]


class Issuer:
    """Holds private keys by id, and counts and scripts the answers of its JWKS endpoint."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {
            "es": ECKey.generate_key("P-256", {"kid": "es", "alg": "ES256", "use": "sig"}),
        }
        self.url = ""
        self.reads = 0
        self.asked = asyncio.Event()
        self.serving: set[asyncio.Task[None]] = set()
        #: Replaces the whole HTTP answer, or silences it when empty.
        self.answer: bytes | None = None
        #: Seconds before each answer.
        self.delay = 0.0
        #: Seconds between two bytes of an answer.
        self.pace = 0.0

    def add_rsa(self, kid: str = "rs", size: int = 2048) -> None:
        self.keys[kid] = RSAKey.generate_key(size, {"kid": kid})

    def add_ed25519(self, kid: str = "ed") -> None:
        self.keys[kid] = OKPKey.generate_key("Ed25519", {"kid": kid})

    def sign(self, alg: str = "ES256", kid: str = "es", **changes: Any) -> str:
        return self.sign_with(self.keys[kid], alg, kid, **changes)

    def sign_without_kid(self) -> str:
        return self.sign_with(self.keys["es"], "ES256", None)

    def sign_with(self, key: Key | None, alg: str, kid: str | None, **changes: Any) -> str:
        header = {"alg": alg} | ({} if kid is None else {"kid": kid})
        payload = json.dumps(claims(**changes))
        return jws.serialize_compact(header, payload, key, registry=_Algorithms())

    @property
    def key_set(self) -> bytes:
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys.values()]}).encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.reads += 1
            self.asked.set()
            await asyncio.sleep(self.delay)
            answer = http(self.key_set) if self.answer is None else self.answer
            step = 1 if self.pace else len(answer) + 1
            for begin in range(0, len(answer), step):
                writer.write(answer[begin : begin + step])
                await writer.drain()
                await asyncio.sleep(self.pace)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def running(issuer: Issuer, port: int = 0) -> AsyncIterator[Issuer]:
    server = await asyncio.start_server(issuer._serve, "127.0.0.1", port)
    issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    try:
        yield issuer
    finally:
        server.close()
        for task in [*issuer.serving]:  # Python 3.12 and later wait for them
            task.cancel()
        await server.wait_closed()
