"""Owns the server's TLS: certificates from files, read again when they change."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import grpc

from mailbox_svc.errors import ConfigError

log = logging.getLogger("mailbox_svc.rpc")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a TLS server."""

    #: The server's certificate with its intermediates.
    cert: Path
    key: Path
    #: When given, every client must show a certificate of this authority.
    client_ca: Path | None = None


def server_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that follow the files. Raises ConfigError when they cannot be read now."""
    source = _Certificates(files)
    try:
        first = source.read()
    except OSError as exc:
        raise ConfigError(f"The TLS file {exc.filename} cannot be read: {exc.strerror}.") from exc
    return grpc.dynamic_ssl_server_credentials(
        first,
        source.changed,  # type: ignore[arg-type]  # None keeps the present one; the stubs do not know
        require_client_authentication=files.client_ca is not None,
    )


class _Certificates:
    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._stamp: tuple[tuple[int, int, int], ...] = ()

    def read(self) -> grpc.ServerCertificateConfiguration:
        """Read the files. Raises OSError."""
        files = self._files
        self._stamp = self._stamps()
        return grpc.ssl_server_certificate_configuration(
            [(files.key.read_bytes(), files.cert.read_bytes())],
            root_certificates=files.client_ca.read_bytes() if files.client_ca else None,
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the certificates if their files have changed; grpc asks at every handshake."""
        try:
            return self.read() if self._stamps() != self._stamp else None
        except OSError as exc:
            # Half-way through a renewal: go on with what we have and look again next time.
            log.warning("a TLS file cannot be read", extra={"path": str(exc.filename)})
            return None

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        files = (self._files.cert, self._files.key, self._files.client_ca)
        stats = [file.stat() for file in files if file]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)
