"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass

#: Characters; as long as the column that holds it.
MAX_USER_ID = 255


def is_user_id(text: str) -> bool:
    """Say whether the text can be a user's id: 1 to 255 printable characters."""
    return 0 < len(text) <= MAX_USER_ID and text.isprintable()


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified subject of a token."""

    subject: str
    #: A service token (role `service_role`) acts for the user it names in `x-user-id`.
    is_service: bool
    #: Unix time at which the token stops being valid.
    expires_at: float
