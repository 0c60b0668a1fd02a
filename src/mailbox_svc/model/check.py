"""The result of a connection test. A failed login is a result, not an error."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from mailbox_svc.model.remedy import Remedy
from mailbox_svc.model.secret import Secret


class Stage(enum.StrEnum):
    """A step of a connection, in order. Names are those of `TestStage` in the contract."""

    RESOLVE = "RESOLVE"
    CONNECT = "CONNECT"
    TLS = "TLS"
    GREETING = "GREETING"
    CAPABILITY = "CAPABILITY"
    AUTH = "AUTH"
    LIST = "LIST"


class Code(enum.StrEnum):
    """The outcome of a connection. Names are those of `TestCode` in the contract."""

    OK = "OK"

    DESTINATION_NOT_ALLOWED = "DESTINATION_NOT_ALLOWED"
    DNS_FAILURE = "DNS_FAILURE"
    DNS_TEMPORARY = "DNS_TEMPORARY"
    CONNECT_FAILED = "CONNECT_FAILED"
    CONNECT_TIMEOUT = "CONNECT_TIMEOUT"

    TLS_FAILURE = "TLS_FAILURE"
    TLS_UNTRUSTED = "TLS_UNTRUSTED"
    TLS_NAME_MISMATCH = "TLS_NAME_MISMATCH"
    TLS_EXPIRED = "TLS_EXPIRED"
    TLS_REQUIRED = "TLS_REQUIRED"

    NOT_IMAP = "NOT_IMAP"
    PREAUTH_REFUSED = "PREAUTH_REFUSED"
    PROTOCOL_ERROR = "PROTOCOL_ERROR"
    RESPONSE_TOO_LARGE = "RESPONSE_TOO_LARGE"
    SERVER_TIMEOUT = "SERVER_TIMEOUT"
    SERVER_DISCONNECTED = "SERVER_DISCONNECTED"
    SERVER_BYE = "SERVER_BYE"
    SERVER_UNAVAILABLE = "SERVER_UNAVAILABLE"
    TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
    RATE_LIMITED = "RATE_LIMITED"

    AUTH_INVALID_CREDENTIALS = "AUTH_INVALID_CREDENTIALS"
    AUTH_APP_PASSWORD_REQUIRED = "AUTH_APP_PASSWORD_REQUIRED"  # noqa: S105  (a code)
    AUTH_WEB_LOGIN_REQUIRED = "AUTH_WEB_LOGIN_REQUIRED"
    AUTH_ACCOUNT_LOCKED = "AUTH_ACCOUNT_LOCKED"
    AUTH_BASIC_DISABLED = "AUTH_BASIC_DISABLED"
    AUTH_IMAP_DISABLED = "AUTH_IMAP_DISABLED"
    AUTH_PASSWORD_EXPIRED = "AUTH_PASSWORD_EXPIRED"  # noqa: S105  (a code)
    AUTH_MAILBOX_MISMATCH = "AUTH_MAILBOX_MISMATCH"
    AUTH_TOKEN_REJECTED = "AUTH_TOKEN_REJECTED"  # noqa: S105  (a code)
    AUTH_REAUTH_REQUIRED = "AUTH_REAUTH_REQUIRED"
    AUTH_CLIENT_ID_REQUIRED = "AUTH_CLIENT_ID_REQUIRED"
    AUTH_UNSUPPORTED = "AUTH_UNSUPPORTED"
    AUTH_PASSWORD_CHARSET = "AUTH_PASSWORD_CHARSET"  # noqa: S105  (a code)
    AUTH_UNKNOWN = "AUTH_UNKNOWN"
    AUTH_PROVIDER_UNAVAILABLE = "AUTH_PROVIDER_UNAVAILABLE"
    AUTH_CLIENT_REFUSED = "AUTH_CLIENT_REFUSED"

    LIST_FAILED = "LIST_FAILED"


class TokenMechanism(enum.StrEnum):
    """How an access token is shown to a server (SASL)."""

    OAUTHBEARER = "OAUTHBEARER"
    XOAUTH2 = "XOAUTH2"


@dataclass(frozen=True, slots=True)
class Password:
    """A password or app password, sent by LOGIN or SASL PLAIN."""

    secret: Secret


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An OAuth2 access token, sent by OAUTHBEARER or XOAUTH2."""

    secret: Secret
    #: The one to use where the server offers it; None leaves the choice to the server's offer.
    mechanism: TokenMechanism | None = None


Credential = Password | AccessToken


@dataclass(frozen=True, slots=True)
class Check:
    """One stage that was reached; only the last can have failed."""

    stage: Stage
    ok: bool
    #: Seconds.
    took: float


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """What one real connection showed."""

    code: Code
    stage: Stage
    #: One sentence for a person; empty when OK. Never raw server text.
    error: str = ""
    remedy: Remedy | None = None
    #: Names of `SaveRequest` fields to mark in a form, most likely first.
    wrong_fields: tuple[str, ...] = ()
    retryable: bool = False
    #: Seconds; None when unknown.
    retry_after: float | None = None
    checks: tuple[Check, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return self.code is Code.OK
