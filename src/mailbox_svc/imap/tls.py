"""TLS to a server: what a failed handshake means, how much memory a connection takes."""

from __future__ import annotations

import asyncio.sslproto
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import Code

# OpenSSL's X509_V_ERR_*
_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED = 9, 10
_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH = 62, 64

# asyncio gives every TLS connection of the process a 256 KiB read buffer of its own; a TLS record never
# fills more than 16 KiB of it. With this, 1,000 connections waiting for slow servers take 78 MB, not 320.
# It is a read size, not a limit; uvloop has its own and does not look here.
asyncio.sslproto.SSLProtocol.max_size = 16 << 10


@contextmanager
def handshake_failures() -> Iterator[None]:
    """Turn what a TLS handshake raises into ConnectionFailed with a TLS_* code."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ConnectionFailed(_certificate_code(error.verify_code)) from None
    except OSError:
        # ssl.SSLError, or the connection was lost half-way: no TLS here, or none in common with us.
        raise ConnectionFailed(Code.TLS_FAILURE) from None


def _certificate_code(verify_code: int) -> Code:
    if verify_code in {_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED}:
        return Code.TLS_EXPIRED
    if verify_code in {_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH}:
        return Code.TLS_NAME_MISMATCH
    return Code.TLS_UNTRUSTED
