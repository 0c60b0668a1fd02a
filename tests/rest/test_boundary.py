"""What holds for every request: the shape of a refusal, headers, request ids, limits, and what is logged."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from mailbox_svc.rest.boundary import MAX_BODY
from support.gateway import APP, MAILBOX_ID, STARTED, TOKEN, Gateway, refusal, running_gateway
from support.processes import free_port
from support.scripted_service import Abort, Script

BEARER = {"authorization": f"Bearer {TOKEN}"}
START = "/api/auth/google/start"
PROVIDERS = "/api/auth/providers"


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", 422),
        (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID", 401),
        (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED", 403),
        (grpc.StatusCode.NOT_FOUND, "OAUTH_PROVIDER_NOT_FOUND", 404),
        (grpc.StatusCode.ALREADY_EXISTS, "GROUP_NAME_TAKEN", 409),
        (grpc.StatusCode.FAILED_PRECONDITION, "OAUTH_CLIENT_REFUSED", 409),
        (grpc.StatusCode.ABORTED, "ETAG_MISMATCH", 412),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", 429),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "MAILBOX_LIMIT_REACHED", 409),
        (grpc.StatusCode.INTERNAL, "INTERNAL", 500),
        (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE", 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED", 504),
    ],
)
async def test_a_refusal_of_the_service_keeps_its_reason_and_sentence(
    gateway: Gateway, code: grpc.StatusCode, reason: str, status: int
) -> None:
    gateway.script.answers = [refusal(code, reason)]
    answer = await gateway.http.get(PROVIDERS, headers=BEARER)
    assert answer.status_code == status
    assert answer.json() == {"error": "Some sentence.", "code": reason, "fields": {}}
    assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_wrong_fields_are_named(gateway: Gateway) -> None:
    wrong = error_details_pb2.BadRequest()
    wrong.field_violations.add(field="mailbox_id", description="Must be an id.")
    gateway.script.answers = [refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS", wrong)]
    assert (await gateway.start()).json()["fields"] == {"mailboxId": "Must be an id."}


async def test_the_time_to_wait_is_passed_on_in_whole_seconds(gateway: Gateway) -> None:
    wait = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2, nanos=1))
    gateway.script.answers = [refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", wait)]
    assert (await gateway.start()).headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (grpc.StatusCode.UNKNOWN, (500, "INTERNAL")),
        (grpc.StatusCode.DATA_LOSS, (500, "INTERNAL")),
        (grpc.StatusCode.INVALID_ARGUMENT, (500, "INTERNAL")),
        (grpc.StatusCode.UNAVAILABLE, (503, "UNAVAILABLE")),
        (grpc.StatusCode.DEADLINE_EXCEEDED, (504, "DEADLINE_PASSED")),
        (grpc.StatusCode.UNIMPLEMENTED, (501, "NOT_IMPLEMENTED")),
    ],
)
async def test_a_text_without_a_reason_of_ours_is_not_shown(
    gateway: Gateway, code: grpc.StatusCode, expected: tuple[int, str]
) -> None:
    said = "driver at 10.1.2.3 says CANARY-driver-text"
    for failure in (
        Abort(code, said),
        refusal(code, "MAILBOX_NOT_FOUND", sentence=said, domain="somebody.else"),
    ):
        gateway.script.answers = [failure]
        answer = await gateway.start()
        assert (answer.status_code, answer.json()["code"]) == expected
        assert "10.1.2.3" not in answer.text
        assert "CANARY" not in answer.text


async def test_a_service_that_is_not_there_is_unavailable_and_stays_unnamed() -> None:
    port = free_port()
    async with running_gateway(Script(), target=f"127.0.0.1:{port}") as gateway:
        answer = await gateway.http.get(PROVIDERS, headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert str(port) not in answer.text


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "TOKEN_MISSING"),
        ("Basic YTpi", "TOKEN_MISSING"),
        ("Bearer", "TOKEN_MISSING"),
        ("Bearer a b", "TOKEN_INVALID"),
        ('Bearer CANARY-"', "TOKEN_INVALID"),
    ],
)
async def test_a_request_without_a_usable_token_goes_no_further(
    gateway: Gateway, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"authorization": header}
    for answer in (
        await gateway.http.get(PROVIDERS, headers=headers),
        await gateway.http.post(START, headers=headers),
        await gateway.http.post(f"/api/contacts/mailboxes/{MAILBOX_ID}/revoke", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert gateway.methods == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/nothing", (404, "NOT_FOUND")),
        ("GET", "/", (404, "NOT_FOUND")),
        ("GET", PROVIDERS + "/", (404, "NOT_FOUND")),
        ("GET", "/redoc", (404, "NOT_FOUND")),
        ("GET", "/docs/nothing", (404, "NOT_FOUND")),
        ("DELETE", PROVIDERS, (405, "METHOD_NOT_ALLOWED")),
        ("GET", START, (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/api/auth/google/callback", (405, "METHOD_NOT_ALLOWED")),
    ],
)
async def test_unknown_paths_and_methods_have_the_same_shape(
    gateway: Gateway, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = await gateway.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == expected
    assert set(answer.json()) == {"error", "code", "fields"}
    assert ("allow" in answer.headers) is (expected[0] == 405)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{", "1"),
        (b'{"returnTo": 7}', "returnTo"),
        (b'{"loginHint": "%s"}' % (b"a" * 1025), "loginHint"),
        (b'{"password": "CANARY-pasted"}', "password"),
        (b"[]", ""),
    ],
)
async def test_a_body_of_another_form_is_refused_without_repeating_it(
    gateway: Gateway, content: bytes, field: str
) -> None:
    headers = BEARER | {"content-type": "application/json"}
    answer = await gateway.http.post(START, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_FIELDS")
    assert list(answer.json()["fields"]) == [field]
    assert "CANARY" not in answer.text
    assert gateway.methods == []


async def in_pieces(size: int) -> Any:
    for _ in range(0, size, 1024):
        yield b" " * 1024


async def test_a_body_that_is_too_large_is_refused_announced_or_not(gateway: Gateway) -> None:
    headers = BEARER | {"content-type": "application/json"}
    for content in (b" " * (MAX_BODY + 1), in_pieces(MAX_BODY + 1024)):
        answer = await gateway.http.post(START, content=content, headers=headers)
        assert answer.status_code == 413
        assert set(answer.json()) == {"error", "code", "fields"}
    assert gateway.methods == []
    gateway.script.answers = [STARTED]
    body = b'{"loginHint":"a"}' + b" " * (MAX_BODY - 17)
    assert (await gateway.http.post(START, content=body, headers=headers)).status_code == 200


async def test_no_answer_may_be_kept_framed_sniffed_or_name_us(gateway: Gateway) -> None:
    for answer in await gateway.all_kinds_of_answers():
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in answer.headers


async def test_the_page_at_the_end_keeps_its_opener(gateway: Gateway) -> None:
    page = await gateway.come_back()
    assert page.headers["cross-origin-opener-policy"] == "unsafe-none"


async def test_the_service_hears_the_request_id_that_the_caller_sees(gateway: Gateway) -> None:
    gateway.script.answers = [STARTED]
    made = (await gateway.start()).headers["x-request-id"]
    wished = await gateway.http.post(START, headers=BEARER | {"x-request-id": "my-1"})
    assert wished.headers["x-request-id"] == "my-1"
    assert [one.metadata["x-request-id"] for one in gateway.script.received] == [made, "my-1"]


@pytest.mark.parametrize("wish", ["", "a b", "a" * 65, "<x>"])
async def test_a_request_id_that_needs_escaping_is_replaced(gateway: Gateway, wish: str) -> None:
    answer = await gateway.http.get("/nothing", headers={"x-request-id": wish})
    assert len(answer.headers["x-request-id"]) == 16


async def test_scripts_of_allowed_origins_may_call_with_cookies_and_no_others(gateway: Gateway) -> None:
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    yes = await gateway.http.options(START, headers=ask | {"origin": APP})
    no = await gateway.http.options(START, headers=ask | {"origin": "https://evil.example.org"})
    assert yes.headers["access-control-allow-origin"] == APP
    assert yes.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in no.headers
    gateway.script.answers = [Abort(grpc.StatusCode.UNAVAILABLE)]
    failed = await gateway.start()  # a page can read why
    assert failed.headers["access-control-allow-origin"] == APP
    assert "x-request-id" in failed.headers["access-control-expose-headers"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "header", ["authorization", "content-type", "if-match", "last-event-id", "x-request-id"]
)
async def test_scripts_of_allowed_origins_may_use_every_method_and_header_of_the_routes(
    gateway: Gateway, method: str, header: str
) -> None:
    ask = {"access-control-request-method": method, "access-control-request-headers": header}
    yes = await gateway.http.options(START, headers=ask | {"origin": APP})
    assert yes.status_code == 200
    assert method in yes.headers["access-control-allow-methods"]
    assert header in yes.headers["access-control-allow-headers"].lower()


async def test_no_origin_is_allowed_by_a_wildcard(gateway: Gateway) -> None:
    gateway.script.answers = [Abort(grpc.StatusCode.UNAVAILABLE)]
    for origin in (APP, "https://evil.example.org", "null"):
        answer = await gateway.http.get(PROVIDERS, headers=BEARER | {"origin": origin})
        assert answer.headers.get("access-control-allow-origin") in {APP, None}
        assert answer.headers["vary"] == "Origin"


async def test_scripts_may_read_the_headers_that_say_how_to_go_on(gateway: Gateway) -> None:
    answer = await gateway.http.get("/healthz", headers={"origin": APP})
    exposed = answer.headers["access-control-expose-headers"]
    assert {"etag", "retry-after", "content-disposition", "x-request-id"} <= set(exposed.split(", "))


@pytest.mark.parametrize("host", ["", "a b", "evil.example.org/", "a@b", "[::1", "a:b"])
async def test_a_host_that_is_none_is_refused(gateway: Gateway, host: str) -> None:
    answer = await gateway.http.post(START, headers=BEARER | {"host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert gateway.methods == []
