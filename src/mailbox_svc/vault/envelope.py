"""Seals and opens secrets. Never takes clear text for ciphertext.

Each secret has a data key of its own, wrapped by a key-encryption key of the keyring. A record is

    0x01 | nonce 12 | wrapped data key 48 | nonce 12 | secret + tag 16

Both AES-256-GCM layers are bound to the secret's context, so that a record moved to another row,
another user or another server does not open. The wrapping alone is bound to the key's id: a change
of keys wraps 32 bytes anew and leaves the secret sealed. Keys are found by id and never tried in
turn, which GCM, not being key-committing, would not survive.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailbox_svc.errors import ConfigError, SecretUnreadable
from mailbox_svc.model.secret import SealedSecret, Secret, SecretContext
from mailbox_svc.vault.keyring import KEY_BYTES, Keyring, fingerprint

_log = logging.getLogger(__name__)

_FORMAT = b"\x01"
_NONCE_BYTES = 12  # random; a data key seals one secret only, so nonces cannot run out
_WRAPPED_BYTES = KEY_BYTES + 16
_HEAD_BYTES = len(_FORMAT) + _NONCE_BYTES + _WRAPPED_BYTES + _NONCE_BYTES


class Vault:
    """Satisfies `ports.Vault`. With a path it follows the file, so that keys change online."""

    def __init__(self, keyring: Keyring, path: Path | None = None) -> None:
        self._keyring = keyring
        self._path = path
        self._seen = fingerprint(path)

    @classmethod
    def from_file(cls, path: Path) -> Vault:
        """Load the keyring file and follow it. Raises ConfigError."""
        return cls(Keyring.load(path), path)

    @property
    def active_key_id(self) -> str:
        self._follow()
        return self._keyring.active

    @property
    def key_ids(self) -> tuple[str, ...]:
        self._follow()
        return self._keyring.key_ids

    def reload(self) -> None:
        """Read the file again. Raises ConfigError, and keeps the keys it has, when it is not good."""
        if self._path is not None:
            seen = fingerprint(self._path)
            self._keyring = Keyring.load(self._path)
            self._seen = seen

    def seal(self, secret: Secret, context: SecretContext) -> SealedSecret:
        """Encrypt under the active key, bound to the context."""
        data_key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE_BYTES)
        sealed = AESGCM(data_key).encrypt(nonce, secret.reveal().encode(), _bound_to("secret", context))
        key_id = self.active_key_id
        return SealedSecret(key_id, _FORMAT + self._wrap(data_key, key_id, context) + nonce + sealed)

    def open(self, sealed: SealedSecret, context: SecretContext) -> Secret:
        """Decrypt. Raises SecretUnreadable when key, bytes or context do not fit."""
        data_key, rest = self._unwrap(sealed, context)
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            clear = AESGCM(data_key).decrypt(nonce, ciphertext, _bound_to("secret", context))
            return Secret(clear.decode())
        except (InvalidTag, ValueError):
            raise SecretUnreadable from None

    def rewrap(self, sealed: SealedSecret, context: SecretContext) -> SealedSecret:
        """Wrap the data key anew under the active key. Raises SecretUnreadable."""
        data_key, rest = self._unwrap(sealed, context)
        key_id = self.active_key_id
        return SealedSecret(key_id, _FORMAT + self._wrap(data_key, key_id, context) + rest)

    def _wrap(self, data_key: bytes, key_id: str, context: SecretContext) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        aad = _bound_to("data-key", context, key_id)
        return nonce + AESGCM(self._keyring.keys[key_id]).encrypt(nonce, data_key, aad)

    def _unwrap(self, sealed: SealedSecret, context: SecretContext) -> tuple[bytes, bytes]:
        """Return the data key and what it sealed, nonce first."""
        if sealed.key_id not in self._keyring.keys:
            self._follow()
        key = self._keyring.keys.get(sealed.key_id)
        if key is None or len(sealed.blob) < _HEAD_BYTES or not sealed.blob.startswith(_FORMAT):
            raise SecretUnreadable
        nonce_end = len(_FORMAT) + _NONCE_BYTES
        nonce, wrapped = sealed.blob[len(_FORMAT) : nonce_end], sealed.blob[nonce_end:][:_WRAPPED_BYTES]
        try:
            data_key = AESGCM(key).decrypt(nonce, wrapped, _bound_to("data-key", context, sealed.key_id))
        except InvalidTag:
            raise SecretUnreadable from None
        return data_key, sealed.blob[nonce_end + _WRAPPED_BYTES :]

    def _follow(self) -> None:
        """Read the file again when it is another one by now. It costs one `stat`."""
        if self._path is None or (seen := fingerprint(self._path)) == self._seen:
            return
        try:
            self.reload()
        except ConfigError as error:
            self._seen = seen  # said once; the keys at hand stay good
            _log.error("the keyring was not reloaded", extra={"reason": error.message})


def _bound_to(purpose: str, context: SecretContext, *more: str) -> bytes:
    """Return the associated data. Every part has its length before it, so no two lists read the same."""
    destination = context.destination
    parts = (
        "mailbox-svc",
        "v1",
        purpose,
        context.field.value,
        context.user_id,
        context.mailbox_id,
        str(context.version),
        destination.host,
        str(destination.port),
        "tls" if destination.tls else "starttls",
        destination.user,
        *more,
    )
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
