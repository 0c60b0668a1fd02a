"""What went wrong in a harvest, as its user is told."""

from __future__ import annotations

import logging

from mailbox_svc.errors import PasswordRequired, SecretUnreadable, StorageUnavailable
from mailbox_svc.harvest.intake import TooManyAddresses
from mailbox_svc.model.check import Code
from mailbox_svc.model.harvest import Failure, FailureCode
from mailbox_svc.ports.mail import ReadingFailed

_log = logging.getLogger(__name__)


def failure_of(error: Exception, harvest_id: str) -> Failure:
    """Return the failure that an error means; one that is not expected is logged with the harvest's id."""
    match error:
        case ReadingFailed(report=report):
            return Failure(
                FailureCode.CONNECTION,
                report.error,
                connection_code=report.code,
                remedy=report.remedy,
                retryable=report.retryable,
                retry_after=report.retry_after,
            )
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
            _log.error("unexpected error in a harvest", exc_info=error, extra={"harvest_id": harvest_id})
            return Failure(FailureCode.INTERNAL, "A defect of ours stopped the harvest; it was logged.")
