"""Every error that a caller is meant to tell apart. This module imports nothing of ours.

MailboxSvcError
├── InvalidFields            one or more fields of the request are wrong
├── MailboxNotFound          the caller has no mailbox with this id
├── PasswordRequired         the destination changed and no password came with it
├── HarvestNotFound          the caller has no harvest with this id, or none of this mailbox
├── ContactNotFound          the caller has no contact with this id
├── GroupNotFound            the caller has no group with this id
├── GroupNameTaken           the caller has another group of this name
├── Stale                    the etag is not the stored one
│   ├── StaleMailbox
│   ├── StaleContact
│   └── StaleGroup
├── NotConnected             the mailbox was not connected by OAuth2
├── OAuthProviderNotFound    no such provider, or it is not configured
├── OAuthStateInvalid        the state is used up, too old, or not this user's
├── OAuthDenied              the user, or the provider, said no
├── OAuthScopeMissing        the user did not allow access to mail
├── OAuthGrantIncomplete     no refresh token or no address came with the grant
├── OAuthAccountMismatch     another account than the mailbox's was connected
├── OAuthGrantRefused        the provider does not take the code or refresh token (any more)
├── OAuthClientRefused       the provider refuses this service; its operator must mend it
├── MergeNotFound            the caller has no merge with this id that can be taken back
├── MergedSince              a later merge of the contact has to be taken back before
├── NotMergeable             lists, robots and functions are not merged with people
├── TooManyMailboxes         the user holds the most mailboxes allowed
├── TooManyGroups            the user holds the most groups allowed
├── Throttled                try again after `retry_after`
│   ├── RateLimited          too many tests by this user or to this destination, or too many look-ups
│   └── Overloaded           the service is at its limit of calls
├── Unauthenticated
│   ├── TokenMissing
│   ├── TokenInvalid
│   └── TokenExpired
├── NotAllowed               the token's role may not do this
├── SecretUnreadable         the stored secret cannot be decrypted
├── Unavailable              try again after `retry_after`
│   ├── StorageUnavailable   the database does not answer
│   ├── KeysUnavailable      the token issuer's keys cannot be had
│   ├── OAuthProviderUnavailable  the provider does not answer as it should
│   └── StreamEnded          the service stops, or a stream has lasted long enough
├── DeadlinePassed           the call's time was over before its work
└── ConfigError              the service cannot start like this (never reaches a caller)

A message is one plain sentence that may be shown to anyone: no secret, no text of a
server or driver ever enters it. The docstring of a class is its default message.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field: its name in the request and a sentence for a person."""

    field: str
    description: str


def os_reason(error: OSError) -> str:
    """Return the system's words for a failure, to stand inside a sentence."""
    return (error.strerror or "error").lower()


class MailboxSvcError(Exception):
    """Something went wrong."""

    #: The `ErrorReason` of the contract, without its prefix.
    reason = "INTERNAL"

    def __init__(self, message: str = "") -> None:
        self.message = message or (self.__doc__ or "").strip()
        super().__init__(self.message)


class InvalidFields(MailboxSvcError):
    """Some fields are not valid."""

    reason = "INVALID_FIELDS"

    def __init__(self, *violations: FieldViolation) -> None:
        self.violations = violations
        super().__init__("; ".join(v.description for v in violations))


class MailboxNotFound(MailboxSvcError):
    """There is no mailbox with this id."""

    reason = "MAILBOX_NOT_FOUND"


class PasswordRequired(MailboxSvcError):
    """Send the password again when host, port, tls or user change."""

    reason = "PASSWORD_REQUIRED"


class HarvestNotFound(MailboxSvcError):
    """There is no such harvest."""

    reason = "HARVEST_NOT_FOUND"


class ContactNotFound(MailboxSvcError):
    """There is no contact with this id."""

    reason = "CONTACT_NOT_FOUND"


class GroupNotFound(MailboxSvcError):
    """There is no group with this id."""

    reason = "GROUP_NOT_FOUND"


class GroupNameTaken(MailboxSvcError):
    """There is another group of this name."""

    reason = "GROUP_NAME_TAKEN"


class MergeNotFound(MailboxSvcError):
    """There is no merge with this id that could be taken back."""

    reason = "MERGE_NOT_FOUND"


class MergedSince(MailboxSvcError):
    """The contact was merged again since; take back the later merge first."""

    reason = "MERGED_SINCE"


class NotMergeable(MailboxSvcError):
    """Only people can be merged, and only with people."""

    reason = "NOT_MERGEABLE"


