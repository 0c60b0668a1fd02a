"""A mailbox: one IMAP account of one user."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from mailbox_svc.model.remedy import Remedy


class Auth(enum.StrEnum):
    """How the service logs in."""

    PASSWORD = "password"  # noqa: S105  (a name, not a password)
    OAUTH = "oauth"


class Status(enum.StrEnum):
    """What is known about a mailbox's connection."""

    PENDING = "pending"
    OK = "ok"
    ERROR = "error"
    NEEDS_REAUTH = "needs_reauth"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a secret may be sent, and as whom. A stored secret is bound to it."""

    host: str
    port: int
    #: True is implicit TLS; False is STARTTLS, required.
    tls: bool
    user: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One IMAP account of one user, without its secret. Times are aware and in UTC."""

    id: str
    user_id: str
    label: str
    destination: Destination
    auth: Auth
    has_password: bool
    status: Status
    last_tested_at: datetime | None
    #: A sentence for a person; empty when the latest test passed or there was none.
    last_error: str
    etag: str
    #: Grows by one with every new secret; part of what the secret is bound to.
    secret_version: int
    created_at: datetime
    updated_at: datetime
    #: The id of the `OAuthProvider` whose grant it logs in with; empty with a password.
    oauth_provider: str = ""
    #: How to mend `last_error`, where that is known.
    last_remedy: Remedy | None = None

    def __hash__(self) -> int:
        """Cheap, for a cache looks up every mailbox of every List; equality still is of all fields."""
        return hash((self.id, self.etag, self.last_tested_at))
