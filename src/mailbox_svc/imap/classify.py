"""From what a server said to what it means. Pure and total: any bytes give a verdict, in linear time.

Response codes lie (`[UNAVAILABLE]` for a connection limit, `[AUTHENTICATIONFAILED]` for a missing app
password, `[ALERT]` for anything), so a text that can mean one thing only is believed before the code,
and a bad password is concluded last. What nobody has described stays AUTH_UNKNOWN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.imap.texts import CODES, GENERIC, SPECIFIC, Row
from mailbox_svc.model.check import Code, Stage
from mailbox_svc.model.providers import Provider

#: Seconds. Servers have asked for 10^9; nobody waits longer than a day.
MAX_RETRY_AFTER = 86_400.0
#: Bytes of server text that are looked at; real refusals are shorter.
_MAX_TEXT = 4096

# What a server said can make these more precise; every other code is a fact of our own.
_REFINABLE = frozenset(
    {
        Code.AUTH_UNKNOWN,
        Code.AUTH_TOKEN_REJECTED,
        Code.LIST_FAILED,
        Code.SERVER_BYE,
        Code.SERVER_DISCONNECTED,
    }
)
# Say something about a password, so they cannot be the reason why a token was refused.
_OF_PASSWORDS = frozenset(
    {Code.AUTH_INVALID_CREDENTIALS, Code.AUTH_APP_PASSWORD_REQUIRED, Code.AUTH_BASIC_DISABLED}
)

_RESPONSE_CODE = re.compile(r"\[([a-z0-9-]{1,32})[\] ]")
# Exchange Online: "Suggested Backoff Time: 299961 milliseconds".
_BACKOFF = re.compile(r"backoff time: ?([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure is."""

    code: Code
    #: Seconds the server wants us to wait; None when it did not say.
    retry_after: float | None = None


def classify(
    failure: ConnectionFailed, *, stage: Stage, provider: Provider | None, with_token: bool = False
) -> Verdict:
    """Return what the failure means.

    `stage` is where it happened, `provider` whose server it was; `with_token` says that an OAuth2 token
    was sent, so that a refusal in unknown words is AUTH_TOKEN_REJECTED and never about a password.
    """
    code = failure.code
    if with_token and code is Code.AUTH_UNKNOWN:
        code = Code.AUTH_TOKEN_REJECTED
    text = _normalised(failure.server_text)
    row = _row(text, code, stage, provider) if code in _REFINABLE else None
    hints = (failure.retry_after, row.retry_after if row else None, _backoff(text))
    wait = max((hint for hint in hints if hint is not None), default=None)
    return Verdict(row.code if row else code, None if wait is None else min(max(wait, 0.0), MAX_RETRY_AFTER))


def _row(text: str, code: Code, stage: Stage, provider: Provider | None) -> Row | None:
    """Return the first row that fits: specific text, then response code, then generic text."""
    provider_id = provider.id if provider else ""
    response_codes = set(_RESPONSE_CODE.findall(text))
    found = (
        *(row for row in SPECIFIC if row.pattern in text),
        *(row for row in CODES if row.pattern in response_codes),
        *(row for row in GENERIC if row.pattern in text),
    )
    row = next((row for row in found if row.provider in ("", provider_id)), None)
    if row and row.code in _OF_PASSWORDS and (stage is not Stage.AUTH or code is Code.AUTH_TOKEN_REJECTED):
        # No password was at stake here, whatever the words.
        return None
    return row


def _normalised(raw: bytes) -> str:
    """Lower case, one space for every run of white space. Latin-1 takes any byte."""
    return " ".join(raw[:_MAX_TEXT].decode("latin-1").lower().split())


def _backoff(text: str) -> float | None:
    """Return the seconds of Exchange's hint, which is in milliseconds. Twelve digits are 30 years."""
    match = _BACKOFF.search(text)
    return None if match is None else int(match[1]) / 1000
