"""The errors a call can end with. Catch `MailboxError` for all of them; none holds a token or password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import grpc

from mailboxes._status import ErrorDetails, error_details


class MailboxError(Exception):
    """A call that did not succeed."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        reason: str = "",
        field_violations: Mapping[str, str] | None = None,
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        # All of them are `args`, so that the error survives pickling.
        super().__init__(code, message, reason, field_violations, retry_after, request_id)
        #: The gRPC status.
        self.code = code
        #: One sentence for a person.
        self.message = message
        #: An `ErrorReason` without its prefix; empty when the service was not reached.
        self.reason = reason
        #: Field of the request → what is wrong with it.
        self.field_violations: Mapping[str, str] = field_violations or {}
        #: Seconds after which the same call may succeed; None when unknown.
        self.retry_after = retry_after
        #: What the service's log calls this call.
        self.request_id = request_id

    def __str__(self) -> str:
        text = f"{self.message} [{self.reason or self.code.name}]"
        return f"{text} (request {self.request_id})" if self.request_id else text


class NotFound(MailboxError):
    """There is no such mailbox, harvest, contact, group, merge or provider; `reason` says which."""


class InvalidFields(MailboxError):
    """See `field_violations`."""


class PasswordRequired(MailboxError):
    """Host, port, tls or user changed: the password must come with it."""


class StaleEtag(MailboxError):
    """The mailbox, contact or group was changed meanwhile: read it again."""


class GroupNameTaken(MailboxError):
    """The user has another group of this name."""


class MergedSince(MailboxError):
    """A later merge of the same contact has to be taken back first."""


class NotMergeable(MailboxError):
    """One of them is a list, a robot or a function, or was left out: only people are merged."""


class AuthorizationFailed(MailboxError):
    """No account was connected; `reason` says why, and `message` what the user can do."""


class NotConnected(MailboxError):
    """The mailbox was not connected by OAuth2: there is nothing to revoke."""


class MailboxLimitReached(MailboxError):
    """The user holds the most mailboxes allowed."""


class GroupLimitReached(MailboxError):
    """The user holds the most groups allowed."""


class RateLimited(MailboxError):
    """Too many calls: wait `retry_after` seconds."""


class Unauthenticated(MailboxError):
    """The token is missing, expired or not valid."""


class NotAllowed(MailboxError):
    """The token's role may not do this."""


class Unavailable(MailboxError):
    """The service, or a part of it, does not answer: wait `retry_after` seconds."""


class TimedOut(MailboxError):
    """The call took longer than its timeout; whether it took effect is unknown."""


_BY_REASON: dict[str, type[MailboxError]] = {
    "INVALID_FIELDS": InvalidFields,
    "MAILBOX_NOT_FOUND": NotFound,
    "HARVEST_NOT_FOUND": NotFound,
    "CONTACT_NOT_FOUND": NotFound,
    "GROUP_NOT_FOUND": NotFound,
    "MERGE_NOT_FOUND": NotFound,
    "MERGED_SINCE": MergedSince,
    "NOT_MERGEABLE": NotMergeable,
    "PASSWORD_REQUIRED": PasswordRequired,
    "ETAG_MISMATCH": StaleEtag,
    "GROUP_NAME_TAKEN": GroupNameTaken,
    "MAILBOX_LIMIT_REACHED": MailboxLimitReached,
    "GROUP_LIMIT_REACHED": GroupLimitReached,
    "OAUTH_PROVIDER_NOT_FOUND": NotFound,
    "OAUTH_STATE_INVALID": AuthorizationFailed,
    "OAUTH_DENIED": AuthorizationFailed,
    "OAUTH_SCOPE_MISSING": AuthorizationFailed,
    "OAUTH_GRANT_INCOMPLETE": AuthorizationFailed,
    "OAUTH_ACCOUNT_MISMATCH": AuthorizationFailed,
    "OAUTH_GRANT_REFUSED": AuthorizationFailed,
    "OAUTH_CLIENT_REFUSED": AuthorizationFailed,
    "NOT_CONNECTED": NotConnected,
    "RATE_LIMITED": RateLimited,
    "OVERLOADED": RateLimited,
}
_BY_CODE: dict[grpc.StatusCode, type[MailboxError]] = {
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: NotAllowed,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: TimedOut,
}


def error_from(failure: grpc.RpcError) -> MailboxError:
    """Return what a failed call, sync or async, stands for."""
    # Sync and async calls give different types; both yield pairs.
    trailers = dict(cast("Iterable[tuple[str, str | bytes]]", failure.trailing_metadata() or ()))
    status = trailers.get("grpc-status-details-bin", b"")
    details = error_details(status) if isinstance(status, bytes) else ErrorDetails()
    kind = _BY_REASON.get(details.reason) or _BY_CODE.get(failure.code(), MailboxError)
    return kind(
        failure.code(),
        failure.details() or "",
        details.reason,
        details.field_violations,
        details.retry_after,
        str(trailers.get("x-request-id", "")),
    )
