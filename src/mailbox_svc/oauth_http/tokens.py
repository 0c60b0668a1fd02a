"""The good answer of a token endpoint (RFC 6749 §5.1), whatever types it is made of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from mailbox_svc.model.oauth import Tokens
from mailbox_svc.model.secret import Secret

#: Characters of one token. Access tokens of Microsoft have more than 2,048.
MAX_TOKEN: Final = 16 * 1024
#: Seconds. No access token is kept for longer, whatever it says.
MAX_LIFE: Final = 24 * 3600.0

#: RFC 6750 §2.1 is narrower; a header or a SASL answer can hold these.
_ACCESS_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
#: RFC 6749 appendix A.17.
_REFRESH_TOKEN: Final = re.compile(r"[\x20-\x7e]+")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def clean(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are of use, each of its right type. Raises ValueError without a token in it."""
    access_token = _token(content.get("access_token"), _ACCESS_TOKEN)
    if access_token is None:
        raise ValueError("no access token")
    token_type = content.get("token_type")
    if token_type is not None and not (isinstance(token_type, str) and token_type.lower() == "bearer"):
        raise ValueError("not a bearer token")
    scope, id_token = content.get("scope"), content.get("id_token")
    members = {
        "access_token": access_token,
        "refresh_token": _token(content.get("refresh_token"), _REFRESH_TOKEN),
        "expires_in": _seconds(content.get("expires_in")),
        "scope": scope if isinstance(scope, str) and scope.strip() else None,
        "id_token": id_token if isinstance(id_token, str) and id_token else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def tokens(members: Mapping[str, Any], *, used: str = "") -> Tokens:
    """Return what `clean` has let through; `used` is the refresh token that was sent, if any."""
    refresh_token = members.get("refresh_token")
    scope = members.get("scope")
    return Tokens(
        access_token=Secret(members["access_token"]),
        expires_in=members.get("expires_in"),
        refresh_token=Secret(refresh_token) if refresh_token and refresh_token != used else None,
        scopes=frozenset(scope.split()) if scope else None,
    )


def _token(value: object, allowed: re.Pattern[str]) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TOKEN or not allowed.fullmatch(value):
        raise ValueError("not a token")
    return value


def _seconds(value: object) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    # float() last: it refuses an int of 400 digits.
    return float(min(max(value, 0), MAX_LIFE))
