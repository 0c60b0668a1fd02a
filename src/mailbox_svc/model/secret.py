"""Secrets, and the registry of every secret field the service stores."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NoReturn

from mailbox_svc.model.mailbox import Destination


class Secret:
    """A password or token that cannot be printed, formatted, pickled or compared by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the clear text. Call it only where the bytes leave for the server or the vault."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class SecretField(enum.StrEnum):
    """Every secret field that is ever stored. Rotation, deletion and the canary scan go by it."""

    MAILBOX_PASSWORD = "mailbox.password"  # noqa: S105  (a name, not a password)
    MAILBOX_REFRESH_TOKEN = "mailbox.refresh_token"  # noqa: S105  (a name, not a token)
    #: Of an authorization under way, RFC 7636; it lives ten minutes.
    OAUTH_VERIFIER = "oauth.verifier"


@dataclass(frozen=True, slots=True)
class SecretContext:
    """What a stored secret is bound to: it opens only for the same row and the same destination.

    That of an authorization under way has the hash of its state in the place of the mailbox, and no
    destination: `model.oauth.verifier_context` makes it.
    """

    field: SecretField
    user_id: str
    mailbox_id: str
    destination: Destination
    version: int


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as it is stored: the id of the key-encryption key and an opaque blob."""

    key_id: str
    blob: bytes

    def __repr__(self) -> str:
        return f"SealedSecret(key_id={self.key_id!r}, {len(self.blob)} bytes)"
