"""A server with a bad certificate is told so, and is never told anything else."""

import ssl
from collections.abc import Awaitable, Callable

import pytest

from mailbox_svc.model.check import Code, ConnectionReport, Stage
from support import bad_certificates
from support.imap_server import Peer, running
from support.watch import nothing_left

BAD = [
    (bad_certificates.self_signed, Code.TLS_UNTRUSTED),
    (bad_certificates.of_an_unknown_authority, Code.TLS_UNTRUSTED),
    (bad_certificates.expired, Code.TLS_EXPIRED),
    (bad_certificates.not_yet_valid, Code.TLS_EXPIRED),
    (bad_certificates.of_another_name, Code.TLS_NAME_MISMATCH),
    (bad_certificates.tls_1_0_only, Code.TLS_FAILURE),
]


@pytest.mark.parametrize(("context", "code"), BAD, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "starttls"])
async def test_a_bad_certificate_ends_the_connection_before_the_login(
    context: Callable[[], ssl.SSLContext],
    code: Code,
    tls: bool,
    connect: Callable[..., Awaitable[ConnectionReport]],
) -> None:
    async def script(peer: Peer) -> None:
        if not tls:
            await peer.send(b"* OK ready\r\n")
            await peer.answer(b"OK", b"CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN")
            await peer.answer(b"OK go")
            await peer.start_tls(context())
        await peer.send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        await peer.silence()

    async with nothing_left(), running(script, tls=context() if tls else None) as server:
        report = await connect(server, tls=tls)

    assert (report.stage, report.code) == (Stage.TLS, code)
    commands = [line.partition(b" ")[2] for line in server.received.splitlines()]
    assert commands == ([] if tls else [b"CAPABILITY", b"STARTTLS"])


async def test_a_certificate_of_another_address_is_no_better(
    connect: Callable[..., Awaitable[ConnectionReport]],
) -> None:
    async def script(peer: Peer) -> None:
        await peer.silence()

    async with running(script, tls=bad_certificates.of_another_address()) as server:
        report = await connect(server, host="127.0.0.1")

    assert report.code is Code.TLS_NAME_MISMATCH
    assert server.received == b""
