"""What a provider's answer means: a JSON object, or one of three errors. Passes on no word of it."""

from __future__ import annotations

import json
import logging
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

from mailbox_svc.errors import OAuthClientRefused, OAuthGrantRefused, OAuthProviderUnavailable
from mailbox_svc.model.oauth import OAuthProvider

_log = logging.getLogger(__name__)

#: Seconds to wait when a provider names no time, and the most that it may name.
RETRY: Final = 5.0
MAX_RETRY: Final = 3600.0

#: The user has to connect the account again: RFC 6749 §5.2, and what Microsoft and Google say besides of
#: a session that has to be confirmed, or that an administrator has ended.
#: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
GRANT_REFUSED: Final = frozenset(
    {"invalid_grant", "access_denied", "consent_required", "interaction_required", "login_required"}
    | {"admin_policy_enforced"}
)
#: The operator has to mend the registration: RFC 6749 §5.2, RFC 8707, Microsoft, Google. These codes are
#: logged; no other text is.
CLIENT_REFUSED: Final = frozenset(
    {"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request", "invalid_scope"}
    | {"invalid_target", "invalid_resource"}
    | {"deleted_client", "disabled_client", "restricted_client", "org_internal", "redirect_uri_mismatch"}
)
_TOO_EARLY: Final = frozenset({408, 425, 429})


def parsed(provider: OAuthProvider, answer: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object of a good answer.

    Raises OAuthGrantRefused, OAuthClientRefused (and tells the operator) or OAuthProviderUnavailable.
    """
    content = None if _is_passing(answer.status_code) else json_object(answer.content)
    error = (content or {}).get("error")
    if isinstance(error, str):
        _raise_refusal(provider, error, answer.status_code)
    if content is None or error is not None or not answer.is_success:
        raise unavailable(provider, answer)
    return content


def error_of(answer: httpx2.Response) -> str | None:
    """Return the error code of an answer that is neither good nor transient; None when there is none."""
    if answer.is_success or _is_passing(answer.status_code):
        return None
    error = (json_object(answer.content) or {}).get("error")
    return error if isinstance(error, str) else None


def unavailable(provider: OAuthProvider, answer: httpx2.Response) -> OAuthProviderUnavailable:
    """Log an answer that means nothing, and return the error to raise."""
    _log.warning(
        "a provider does not answer as it should",
        extra={"provider": provider.id, "http_status": answer.status_code},
    )
    return OAuthProviderUnavailable(retry_after=_retry_after(answer.headers.get("retry-after", "")))


def json_object(body: bytes | str) -> dict[str, Any] | None:
    """Return the object that a JSON text is, else None."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_passing(status: int) -> bool:
    # Whatever the body says: what a failing server writes is no verdict on a grant.
    return status >= 500 or status in _TOO_EARLY or 300 <= status < 400


def _raise_refusal(provider: OAuthProvider, error: str, status: int) -> None:
    if error in GRANT_REFUSED:
        _log.info(
            "a provider refuses a grant",
            extra={"provider": provider.id, "reason": error, "http_status": status},
        )
        raise OAuthGrantRefused
    if error in CLIENT_REFUSED:
        _log.error(
            "a provider refuses this service: check its registration",
            extra={"provider": provider.id, "reason": error, "http_status": status},
        )
        raise OAuthClientRefused


def _retry_after(value: str) -> float:
    """Return the seconds that a Retry-After header names (RFC 9110 §10.2.3), within bounds."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        seconds = float(value)
    else:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return RETRY
    return float(min(max(math.ceil(seconds), 1), MAX_RETRY))
