"""The keyring file: key-encryption keys by id, one of them active. No key leaves in a repr or an error."""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from mailbox_svc.errors import ConfigError, os_reason

_log = logging.getLogger(__name__)

KEY_BYTES = 32


def key_id_of(key: bytes) -> str:
    """Return the first 8 hex digits of the key's SHA-256: a mixed-up key shows at once."""
    return hashlib.sha256(key).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The key-encryption keys by id, and which of them seals. Immutable: changes return a new one.

    On disk: JSON `{"active": id, "keys": {id: base64 of 32 bytes}}`, mode 0600.
    """

    active: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.active not in self.keys:
            raise ConfigError("The keyring's active key is not among its keys.")
        for key_id, key in self.keys.items():
            if len(key) != KEY_BYTES:
                raise ConfigError(f"The keyring's key {key_id} is not 32 bytes long.")
            if key_id != key_id_of(key):
                raise ConfigError(
                    f"The keyring's key {key_id} does not fit its id: was another key pasted there?"
                )
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(self.keys)

    @classmethod
    def generate(cls) -> Keyring:
        """Return a keyring with one fresh key."""
        key = os.urandom(KEY_BYTES)
        return cls(active=key_id_of(key), keys={key_id_of(key): key})

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read the file. Raises ConfigError with a sentence that holds no key."""
        try:
            raw = path.read_bytes()
            mode = path.stat().st_mode
        except OSError as error:
            raise ConfigError(f"The keyring file {path} cannot be read: {os_reason(error)}.") from None
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            # A warning, since mounted container secrets are often like this and cannot be changed.
            _log.warning("the keyring file can be read by others: chmod 600 it", extra={"path": str(path)})
        try:
            document = json.loads(raw)
            keys = {
                key_id: base64.b64decode(text, validate=True) for key_id, text in document["keys"].items()
            }
            return cls(active=document["active"], keys=keys)
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise ConfigError(
                f"The keyring file {path} is not of the form "
                '{"active": id, "keys": {id: base64 of 32 bytes}}.'
            ) from None

    def add(self, *, activate: bool = True) -> Keyring:
        """Return it with a fresh key, which seals from now on unless `activate` is False.

        With more than one machine, add first without activating and bring the file to all of them.
        """
        key = os.urandom(KEY_BYTES)
        key_id = key_id_of(key)
        return Keyring(active=key_id if activate else self.active, keys={**self.keys, key_id: key})

    def activate(self, key_id: str) -> Keyring:
        """Return it with this key sealing. Raises ConfigError for an unknown id."""
        if key_id not in self.keys:
            raise ConfigError(f"The keyring has no key {key_id}.")
        return replace(self, active=key_id)

    def retire(self, key_id: str) -> Keyring:
        """Return it without this key. Raises ConfigError for the active key or an unknown id.

        Secrets under it become unreadable: ask `mailboxes.rotation.refuse_key_in_use` first.
        """
        if key_id not in self.keys:
            raise ConfigError(f"The keyring has no key {key_id}.")
        if key_id == self.active:
            raise ConfigError(f"The key {key_id} is the active one; add another and rotate first.")
        return Keyring(self.active, {other: key for other, key in self.keys.items() if other != key_id})

    def save(self, path: Path) -> None:
        """Write the file so that a reader, or a crash, finds the old or the new one, never half.

        Raises ConfigError when it cannot be written.
        """
        keys = {key_id: base64.b64encode(key).decode() for key_id, key in self.keys.items()}
        text = json.dumps({"active": self.active, "keys": keys}, indent=2) + "\n"
        try:
            _replace_file(path, text.encode())
        except OSError as error:
            raise ConfigError(f"The keyring file {path} cannot be written: {os_reason(error)}.") from None


def change_keyring(path: Path, change: Callable[[Keyring], Keyring]) -> Keyring:
    """Load, change and save under a lock: two commands at once must not lose each other's key."""
    with _locked(path.parent):
        changed = change(Keyring.load(path))
        changed.save(path)
        return changed


def add_key(path: Path) -> str:
    """Make a new key the active one, in a new file when there is none, and return its id."""
    with _locked(path.parent):
        keyring = Keyring.load(path).add() if path.exists() else Keyring.generate()
        keyring.save(path)
        return keyring.active


def fingerprint(path: Path | None) -> tuple[int, int, int] | None:
    """Return what changes when the file is replaced or written; None when it is not there."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def _replace_file(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself must outlive a power cut too
    finally:
        os.close(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's advisory lock."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        raise ConfigError(f"There is no folder {folder}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
