"""The routes of mailboxes. Bytes are compared: pages rely on every name, and on what is there when."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

import mailboxes
from mailboxes import Mailbox, SettingsSource, SuggestSettingsResponse
from mailboxes.v1.connection_test_pb2 import Check, Remedy
from mailboxes.v1.mailbox_service_pb2 import ListResponse, SaveResponse
from support.gateway import MAILBOX_ID, TOKEN, Gateway, of
from support.scripted_service import Received

MAILBOXES = "/api/contacts/mailboxes"
BEARER = {"authorization": f"Bearer {TOKEN}"}
DRAFT = {"host": "imap.example.org", "port": 993, "tls": True, "user": "ann@example.org"}
PASSWORD = "CANARY-typed"


def mailbox(status: str, **more: Any) -> Mailbox:
    return of(
        Mailbox,
        id=MAILBOX_ID,
        label="Work",
        host="imap.example.org",
        port=993,
        tls=True,
        user="ann@example.org",
        has_password=True,
        auth="AUTH_PASSWORD",
        status=f"MAILBOX_STATUS_{status}",
        etag="e1",
        created_at="2026-11-01T08:00:00Z",
        updated_at="2026-11-20T17:45:10.25Z",
        **more,
    )


BEGINNING = (
    f'{{"id":"{MAILBOX_ID}","label":"Work","host":"imap.example.org","port":993,"tls":true,'
    '"user":"ann@example.org","has_password":true,'
)
END = '"etag":"e1","createdAt":"2026-11-01T08:00:00Z","updatedAt":"2026-11-20T17:45:10.250000Z"}'
PENDING = (
    BEGINNING + '"status":"pending","lastTestedAt":null,'
    '"auth":"password","provider":null,"oauthProvider":null,"needsReauth":false,' + END
)
OK = (
    BEGINNING + '"status":"ok","lastTestedAt":"2026-11-28T09:30:00Z",'
    '"auth":"password","provider":"gmail","oauthProvider":null,"needsReauth":false,' + END
)
ERROR = (
    BEGINNING + '"status":"error","lastTestedAt":"2026-11-28T09:30:00Z","lastError":"Invalid credentials",'
    '"auth":"password","provider":null,"oauthProvider":null,"needsReauth":false,' + END
)
NEEDS_REAUTH = (
    BEGINNING + '"status":"error","lastTestedAt":null,'
    '"auth":"password","provider":null,"oauthProvider":"google","needsReauth":true,' + END
)


async def test_the_list_is_byte_for_byte_what_pages_rely_on(gateway: Gateway) -> None:
    tested = "2026-11-28T09:30:00Z"
    gateway.script.answers = [
        ListResponse(
            mailboxes=[
                mailbox("PENDING"),
                mailbox("OK", last_tested_at=tested, provider="gmail"),
                mailbox("ERROR", last_tested_at=tested, last_error="Invalid credentials"),
                mailbox("NEEDS_REAUTH", oauth_provider="google"),
            ]
        )
    ]
    answer = await gateway.http.get(MAILBOXES, headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.content.decode() == f"[{PENDING},{OK},{ERROR},{NEEDS_REAUTH}]"


async def test_the_remedy_of_an_error_comes_last_and_where_there_is_one(gateway: Gateway) -> None:
    tested = {"last_tested_at": "2026-11-28T09:30:00Z", "last_error": "Invalid credentials"}
    remedies = {"text": "Check the password."}, {"text": "Make one.", "url": "https://example.org/help"}
    gateway.script.answers = [
        ListResponse(mailboxes=[mailbox("ERROR", **tested, last_remedy=remedy) for remedy in remedies])
    ]
    answer = await gateway.http.get(MAILBOXES, headers=BEARER)
    first = ERROR.removesuffix("}") + ',"lastRemedy":{"text":"Check the password.","url":null}}'
    second = ERROR.removesuffix("}") + ',"lastRemedy":{"text":"Make one.","url":"https://example.org/help"}}'
    assert answer.content.decode() == f"[{first},{second}]"


async def test_an_empty_list_is_one(gateway: Gateway) -> None:
    assert (await gateway.http.get(MAILBOXES, headers=BEARER)).content == b"[]"


async def test_a_save_answers_with_one_such_object(gateway: Gateway) -> None:
    gateway.script.answers = [SaveResponse(mailbox=mailbox("PENDING"))]
    body = {"label": "Work", "password": PASSWORD, **DRAFT}
    answer = await gateway.http.post(MAILBOXES, headers=BEARER, json=body)
    assert (answer.status_code, answer.content.decode()) == (200, PENDING)
    call = only_call(gateway)
    assert call.method == "Save"
    assert call.metadata["authorization"] == f"Bearer {TOKEN}"
    sent = call.request
    assert (sent.label, sent.host, sent.port, sent.tls) == ("Work", "imap.example.org", 993, True)
    assert (sent.user, sent.password) == ("ann@example.org", PASSWORD)
    assert [sent.HasField(name) for name in ("id", "password", "etag")] == [False, True, False]


async def test_a_change_is_saved_with_its_id_and_etag_and_without_a_password(gateway: Gateway) -> None:
    gateway.script.answers = [SaveResponse(mailbox=mailbox("PENDING"))]
    body = {"id": MAILBOX_ID, "etag": "e1", "label": "Home", **DRAFT, "tls": False, "port": 143}
    await gateway.http.post(MAILBOXES, headers=BEARER, json=body)
    sent = only_call(gateway).request
    assert (sent.id, sent.etag, sent.tls, sent.port) == (MAILBOX_ID, "e1", False, 143)
    assert not sent.HasField("password")


async def test_a_delete_says_ok(gateway: Gateway) -> None:
    answer = await gateway.http.delete(f"{MAILBOXES}/{MAILBOX_ID}", headers=BEARER)
    assert (answer.status_code, answer.content) == (200, b'{"ok":true}')
    assert (only_call(gateway).method, only_call(gateway).request.id) == ("Delete", MAILBOX_ID)


async def test_a_test_that_passes_says_ok_and_nothing_else(gateway: Gateway) -> None:
    gateway.script.answers = [
        mailboxes.TestResponse(
            ok=True,
            code=mailboxes.TestCode.TEST_CODE_OK,
            stage=mailboxes.TestStage.TEST_STAGE_LIST,
            checks=[Check(stage=mailboxes.TestStage.TEST_STAGE_RESOLVE, ok=True)],
        )
    ]
    answer = await gateway.http.post(f"{MAILBOXES}/{MAILBOX_ID}/test", headers=BEARER)
    assert (answer.status_code, answer.content) == (200, b'{"ok":true}')
    assert (only_call(gateway).method, only_call(gateway).request.id) == ("Test", MAILBOX_ID)


FAILED = of(
    mailboxes.TestResponse,
    error="Invalid credentials",
    code="TEST_CODE_AUTH_INVALID_CREDENTIALS",
    stage="TEST_STAGE_AUTH",
    remedy={"text": "Check the password.", "url": "https://example.org/help"},
    wrong_fields=["password", "user"],
    checks=[
        {"stage": "TEST_STAGE_RESOLVE", "ok": True, "took": "0.012s"},
        {"stage": "TEST_STAGE_AUTH", "took": "1.5s"},
    ],
)


async def test_a_test_that_fails_says_all_that_a_form_needs(gateway: Gateway) -> None:
    gateway.script.answers = [FAILED]
    answer = await gateway.http.post(f"{MAILBOXES}/{MAILBOX_ID}/test", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content.decode() == (
        '{"ok":false,"error":"Invalid credentials","code":"auth_invalid_credentials","stage":"auth",'
        '"remedy":{"text":"Check the password.","url":"https://example.org/help"},'
        '"wrongFields":["password","user"],"retryable":false,"retryAfter":null,'
        '"checks":[{"stage":"resolve","ok":true,"took":0.012},{"stage":"auth","ok":false,"took":1.5}]}'
    )


async def test_when_to_try_again_is_said_in_seconds(gateway: Gateway) -> None:
    gateway.script.answers = [
        mailboxes.TestResponse(
            code=mailboxes.TestCode.TEST_CODE_RATE_LIMITED, retryable=True, retry_after=Duration(seconds=90)
        )
    ]
    answer = (await gateway.http.post(f"{MAILBOXES}/{MAILBOX_ID}/test", headers=BEARER)).json()
    assert (answer["retryable"], answer["retryAfter"], answer["remedy"]) == (True, 90.0, None)


async def test_a_draft_is_tested_as_sent(gateway: Gateway) -> None:
    gateway.script.answers = [FAILED]
    body = {**DRAFT, "password": PASSWORD}
    answer = await gateway.http.post(f"{MAILBOXES}/test", headers=BEARER, json=body)
    assert answer.json()["code"] == "auth_invalid_credentials"
    draft = only_call(gateway).request.draft
    assert (draft.host, draft.user, draft.password) == ("imap.example.org", "ann@example.org", PASSWORD)
    assert not draft.HasField("id")


async def test_a_draft_of_a_saved_mailbox_may_use_its_password(gateway: Gateway) -> None:
    await gateway.http.post(f"{MAILBOXES}/test", headers=BEARER, json={"id": MAILBOX_ID, **DRAFT})
    draft = only_call(gateway).request.draft
    assert draft.id == MAILBOX_ID
    assert not draft.HasField("password")


async def test_a_suggestion_fills_in_a_form(gateway: Gateway) -> None:
    gateway.script.answers = [
        SuggestSettingsResponse(
            source=SettingsSource.SETTINGS_SOURCE_PROVIDER,
            host="imap.gmail.com",
            port=993,
            tls=True,
            user="ann@gmail.com",
            provider_name="Gmail",
            password_hint=Remedy(text="Make an app password."),
            oauth_provider="google",
        )
    ]
    answer = await gateway.http.get(
        f"{MAILBOXES}/suggest", params={"address": "ann@gmail.com"}, headers=BEARER
    )
    assert answer.json() == {
        "source": "provider",
        "host": "imap.gmail.com",
        "port": 993,
        "tls": True,
        "user": "ann@gmail.com",
        "providerName": "Gmail",
        "passwordHint": {"text": "Make an app password.", "url": None},
        "oauthProvider": "google",
    }
    assert only_call(gateway).request.address == "ann@gmail.com"


async def test_no_suggestion_is_null(gateway: Gateway) -> None:
    gateway.script.answers = [SuggestSettingsResponse(source=SettingsSource.SETTINGS_SOURCE_NONE)]
    answer = await gateway.http.get(f"{MAILBOXES}/suggest", params={"address": "x"}, headers=BEARER)
    found = answer.json()
    assert (found.pop("source"), found.pop("tls")) == ("none", False)
    assert set(found.values()) == {None}


async def test_what_a_newer_service_says_is_unknown_and_no_error(gateway: Gateway) -> None:
    gateway.script.answers = [
        ListResponse(mailboxes=[Mailbox(status=99, auth=99)]),  # type: ignore[arg-type]
        mailboxes.TestResponse(code=999, stage=99),  # type: ignore[arg-type]
    ]
    [listed] = (await gateway.http.get(MAILBOXES, headers=BEARER)).json()
    assert (listed["status"], listed["auth"]) == ("pending", "unknown")
    failed = (await gateway.http.post(f"{MAILBOXES}/{MAILBOX_ID}/test", headers=BEARER)).json()
    assert (failed["code"], failed["stage"]) == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"port": "993"}, "port"),
        ({"port": 99_999_999_999}, "port"),
        ({"tls": "yes"}, "tls"),
        ({"id": "1"}, "id"),
        ({"label": "x" * 101}, "label"),
        ({"passwrd": "CANARY-slip"}, "passwrd"),
        ({"has_password": True}, "has_password"),
        ({"host": None}, "host"),
        ({"user": "\ud800"}, "user"),
    ],
)
async def test_a_body_that_is_wrong_names_its_field_and_is_not_repeated(
    gateway: Gateway, wrong: dict[str, object], field: str
) -> None:
    body = {"label": "Work", "password": PASSWORD, **DRAFT, **wrong}
    headers = BEARER | {"content-type": "application/json"}
    answer = await gateway.http.post(MAILBOXES, headers=headers, content=json.dumps(body))
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_FIELDS")
    assert list(answer.json()["fields"]) == [field]
    assert "CANARY" not in answer.text
    assert gateway.methods == []


async def test_an_id_of_another_form_is_another_path(gateway: Gateway) -> None:
    answer = await gateway.http.delete(f"{MAILBOXES}/1", headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    answer = await gateway.http.delete(f"{MAILBOXES}/test", headers=BEARER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert gateway.methods == []


async def test_a_wrong_method_is_told_all_that_the_path_has(gateway: Gateway) -> None:
    answer = await gateway.http.put(MAILBOXES, headers=BEARER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def only_call(gateway: Gateway) -> Received:
    [call] = gateway.script.received
    return call
