"""Server certificates from a throw-away authority."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """What a TLS server reads, as PEM files."""

    chain: Path
    key: Path
    #: Key and chain in one file, as Courier wants it.
    both: Path
    ca: Path


def issue(ca: trustme.CA, folder: Path, *names: str) -> ServerFiles:
    """Write a certificate for localhost, 127.0.0.1 and the given names into `folder`."""
    leaf = ca.issue_cert("localhost", "127.0.0.1", *names)
    files = ServerFiles(folder / "chain.pem", folder / "key.pem", folder / "both.pem", folder / "ca.pem")
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(str(files.chain), append=True)
    leaf.private_key_pem.write_to_path(str(files.key))
    leaf.private_key_and_cert_chain_pem.write_to_path(str(files.both))
    for secret in (files.key, files.both):
        secret.chmod(0o600)  # some servers refuse a key that others may read
    ca.cert_pem.write_to_path(str(files.ca))
    return files
