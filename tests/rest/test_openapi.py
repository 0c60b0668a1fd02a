"""The OpenAPI document: complete, true to the one that is committed, and with examples that are valid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mailbox_svc.rest.app import GatewayConfig, create_app
from mailbox_svc.rest.openapi import document
from mailboxes.v1 import connection_test_pb2, harvest_pb2, schedule_pb2
from support.gateway import Gateway

COMMITTED = Path(__file__).parents[2] / "clients/openapi.json"
DOCUMENT: dict[str, Any] = document(create_app(GatewayConfig("", "")))
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def test_the_committed_document_is_what_the_routes_make() -> None:
    assert json.loads(COMMITTED.read_text()) == DOCUMENT, "run: make openapi"


async def test_the_gateway_serves_it(gateway: Gateway) -> None:
    assert (await gateway.http.get("/openapi.json")).json() == DOCUMENT


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described_and_named_as_clients_call_it(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["description"].endswith((".", "harvested."))
    assert operation["operationId"].isalnum()
    assert len(operation["tags"]) == 1


def test_every_operation_has_a_name_of_its_own() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "security" in OPERATIONS[name]])
def test_every_refusal_of_an_operation_is_documented_in_the_one_shape(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    expected = {"401", "403", "429", "500", "501", "503", "504"}
    expected |= {"422"} if "parameters" in OPERATIONS[name] or "requestBody" in OPERATIONS[name] else set()
    expected |= {"400", "408", "413"} if "requestBody" in OPERATIONS[name] else set()
    refused = {status for status in responses if status >= "400"}
    assert expected <= refused
    for status in refused:
        reference = responses[status]["$ref"].removeprefix("#/components/responses/")
        response = DOCUMENT["components"]["responses"][reference]
        assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
        assert ("Retry-After" in response.get("headers", {})) is (status in {"429", "503"})


def test_all_but_health_and_the_callback_need_a_token() -> None:
    without = {name for name, operation in OPERATIONS.items() if "security" not in operation}
    assert without == {"GET /healthz", "GET /readyz", "GET /api/auth/{provider}/callback"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_has_an_example_that_is_valid(name: str) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    check = jsonschema_rs.validator_for(whole, validate_formats=True)
    examples = SCHEMAS[name]["examples"]
    assert examples
    for example in examples:
        check.validate(example)


@pytest.mark.parametrize("name", DOCUMENT["components"]["responses"])
def test_every_refusal_has_an_example_that_is_valid(name: str) -> None:
    example = DOCUMENT["components"]["responses"][name]["content"]["application/json"]["example"]
    jsonschema_rs.validate(SCHEMAS["Error"], example)


@pytest.mark.parametrize(
    ("schema", "field", "enum", "prefix"),
    [
        ("TestFailed", "code", connection_test_pb2.TestCode, "TEST_CODE_"),
        ("TestFailed", "stage", connection_test_pb2.TestStage, "TEST_STAGE_"),
        ("Harvest", "state", harvest_pb2.HarvestState, "HARVEST_STATE_"),
        ("Failure", "code", harvest_pb2.HarvestFailureCode, "HARVEST_FAILURE_CODE_"),
        ("Schedule", "state", schedule_pb2.ScheduleState, "SCHEDULE_STATE_"),
        ("SyncRun", "outcome", schedule_pb2.SyncOutcome, "SYNC_OUTCOME_"),
    ],
)
def test_every_member_of_the_contract_is_a_word_of_the_document(
    schema: str, field: str, enum: Any, prefix: str
) -> None:
    members = [name.removeprefix(prefix).lower() for name in enum.keys()]  # noqa: SIM118  (no dict)
    assert SCHEMAS[schema]["properties"][field]["enum"] == [*members[1:], "unknown"]


def test_names_are_in_one_style() -> None:
    names = {name for schema in SCHEMAS.values() for name in schema.get("properties", {})}
    assert {name for name in names if not name.isalnum() or name[0].isupper()} == {"has_password"}