class Stale(MailboxSvcError):
    """It was changed meanwhile; read it again."""

    reason = "ETAG_MISMATCH"


class StaleMailbox(Stale):
    """The mailbox was changed meanwhile; read it again."""


class StaleContact(Stale):
    """The contact was changed meanwhile; read it again."""


class StaleGroup(Stale):
    """The group was changed meanwhile; read it again."""


class NotConnected(MailboxSvcError):
    """This mailbox was not connected through a provider; there is no permission to give back."""

    reason = "NOT_CONNECTED"


class OAuthProviderNotFound(MailboxSvcError):
    """This service is not set up to connect accounts of that provider."""

    reason = "OAUTH_PROVIDER_NOT_FOUND"


class OAuthStateInvalid(MailboxSvcError):
    """This attempt to connect is not valid any more; start again."""

    reason = "OAUTH_STATE_INVALID"


class OAuthDenied(MailboxSvcError):
    """The provider was not allowed to give access; start again and allow it."""

    reason = "OAUTH_DENIED"


class OAuthScopeMissing(MailboxSvcError):
    """Access to mail was not allowed; start again and leave its box ticked."""

    reason = "OAUTH_SCOPE_MISSING"


class OAuthGrantIncomplete(MailboxSvcError):
    """The provider did not send all that is needed to keep the mailbox connected; start again."""

    reason = "OAUTH_GRANT_INCOMPLETE"


class OAuthAccountMismatch(MailboxSvcError):
    """That is another account than the mailbox's; log in at the provider with the mailbox's own address."""

    reason = "OAUTH_ACCOUNT_MISMATCH"


class OAuthGrantRefused(MailboxSvcError):
    """The provider does not accept this permission any more; connect the account again."""

    reason = "OAUTH_GRANT_REFUSED"


class OAuthClientRefused(MailboxSvcError):
    """The provider does not accept this service; its operator has to mend that."""

    reason = "OAUTH_CLIENT_REFUSED"


class TooManyMailboxes(MailboxSvcError):
    """This user holds the most mailboxes allowed."""

    reason = "MAILBOX_LIMIT_REACHED"


class TooManyGroups(MailboxSvcError):
    """This user holds the most groups allowed."""

    reason = "GROUP_LIMIT_REACHED"


class Throttled(MailboxSvcError):
    """Try again later."""

    def __init__(self, message: str = "", *, retry_after: float = 1.0) -> None:
        #: Seconds to wait before the same call may succeed.
        self.retry_after = retry_after
        super().__init__(message)


class RateLimited(Throttled):
    """Too many tests; try again a little later."""

    reason = "RATE_LIMITED"


class Overloaded(Throttled):
    """The service is busy; try again in a moment."""

    reason = "OVERLOADED"


class Unauthenticated(MailboxSvcError):
    """The caller is not known."""


class TokenMissing(Unauthenticated):
    """Send 'authorization: Bearer <token>'."""

    reason = "TOKEN_MISSING"


class TokenInvalid(Unauthenticated):
    """The token is not valid for this service."""

    reason = "TOKEN_INVALID"


class TokenExpired(Unauthenticated):
    """The token has expired."""

    reason = "TOKEN_EXPIRED"


class NotAllowed(MailboxSvcError):
    """This token may not do that."""

    reason = "NOT_ALLOWED"


class SecretUnreadable(MailboxSvcError):
    """The stored password cannot be read any more; save it again."""

    reason = "SECRET_UNREADABLE"


class Unavailable(MailboxSvcError):
    """A part of the service does not answer; try again in a moment."""

    def __init__(self, message: str = "", *, retry_after: float = 1.0) -> None:
        #: Seconds to wait before the same call may succeed.
        self.retry_after = retry_after
        super().__init__(message)


class StorageUnavailable(Unavailable):
    """The database does not answer; try again in a moment."""

    reason = "STORAGE_UNAVAILABLE"


class KeysUnavailable(Unavailable):
    """The token issuer's keys cannot be read; try again in a moment."""

    reason = "KEYS_UNAVAILABLE"


class OAuthProviderUnavailable(Unavailable):
    """The account's provider does not answer as it should; try again in a moment."""

    reason = "OAUTH_PROVIDER_UNAVAILABLE"


class StreamEnded(Unavailable):
    """The service has ended this stream; open it again."""

    reason = "STREAM_ENDED"


class DeadlinePassed(MailboxSvcError):
    """The call's deadline passed before the work was done."""

    reason = "DEADLINE_PASSED"


class ConfigError(MailboxSvcError):
    """The settings are not usable."""

    reason = "INTERNAL"
