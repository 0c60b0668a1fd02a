"""Owns the translation between protobuf messages and the model. It decides nothing and checks nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.check import Check, Code, ConnectionReport, Remedy, Stage
from mailbox_svc.model.mailbox import Auth, Mailbox, Status
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.secret import Secret
from mailboxes.v1 import connection_test_pb2, mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb

# Built at import, by name: a member that the contract does not have stops the service from starting.
_AUTH = {auth: mailbox_pb2.Auth.Value(f"AUTH_{auth.name}") for auth in Auth}
_STATUS = {status: mailbox_pb2.MailboxStatus.Value(f"MAILBOX_STATUS_{status.name}") for status in Status}
_STAGE = {stage: connection_test_pb2.TestStage.Value(f"TEST_STAGE_{stage.name}") for stage in Stage}
_CODE = {code: connection_test_pb2.TestCode.Value(f"TEST_CODE_{code.name}") for code in Code}


def draft_from_pb(message: pb.SaveRequest) -> Draft:
    """Return what the caller wants, with its password out of reach of logs from here on."""
    return Draft(
        label=message.label,
        host=message.host,
        port=message.port,
        tls=message.tls,
        user=message.user,
        id=message.id if message.HasField("id") else None,
        password=Secret(message.password) if message.HasField("password") else None,
        etag=message.etag if message.HasField("etag") else None,
    )


def mailbox_to_pb(mailbox: Mailbox) -> mailbox_pb2.Mailbox:
    """Return the mailbox as callers see it."""
    destination = mailbox.destination
    provider = provider_of(destination.host)
    return mailbox_pb2.Mailbox(
        id=mailbox.id,
        label=mailbox.label,
        host=destination.host,
        port=destination.port,
        tls=destination.tls,
        user=destination.user,
        has_password=mailbox.has_password,
        auth=_AUTH[mailbox.auth],
        provider=provider.id if provider else "",
        status=_STATUS[mailbox.status],
        last_tested_at=_timestamp(mailbox.last_tested_at) if mailbox.last_tested_at else None,
        last_error=mailbox.last_error,
        etag=mailbox.etag,
        created_at=_timestamp(mailbox.created_at),
        updated_at=_timestamp(mailbox.updated_at),
    )


@lru_cache(maxsize=10_000)  # by all the content, and a response copies what is put into it
def listed_to_pb(mailbox: Mailbox) -> mailbox_pb2.Mailbox:
    """Return the same, made once for a mailbox that is listed again and again unchanged."""
    return mailbox_to_pb(mailbox)


def report_to_pb(report: ConnectionReport) -> pb.TestResponse:
    """Return the outcome of a test as callers see it."""
    return pb.TestResponse(
        ok=report.ok,
        error=report.error,
        code=_CODE[report.code],
        stage=_STAGE[report.stage],
        remedy=_remedy_to_pb(report.remedy) if report.remedy else None,
        wrong_fields=report.wrong_fields,
        retryable=report.retryable,
        retry_after=_duration(report.retry_after) if report.retry_after is not None else None,
        checks=[_check_to_pb(check) for check in report.checks],
    )


def _remedy_to_pb(remedy: Remedy) -> connection_test_pb2.Remedy:
    return connection_test_pb2.Remedy(text=remedy.text, url=remedy.url)


def _check_to_pb(check: Check) -> connection_test_pb2.Check:
    return connection_test_pb2.Check(stage=_STAGE[check.stage], ok=check.ok, took=_duration(check.took))


def _timestamp(moment: datetime) -> Timestamp:
    # A third of the time that FromDatetime takes; a List makes three for each mailbox.
    return Timestamp(seconds=int(moment.timestamp()), nanos=moment.microsecond * 1000)


def _duration(seconds: float) -> Duration:
    duration = Duration()
    duration.FromTimedelta(timedelta(seconds=seconds))
    return duration
