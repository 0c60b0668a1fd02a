"""Whom the service trusts to say who a server is, mail server or account provider."""

from __future__ import annotations

import ssl
from pathlib import Path

from mailbox_svc.errors import ConfigError


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, and those of `ca_file`.

    One for each protocol: HTTP clients write into theirs which protocol they want (ALPN). Making it takes
    50 ms. Raises ConfigError when the file cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same on every Python: 3.13 would turn away private authorities that are older than RFC 5280, and
    # 3.12 a server certificate that was added to `ca_file` without its issuer.
    context.verify_flags = ssl.VERIFY_X509_TRUSTED_FIRST | ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"The file of TLS authorities {ca_file} cannot be used.") from None
    return context
