"""What is lost, added or renamed between the contract and the model: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from mailbox_svc.model.check import Check, Code, ConnectionReport, Stage
from mailbox_svc.model.mailbox import Auth, Destination, Mailbox, Status
from mailbox_svc.model.remedy import Remedy
from mailbox_svc.rpc.convert import draft_from_pb, mailbox_to_pb, report_to_pb
from mailboxes.v1 import connection_test_pb2, mailbox_pb2
from mailboxes.v1 import mailbox_service_pb2 as pb

MAILBOX = Mailbox(
    id="8c6ed5a4-2b0c-4a53-9e60-6f1b42c0a0c5",
    user_id="ann",
    label="Büro 📫",
    destination=Destination("imap.gmail.com", 993, tls=True, user="ann@gmail.com"),
    auth=Auth.PASSWORD,
    has_password=True,
    status=Status.ERROR,
    last_tested_at=datetime(2026, 11, 23, 6, 0, 0, 123456, UTC),
    last_error="Wrong password.",
    etag="e1",
    secret_version=7,
    created_at=datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
    updated_at=datetime(2037, 1, 1, 0, 0, 0, 1, UTC),
    last_remedy=Remedy("Type it again.", "https://example.org/"),
)


def test_a_mailbox_is_shown_whole_but_for_user_and_secret_version() -> None:
    shown = mailbox_to_pb(MAILBOX)
    assert {field.name: getattr(shown, field.name) for field, _ in shown.ListFields()} == {
        "id": MAILBOX.id,
        "label": "Büro 📫",
        "host": "imap.gmail.com",
        "port": 993,
        "tls": True,
        "user": "ann@gmail.com",
        "has_password": True,
        "auth": mailbox_pb2.AUTH_PASSWORD,
        "provider": "gmail",
        "status": mailbox_pb2.MAILBOX_STATUS_ERROR,
        "last_tested_at": shown.last_tested_at,
        "last_error": "Wrong password.",
        "etag": "e1",
        "created_at": shown.created_at,
        "updated_at": shown.updated_at,
        "last_remedy": connection_test_pb2.Remedy(text="Type it again.", url="https://example.org/"),
    }


@pytest.mark.parametrize("field", ["last_tested_at", "created_at", "updated_at"])
def test_times_are_exact_to_the_microsecond(field: str) -> None:
    shown = mailbox_to_pb(MAILBOX)
    assert getattr(shown, field).ToDatetime(tzinfo=UTC) == getattr(MAILBOX, field)


def test_what_is_not_known_is_absent_or_empty() -> None:
    host = replace(MAILBOX.destination, host="mail.example.org")
    nothing = replace(MAILBOX, last_tested_at=None, last_error="", last_remedy=None, destination=host)
    shown = mailbox_to_pb(nothing)
    assert not shown.HasField("last_tested_at")
    assert not shown.HasField("last_remedy")
    assert (shown.last_error, shown.provider) == ("", "")


def test_a_connected_mailbox_says_by_which_provider() -> None:
    assert mailbox_to_pb(MAILBOX).oauth_provider == ""
    connected = replace(MAILBOX, auth=Auth.OAUTH, has_password=False, oauth_provider="google")
    shown = mailbox_to_pb(connected)
    assert (shown.auth, shown.has_password, shown.oauth_provider) == (mailbox_pb2.AUTH_OAUTH, False, "google")


def test_every_status_and_auth_has_its_namesake() -> None:
    for status in Status:
        shown = mailbox_to_pb(replace(MAILBOX, status=status)).status
        assert mailbox_pb2.MailboxStatus.Name(shown) == f"MAILBOX_STATUS_{status.name}"
    for auth in Auth:
        shown_auth = mailbox_to_pb(replace(MAILBOX, auth=auth)).auth
        assert mailbox_pb2.Auth.Name(shown_auth) == f"AUTH_{auth.name}"


@pytest.mark.parametrize(
    ("contract", "prefix", "model"),
    [
        (mailbox_pb2.Auth, "AUTH_", Auth),
        (mailbox_pb2.MailboxStatus, "MAILBOX_STATUS_", Status),
        (connection_test_pb2.TestStage, "TEST_STAGE_", Stage),
        (connection_test_pb2.TestCode, "TEST_CODE_", Code),
    ],
)
def test_the_contract_names_what_the_model_names(contract: Any, prefix: str, model: Any) -> None:
    named = {name.removeprefix(prefix) for name in contract.keys()}  # noqa: SIM118
    assert named - {"UNSPECIFIED"} == {member.name for member in model}


def test_a_failed_test_is_reported_whole() -> None:
    report = ConnectionReport(
        code=Code.RATE_LIMITED,
        stage=Stage.AUTH,
        error="Too many logins.",
        remedy=Remedy("Wait.", "https://example.org/wait"),
        wrong_fields=("password", "user"),
        retryable=True,
        retry_after=90.5,
        checks=(Check(Stage.RESOLVE, ok=True, took=0.25), Check(Stage.AUTH, ok=False, took=1.5)),
    )
    assert MessageToDict(report_to_pb(report), always_print_fields_with_no_presence=True) == {
        "ok": False,
        "error": "Too many logins.",
        "code": "TEST_CODE_RATE_LIMITED",
        "stage": "TEST_STAGE_AUTH",
        "remedy": {"text": "Wait.", "url": "https://example.org/wait"},
        "wrongFields": ["password", "user"],
        "retryable": True,
        "retryAfter": "90.500s",
        "checks": [
            {"stage": "TEST_STAGE_RESOLVE", "ok": True, "took": "0.250s"},
            {"stage": "TEST_STAGE_AUTH", "ok": False, "took": "1.500s"},
        ],
    }


def test_a_passed_test_has_neither_remedy_nor_retry_after() -> None:
    shown = report_to_pb(ConnectionReport(code=Code.OK, stage=Stage.LIST))
    assert shown.ok
    assert not shown.HasField("remedy")
    assert not shown.HasField("retry_after")


def test_a_draft_tells_absent_from_empty() -> None:
    absent = draft_from_pb(pb.SaveRequest(label="x", host="h", port=1, tls=True, user="u"))
    assert (absent.label, absent.host, absent.port, absent.tls, absent.user) == ("x", "h", 1, True, "u")
    assert (absent.id, absent.password, absent.etag) == (None, None, None)
    empty = draft_from_pb(pb.SaveRequest(id="", password="", etag=""))
    assert (empty.id, empty.etag) == ("", "")
    assert empty.password is not None
    assert empty.password.reveal() == ""


def test_a_draft_does_not_show_its_password() -> None:
    draft = draft_from_pb(pb.SaveRequest(password="CANARY-password"))
    assert draft.password is not None
    assert draft.password.reveal() == "CANARY-password"
    assert "CANARY" not in repr(draft)
