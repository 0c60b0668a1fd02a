"""The OpenAPI document: FastAPI's, with every refusal in the one shape that the gateway really answers in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import Field
from pydantic.alias_generators import to_camel

from mailbox_svc import __version__
from mailbox_svc.rest.models.base import Answer
from mailbox_svc.rest.models.examples import EXAMPLES

#: For `responses=` of a route: the header that a changed thing is sent back with.
WITH_ETAG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": {"ETag": {"description": "For If-Match.", "schema": {"type": "string"}}}}
}

_DESCRIPTION: Final = """\
Mailboxes, their harvests and the contacts found in them, for one user: the subject of the bearer token.

Names are lowerCamelCase (`has_password` is older than that), times RFC 3339 in UTC, durations seconds, and
what is not there is null. Everything that is refused is `{"error", "code", "fields"}`; decide by the code,
which docs/errors.md explains. A connection test or a harvest that fails is no refusal: it is a 200 that says
why.
"""
_TAGS: Final = {
    "mailboxes": "IMAP accounts and their tests.",
    "accounts": "Accounts that are connected by OAuth2, without a password.",
    "harvests": "Reading contacts out of mail.",
    "schedules": "Harvests that run by themselves.",
    "contacts": "Who was found, what was left out, and files of them.",
    "duplicates": "Contacts that may be one person.",
    "groups": "Named sets of contacts, and imports into them.",
    "health": "For whoever watches the gateway.",
}


class _Refusal(NamedTuple):
    """A status that is refused with."""

    name: str
    description: str
    #: Of an example.
    code: str
    sentence: str


_REFUSALS: Final = {
    400: _Refusal(
        "BadRequest", "It cannot be read.", "BAD_REQUEST", "Bad request syntax or unsupported method."
    ),
    401: _Refusal(
        "Unauthorized",
        "The token is missing, expired or not valid.",
        "TOKEN_EXPIRED",
        "The token has expired; get a new one.",
    ),
    403: _Refusal(
        "Forbidden", "The token, or the page, may not do this.", "NOT_ALLOWED", "This token may not do that."
    ),
    404: _Refusal(
        "NotFound", "The user has nothing of this id.", "MAILBOX_NOT_FOUND", "There is no such mailbox."
    ),
    408: _Refusal(
        "RequestTimeout", "The body is too slow.", "REQUEST_TIMEOUT", "The body did not arrive in time."
    ),
    409: _Refusal(
        "Conflict",
        "What is stored does not allow it.",
        "PASSWORD_REQUIRED",
        "Enter the password again, because the server or the user name has changed.",
    ),
    412: _Refusal(
        "PreconditionFailed",
        "It was changed since it was read.",
        "ETAG_MISMATCH",
        "It was changed meanwhile; read it again.",
    ),
    413: _Refusal("ContentTooLarge", "The body is too large.", "CONTENT_TOO_LARGE", "The body is too large."),
    422: _Refusal(
        "UnprocessableContent", "Some fields are not valid.", "INVALID_FIELDS", "Some fields are not valid."
    ),
    429: _Refusal(
        "TooManyRequests",
        "Too much at once; see Retry-After.",
        "RATE_LIMITED",
        "Too many tests; wait a little.",
    ),
    500: _Refusal(
        "InternalServerError", "A defect of ours; x-request-id finds it.", "INTERNAL", "internal error"
    ),
    501: _Refusal(
        "NotImplemented",
        "The service is older than the gateway.",
        "NOT_IMPLEMENTED",
        "The service does not know this call; it may be older.",
    ),
    503: _Refusal(
        "ServiceUnavailable",
        "A part does not answer; see Retry-After.",
        "UNAVAILABLE",
        "The service does not answer; try again in a moment.",
    ),
    504: _Refusal(
        "GatewayTimeout", "It was not done in time.", "DEADLINE_PASSED", "The service did not answer in time."
    ),
}
#: What every route that needs a token refuses, and what those with parameters or a body refuse besides.
_OF_ALL: Final = (401, 403, 429, 500, 501, 503, 504)
_WITH_PARAMETERS: Final = (422,)
_WITH_BODY: Final = (400, 408, 413, 422)
_HEADERS: Final = {
    401: ("WWW-Authenticate", "Bearer.", {"type": "string"}),
    429: (
        "Retry-After",
        "Seconds after which the same request may succeed.",
        {"type": "integer", "minimum": 1},
    ),
    503: (
        "Retry-After",
        "Seconds after which the same request may succeed.",
        {"type": "integer", "minimum": 1},
    ),
}


class Error(Answer):
    """Why a request was refused."""

    error: str = Field(description="One sentence for a person.")
    code: str = Field(description="Stable, for programs.")
    fields: dict[str, str] = Field(description="Field of the request → what is wrong with it.")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route: what it refuses beside that which all do."""
    return {status: {"description": _REFUSALS[status].description} for status in statuses}


