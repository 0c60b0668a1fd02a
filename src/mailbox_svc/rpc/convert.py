"""Owns the translation of mailboxes, tests and suggestions to and from protobuf. It decides nothing."""

from __future__ import annotations

from functools import lru_cache

from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.check import Check, Code, ConnectionReport, Stage
from mailbox_svc.model.mailbox import Auth, Mailbox, Status
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.model.secret import Secret
from mailbox_svc.model.suggestion import SettingsSource, Suggestion
from mailbox_svc.rpc.values import duration, members, timestamp
from mailboxes.v1 import connection_test_pb2, mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb

_AUTH = members(Auth, mailbox_pb2.Auth, "AUTH_")
_STATUS = members(Status, mailbox_pb2.MailboxStatus, "MAILBOX_STATUS_")
_STAGE = members(Stage, connection_test_pb2.TestStage, "TEST_STAGE_")
_SOURCE = members(SettingsSource, pb.SettingsSource, "SETTINGS_SOURCE_")
CODE = members(Code, connection_test_pb2.TestCode, "TEST_CODE_")


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
        last_tested_at=timestamp(mailbox.last_tested_at) if mailbox.last_tested_at else None,
        last_error=mailbox.last_error,
        etag=mailbox.etag,
        created_at=timestamp(mailbox.created_at),
        updated_at=timestamp(mailbox.updated_at),
        oauth_provider=mailbox.oauth_provider,
        last_remedy=remedy_to_pb(mailbox.last_remedy) if mailbox.last_remedy else None,
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
        code=CODE[report.code],
        stage=_STAGE[report.stage],
        remedy=remedy_to_pb(report.remedy) if report.remedy else None,
        wrong_fields=report.wrong_fields,
        retryable=report.retryable,
        retry_after=duration(report.retry_after) if report.retry_after is not None else None,
        checks=[_check_to_pb(check) for check in report.checks],
    )


def suggestion_to_pb(suggestion: Suggestion) -> pb.SuggestSettingsResponse:
    """Return a suggestion as callers see it."""
    destination, hint = suggestion.destination, suggestion.password_hint
    return pb.SuggestSettingsResponse(
        source=_SOURCE[suggestion.source],
        host=destination.host if destination else "",
        port=destination.port if destination else 0,
        tls=destination.tls if destination else False,
        user=destination.user if destination else "",
        provider_name=suggestion.provider.name if suggestion.provider else "",
        password_hint=remedy_to_pb(hint) if hint else None,
        oauth_provider=suggestion.oauth_provider,
    )


def remedy_to_pb(remedy: Remedy) -> connection_test_pb2.Remedy:
    """Return what to do about a failure."""
    return connection_test_pb2.Remedy(text=remedy.text, url=remedy.url)


def _check_to_pb(check: Check) -> connection_test_pb2.Check:
    return connection_test_pb2.Check(stage=_STAGE[check.stage], ok=check.ok, took=duration(check.took))
