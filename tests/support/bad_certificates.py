"""TLS servers that no client should trust."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import trustme

from support.imap_server import authority


@cache
def expired() -> ssl.SSLContext:
    return _serving(_leaf(not_after=datetime.now(UTC) - timedelta(days=1)))


@cache
def not_yet_valid() -> ssl.SSLContext:
    return _serving(_leaf(not_before=datetime.now(UTC) + timedelta(days=1)))


@cache
def of_another_name() -> ssl.SSLContext:
    return _serving(authority().issue_cert("imap.example.org"))


@cache
def of_another_address() -> ssl.SSLContext:
    return _serving(authority().issue_cert("127.0.0.2"))


@cache
def of_an_unknown_authority() -> ssl.SSLContext:
    return _serving(trustme.CA().issue_cert("localhost"))


@cache
def self_signed() -> ssl.SSLContext:
    ca = trustme.CA()
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.write_bytes(ca.private_key_pem.bytes() + ca.cert_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
    return context


@cache
def tls_1_0_only() -> ssl.SSLContext:
    context = _serving(authority().issue_cert("localhost"))
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL 3 would not even offer it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def _leaf(not_before: datetime | None = None, not_after: datetime | None = None) -> trustme.LeafCert:
    return authority().issue_cert("localhost", not_before=not_before, not_after=not_after)


def _serving(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context