def leads_to(**operations: Mapping[str, str]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route: the operations whose parameters its answer has, as OpenAPI links."""
    links = {
        to_camel(name): {
            "operationId": to_camel(name),
            "parameters": {parameter: f"$response.body#/{field}" for parameter, field in fields.items()},
        }
        for name, fields in operations.items()
    }
    return {200: {"links": links}}


def operation_id(route: Any) -> str:
    """Name the operation as clients call it."""
    return to_camel(route.name)


def document(app: FastAPI) -> dict[str, Any]:
    """Return the document. It is the same for the same code."""
    made = get_openapi(
        title="mailbox-svc",
        version=__version__,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        license_info={"name": "GPL-3.0-only", "identifier": "GPL-3.0-only"},
    )
    made["paths"] = _without_titles(made["paths"])
    for operation in _operations(made):
        _answer_as_we_do(operation)
    components = made["components"]
    components["schemas"] = {
        name: {**_without_titles(schema), "examples": [EXAMPLES[name]]}
        for name, schema in sorted({**components["schemas"], "Error": Error.model_json_schema()}.items())
        if name not in {"HTTPValidationError", "ValidationError"}
    }
    components["responses"] = {refusal.name: _response(status) for status, refusal in _REFUSALS.items()}
    return made


def _operations(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in made["paths"].values():
        yield from operations.values()


def _answer_as_we_do(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    responses = operation["responses"]
    refused = {
        int(status) for status in responses if status.isdecimal() and int(status) >= HTTPStatus.BAD_REQUEST
    }
    if "security" in operation:
        refused.update(_OF_ALL)
        refused.update(_WITH_PARAMETERS if operation.get("parameters") else ())
        refused.update(_WITH_BODY if "requestBody" in operation else ())
    for status in refused:
        responses[str(status)] = {"$ref": f"#/components/responses/{_REFUSALS[status].name}"}
    operation["responses"] = dict(sorted(responses.items()))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out that a parameter may be null: there is no way to send that."""
    if {"type": "null"} not in schema.get("anyOf", ()):
        return schema
    [other] = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**other, **{name: value for name, value in schema.items() if name != "anyOf"}}


def _without_titles(schema: Any) -> Any:
    """Leave out what pydantic makes of each name, such as `Lasttestedat`."""
    if isinstance(schema, list):
        return [_without_titles(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = {name: value for name, value in schema.items() if name != "title" or isinstance(value, dict)}
    return {name: _without_titles(value) for name, value in named.items()}


def _response(status: int) -> dict[str, Any]:
    refusal = _REFUSALS[status]
    fields = {"host": "Enter the host name only."} if status == HTTPStatus.UNPROCESSABLE_ENTITY else {}
    example = {"error": refusal.sentence, "code": refusal.code, "fields": fields}
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "example": example}
    response: dict[str, Any] = {"description": refusal.description, "content": {"application/json": content}}
    if status in _HEADERS:
        name, text, schema = _HEADERS[status]
        response["headers"] = {name: {"description": text, "schema": schema}}
    return response
