"""What the gateway logs: a line a request, and nothing that was sent."""

from __future__ import annotations

import json
import logging

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from mailbox_svc.rest.boundary import Boundary, LastResort
from support.gateway import APP, CODE, MAILBOX_ID, STATE, TOKEN, Gateway
from support.logs import lines_of, logs_as_in_production


async def test_the_log_has_a_line_a_request_and_nothing_that_was_sent(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_as_in_production("DEBUG"):
        answers = await gateway.all_kinds_of_answers()
    text = capsys.readouterr().err
    assert not any(word in text for word in (TOKEN, STATE, CODE, APP, "evil.example.org", "/nothing"))
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("POST", "/api/auth/{provider}/start", 200),
        ("GET", "/api/auth/{provider}/callback", 200),
        ("POST", "/api/auth/{provider}/start", 403),
        ("GET", "/api/auth/{provider}/callback", 400),
        ("GET", "", 404),
    ]
    assert [line["request_id"] for line in requests] == [one.headers["x-request-id"] for one in answers]


async def test_a_line_has_the_route_and_neither_ids_nor_what_was_searched_for(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    with logs_as_in_production("DEBUG"):
        await gateway.http.get(f"/api/contacts/{MAILBOX_ID}", headers=headers)
        await gateway.http.get("/api/contacts?q=CANARY-words", headers=headers)
    text = capsys.readouterr().err
    assert MAILBOX_ID not in text
    assert "CANARY-words" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    paths = [line["path"] for line in lines if line["event"] == "request"]
    assert paths == ["/api/contacts/{id}", "/api/contacts"]


async def test_no_access_log_holds_a_query_whoever_listens(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("uvicorn.access")
    logger.addHandler(caplog.handler)
    try:
        await gateway.come_back()
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.records  # ours, at least
    assert not any(CODE in record.getMessage() for record in caplog.records)


async def failing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("CANARY-text-of-a-defect")


async def failing_at_once(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("CANARY-text-of-a-defect")


async def test_a_defect_is_logged_by_type_and_answered_with_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    transport = httpx2.ASGITransport(Boundary(LastResort(failing_at_once, 20)))
    with logs_as_in_production("DEBUG"):
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answer = await http.get("/")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "internal error", "code": "INTERNAL", "fields": {}},
    )
    [error, _] = lines_of(capsys, "mailbox_svc.rest")
    assert (error["level"], error["error_type"]) == ("error", "RuntimeError")
    assert error["request_id"] == answer.headers["x-request-id"]


async def test_a_defect_after_the_answer_began_adds_nothing_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    with logs_as_in_production("DEBUG"):
        await Boundary(LastResort(failing, 20))(
            {"type": "http", "method": "GET", "headers": []}, receive, send
        )
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert [line["event"] for line in lines_of(capsys, "mailbox_svc.rest")] == ["unexpected error", "request"]
