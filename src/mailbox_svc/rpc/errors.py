"""Owns which status every error becomes; nothing else chooses a status code, and nothing has a default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from mailbox_svc.errors import (
    ContactNotFound,
    DeadlinePassed,
    GroupNameTaken,
    GroupNotFound,
    HarvestNotFound,
    InvalidFields,
    KeysUnavailable,
    MailboxNotFound,
    MailboxSvcError,
    MergedSince,
    MergeNotFound,
    NotAllowed,
    NotConnected,
    NotMergeable,
    OAuthAccountMismatch,
    OAuthClientRefused,
    OAuthDenied,
    OAuthGrantIncomplete,
    OAuthGrantRefused,
    OAuthProviderNotFound,
    OAuthProviderUnavailable,
    OAuthScopeMissing,
    OAuthStateInvalid,
    Overloaded,
    PasswordRequired,
    RateLimited,
    SecretUnreadable,
    StaleContact,
    StaleGroup,
    StaleMailbox,
    StorageUnavailable,
    StreamEnded,
    Throttled,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    TooManyGroups,
    TooManyMailboxes,
    Unavailable,
)

#: `ErrorInfo.domain` of every error.
DOMAIN = "mailboxes.v1"

#: Looked up by exact type: an error without a row is a defect and is answered INTERNAL.
CODES: dict[type[BaseException], StatusCode] = {
    InvalidFields: StatusCode.INVALID_ARGUMENT,  # + BadRequest
    MailboxNotFound: StatusCode.NOT_FOUND,
    PasswordRequired: StatusCode.FAILED_PRECONDITION,
    HarvestNotFound: StatusCode.NOT_FOUND,
    ContactNotFound: StatusCode.NOT_FOUND,
    GroupNotFound: StatusCode.NOT_FOUND,
    GroupNameTaken: StatusCode.ALREADY_EXISTS,
    MergeNotFound: StatusCode.NOT_FOUND,
    MergedSince: StatusCode.FAILED_PRECONDITION,
    NotMergeable: StatusCode.FAILED_PRECONDITION,
    StaleMailbox: StatusCode.ABORTED,
    StaleContact: StatusCode.ABORTED,
    StaleGroup: StatusCode.ABORTED,
    NotConnected: StatusCode.FAILED_PRECONDITION,
    OAuthProviderNotFound: StatusCode.NOT_FOUND,
    OAuthStateInvalid: StatusCode.FAILED_PRECONDITION,
    OAuthDenied: StatusCode.FAILED_PRECONDITION,
    OAuthScopeMissing: StatusCode.FAILED_PRECONDITION,
    OAuthGrantIncomplete: StatusCode.FAILED_PRECONDITION,
    OAuthAccountMismatch: StatusCode.FAILED_PRECONDITION,
    OAuthGrantRefused: StatusCode.FAILED_PRECONDITION,
    OAuthClientRefused: StatusCode.FAILED_PRECONDITION,
    TooManyMailboxes: StatusCode.RESOURCE_EXHAUSTED,
    TooManyGroups: StatusCode.RESOURCE_EXHAUSTED,
    RateLimited: StatusCode.RESOURCE_EXHAUSTED,  # + RetryInfo
    Overloaded: StatusCode.RESOURCE_EXHAUSTED,  # + RetryInfo
    TokenMissing: StatusCode.UNAUTHENTICATED,
    TokenInvalid: StatusCode.UNAUTHENTICATED,
    TokenExpired: StatusCode.UNAUTHENTICATED,
    NotAllowed: StatusCode.PERMISSION_DENIED,
    SecretUnreadable: StatusCode.FAILED_PRECONDITION,
    StorageUnavailable: StatusCode.UNAVAILABLE,  # + RetryInfo
    KeysUnavailable: StatusCode.UNAVAILABLE,  # + RetryInfo
    OAuthProviderUnavailable: StatusCode.UNAVAILABLE,  # + RetryInfo
    StreamEnded: StatusCode.UNAVAILABLE,  # + RetryInfo
    DeadlinePassed: StatusCode.DEADLINE_EXCEEDED,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a caller gets instead of a response."""

    code: StatusCode
    reason: str
    message: str
    #: BadRequest or RetryInfo, where they apply.
    details: tuple[Message, ...] = ()

    def trailers(self, request_id: str) -> tuple[tuple[str, str | bytes], ...]:
        """Return the trailing metadata that carries the google.rpc.Status and the request id."""
        info = error_details_pb2.ErrorInfo(
            reason=self.reason, domain=DOMAIN, metadata={"request_id": request_id}
        )
        number: int = self.code.value[0]
        status = status_pb2.Status(code=number, message=self.message)
        status.details.extend(_packed(detail) for detail in (info, *self.details))
        # The name is fixed by gRPC's "richer error model"; grpc_status reads it.
        return ("grpc-status-details-bin", status.SerializeToString()), ("x-request-id", request_id)


#: The answer to anything unexpected. It says nothing; the request id finds the rest in the log.
INTERNAL = Refusal(StatusCode.INTERNAL, MailboxSvcError.reason, "internal error")


def refusal_of(error: BaseException) -> Refusal | None:
    """Return what the table says about an error, or None when it has no row."""
    code = CODES.get(type(error))
    if code is None or not isinstance(error, MailboxSvcError):
        return None
    return Refusal(code, error.reason, error.message, tuple(_details(error)))


def _details(error: MailboxSvcError) -> list[Message]:
    match error:
        case InvalidFields(violations=violations):
            bad_request = error_details_pb2.BadRequest()
            for violation in violations:
                bad_request.field_violations.add(field=violation.field, description=violation.description)
            return [bad_request]
        case Throttled(retry_after=seconds) | Unavailable(retry_after=seconds):
            delay = Duration()
            delay.FromTimedelta(timedelta(seconds=seconds))
            return [error_details_pb2.RetryInfo(retry_delay=delay)]
        case _:
            return []


def _packed(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
