"""Text that callers send: ids and what no field may hold. Strings only, no rule of any one field."""

from __future__ import annotations

import unicodedata
import uuid

from mailbox_svc.errors import FieldViolation, InvalidFields


def is_uuid(text: str) -> bool:
    """Say whether the text is a UUID in its usual spelling, in either case."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def stored_id(given: str) -> str:
    """Return the id of anything of ours in its stored spelling."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        # Not a UUID, so nothing has it: the look-up will say so in the usual words. Not as it is, for
        # PostgreSQL takes no text with a NUL.
        return ascii(given)


def checked_id(given: str, field: str = "id", *, missing: str = "The id is missing.") -> str:
    """Return the id in its stored spelling. Raises InvalidFields when it is empty."""
    if not given:
        raise InvalidFields(FieldViolation(field, missing))
    return stored_id(given)


def has_control(text: str) -> bool:
    """Say whether there are control characters or line breaks in the text, or halves of characters."""
    # Cc are control characters, Cs lone surrogates (not encodable), Zl/Zp Unicode line breaks.
    return any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)
