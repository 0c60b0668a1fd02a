"""What a caller wants saved or tested, before any rule was applied to it."""

from __future__ import annotations

from dataclasses import dataclass

from mailbox_svc.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Draft:
    """A SaveRequest as it came in. `rules.checked` says what is wrong with it."""

    label: str
    host: str
    port: int
    tls: bool
    user: str
    #: None creates a mailbox with an id of ours.
    id: str | None = None
    #: None keeps the stored one.
    password: Secret | None = None
    #: None updates whatever is stored.
    etag: str | None = None
