import gc
import ssl
import tracemalloc

import pytest

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.tls import handshake_failures
from mailbox_svc.model.check import Code
from support.imap_client import opened
from support.imap_server import GREETING, Peer, running, server_context


async def test_a_waiting_connection_takes_little_memory() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(GREETING)
        await peer.silence()

    async with running(script, tls=server_context()) as server:
        first = await opened(server)
        gc.collect()
        tracemalloc.start()
        try:
            sessions = [await opened(server) for _ in range(20)]
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        for session in (first, *sessions):
            session.abort()

    # both ends of each; asyncio's own buffers would be 512 KiB
    assert taken / len(sessions) < 128 << 10


@pytest.mark.parametrize(
    ("verify_code", "code"),
    [
        (9, Code.TLS_EXPIRED),
        (10, Code.TLS_EXPIRED),
        (18, Code.TLS_UNTRUSTED),
        (19, Code.TLS_UNTRUSTED),
        (20, Code.TLS_UNTRUSTED),
        (21, Code.TLS_UNTRUSTED),
        (23, Code.TLS_UNTRUSTED),
        (62, Code.TLS_NAME_MISMATCH),
        (64, Code.TLS_NAME_MISMATCH),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_by_its_code(verify_code: int, code: Code) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = verify_code

    with pytest.raises(ConnectionFailed) as failure, handshake_failures():
        raise error

    assert failure.value.code is code


@pytest.mark.parametrize("error", [ssl.SSLError("bad record"), ConnectionResetError(), BrokenPipeError()])
def test_any_other_end_of_a_handshake_is_a_tls_failure(error: OSError) -> None:
    with pytest.raises(ConnectionFailed) as failure, handshake_failures():
        raise error

    assert failure.value.code is Code.TLS_FAILURE
