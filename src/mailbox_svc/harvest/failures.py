"""What went wrong in a harvest, as its user is told."""

from __future__ import annotations

import logging

from mailbox_svc.errors import PasswordRequired, SecretUnreadable, StorageUnavailable
from mailbox_svc.harvest.intake import TooManyAddresses
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import Failure, FailureCode, connection_failure
from mailbox_svc.ports.mail import ReadingFailed

_log = logging.getLogger(__name__)


def failure_of(error: Exception, **whose: str) -> Failure:
    """Return the failure that an error means; one that is not expected is logged with these ids."""
    match error:
        case ReadingFailed(report=report):
            return connection_failure(report)
        case StorageUnavailable():
            return Failure(
                FailureCode.STORAGE_UNAVAILABLE,
                "The database did not answer; what was read before is kept.",
                retryable=True,
                retry_after=error.retry_after,
            )
        case SecretUnreadable() | PasswordRequired():
            return Failure(FailureCode.SECRET_UNREADABLE, error.message)
        case TooManyAddresses():
            return Failure(
                FailureCode.CONNECTION,
                "The mailbox names more addresses in one stretch of mail than can be counted.",
                connection_code=Code.RESPONSE_TOO_LARGE,
            )
        case _:
            _log.error("unexpected error in a harvest", exc_info=error, extra=whose)
            return Failure(FailureCode.INTERNAL, "A defect of ours stopped the harvest; it was logged.")
