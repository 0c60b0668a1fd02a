"""docs/rest.md says what the gateway does: its routes, its statuses and its own codes."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import grpc

from mailbox_svc.rest import problems
from support.pages import ROOT, rows_of

PAGE = "docs/rest.md"


def test_every_route_is_in_the_table_and_no_other() -> None:
    document = json.loads((ROOT / "clients/openapi.json").read_text())
    routes = {f"{method.upper()} {path}" for path, one in document["paths"].items() for method in one}
    assert set(rows_of(PAGE, "## Routes")) == routes


def test_every_status_is_in_the_table() -> None:
    rows = rows_of(PAGE, "## Errors")
    for code, status in problems.STATUS.items():
        assert rows[code.name][0].startswith(str(int(status))), code
    for reason, status in problems.STATUS_OF_REASON.items():
        assert f"{int(status)} for" in rows[grpc.StatusCode.RESOURCE_EXHAUSTED.name][0]
        assert f"`{reason}`" in rows[grpc.StatusCode.RESOURCE_EXHAUSTED.name][0]


def test_every_code_of_the_gateway_is_in_the_table_with_its_status() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src/mailbox_svc/rest").rglob("*.py"))
    # As `Problem(HTTPStatus.X, "CODE"` and as `HTTPStatus.X: ("CODE"`, over line ends.
    made = re.findall(r"HTTPStatus\.(\w+)(?:,|: \()\s*\"([A-Z_]+)\"", source)
    ours = {code: HTTPStatus[status] for status, code in made} | {
        status.name: status for status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    }
    theirs = {*rows_of("docs/errors.md", "## Refused calls"), "INTERNAL", "DEADLINE_PASSED"}
    rows = rows_of(PAGE, "## The gateway's own errors")
    assert {code: cells[0] for code, cells in rows.items()} == {
        code: str(int(status)) for code, status in ours.items() if code not in theirs
    }
