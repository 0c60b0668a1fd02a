"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified subject of a token."""

    subject: str
    #: A service token (role `service_role`) acts for the user it names in `x-user-id`.
    is_service: bool
    #: Unix time at which the token stops being valid.
    expires_at: float
