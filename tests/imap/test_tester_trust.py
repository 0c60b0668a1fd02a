"""Whom the connection test trusts, on real sockets."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mailbox_svc.errors import ConfigError
from mailbox_svc.imap.access import Access
from mailbox_svc.imap.tester import ImapConnectionTester
from mailbox_svc.model.check import Code, Stage
from mailbox_svc.trust import tls_context
from support.imap_server import server_context
from support.tester_world import HOST, welcoming, world


async def test_a_certificate_of_another_name_gets_no_password() -> None:
    async with world(welcoming, context=server_context("other.example.org")) as here:
        report = await here.report()
        assert (report.code, report.stage) == (Code.TLS_NAME_MISMATCH, Stage.TLS)
        assert here.server.received == b""


async def test_an_authority_nobody_added_is_untrusted() -> None:
    async with world(welcoming) as here:
        here.tester = ImapConnectionTester(Access(here.policy, resolver=here.resolver))
        report = await here.report()
        assert (report.code, report.stage) == (Code.TLS_UNTRUSTED, Stage.TLS)
        assert here.server.received == b""


def plain_certificate(
    name: str, issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate as people make them by hand: no key usage, no key identifiers. An authority if alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = issuer or (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer_name, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256()), key


@pytest.mark.parametrize("trusted", ["authority", "server"])
async def test_an_old_fashioned_private_authority_or_a_lone_certificate_can_be_trusted(
    tmp_path: Path, trusted: str
) -> None:
    authority_cert, authority_key = plain_certificate("Old CA")
    server_cert, server_key = plain_certificate(HOST, (authority_cert.subject, authority_key))
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "server.pem").write_bytes(
        server_key.private_bytes(pem, *plain) + server_cert.public_bytes(pem)
    )
    added = authority_cert if trusted == "authority" else server_cert
    (tmp_path / "ca.pem").write_bytes(added.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    async with world(welcoming, context=context, ca_file=tmp_path / "ca.pem") as here:
        assert (await here.report()).ok


def test_old_tls_is_not_spoken() -> None:
    assert tls_context().minimum_version >= 0x0303  # TLS 1.2


@pytest.mark.parametrize("content", [None, "no certificate in here"])
def test_a_file_of_authorities_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError):
        tls_context(path)
