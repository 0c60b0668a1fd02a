"""The one shape of everything that is refused over HTTP. Never repeats what a caller or a provider sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import grpc
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from mailboxes import MailboxError

#: Of each gRPC status that can come with a reason.
STATUS: Final = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.UNPROCESSABLE_ENTITY,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    grpc.StatusCode.ABORTED: HTTPStatus.PRECONDITION_FAILED,  # of an etag
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    grpc.StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
}
#: Waiting does not help against these, which 429 would promise.
STATUS_OF_REASON: Final = {
    "MAILBOX_LIMIT_REACHED": HTTPStatus.CONFLICT,
    "GROUP_LIMIT_REACHED": HTTPStatus.CONFLICT,
}
#: Fields of the contract that are parameters here; all others differ in case only.
_PARAMETERS: Final = {
    "filter.query": "q",
    "filter.kinds": "kind",
    "filter.group_id": "group",
    "filter.mailbox_id": "mailbox",
    "reasons": "reason",
    "contact_id": "contact",
    "selection.query": "selection.q",
    "selection.mailbox_id": "selection.mailbox",
    "interval": "intervalSeconds",
}
#: Where the service gave no reason of its own, its text is gRPC's and names addresses.
_WITHOUT_REASON: Final = {
    HTTPStatus.SERVICE_UNAVAILABLE: ("UNAVAILABLE", "The service does not answer; try again in a moment."),
    HTTPStatus.GATEWAY_TIMEOUT: ("DEADLINE_PASSED", "The service did not answer in time."),
    HTTPStatus.NOT_IMPLEMENTED: ("NOT_IMPLEMENTED", "The service does not know this call; it may be older."),
}


#: These promise that the same request may succeed later, and say when.
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
#: Whose names differ between releases of Python.
_OF_HTTP: Final = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("CONTENT_TOO_LARGE", "The body is too large."),
    HTTPStatus.REQUEST_TIMEOUT: ("REQUEST_TIMEOUT", "The body did not arrive in time."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request was refused."""

    status: int
    #: An `ErrorReason` without its prefix, or a code of the gateway's own.
    code: str
    #: One sentence for a person.
    error: str
    #: Field of the request → what is wrong with it.
    fields: Mapping[str, str] = field(default_factory=dict)
    #: Seconds after which the same request may succeed.
    retry_after: float | None = None

    def response(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """Return the answer, with headers that belong to its status."""
        wanted = dict(headers or {})
        if self.status == HTTPStatus.UNAUTHORIZED:
            wanted["www-authenticate"] = "Bearer"
        if self.retry_after is not None or self.status in _LATER:
            wanted["retry-after"] = str(max(1, math.ceil(self.retry_after or 0)))
        return JSONResponse(self.content, self.status, wanted)

    @property
    def content(self) -> dict[str, object]:
        """What is sent, as JSON."""
        return {"error": self.error, "code": self.code, "fields": dict(self.fields)}


INTERNAL: Final = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
ETAG_MISMATCH: Final = Problem(
    HTTPStatus.PRECONDITION_FAILED, "ETAG_MISMATCH", "It was changed meanwhile; read it again."
)


class Refused(Exception):
    """The gateway itself says no."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def invalid(name: str, description: str) -> Refused:
    """Return the refusal of one field."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Refused(Problem(status, "INVALID_FIELDS", description, {name: description}))


def problem_of(failure: MailboxError) -> Problem:
    """Return what a refused or lost call to the service is over HTTP."""
    status = STATUS_OF_REASON.get(failure.reason) or STATUS.get(
        failure.code, HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if failure.reason:
        fields = {_as_sent(name): text for name, text in failure.field_violations.items()}
        return Problem(status, failure.reason, failure.message, fields, failure.retry_after)
    code, error = _WITHOUT_REASON.get(status, (INTERNAL.code, INTERNAL.error))
    return Problem(status if code != INTERNAL.code else INTERNAL.status, code, error)


def _as_sent(field: str) -> str:
    """Return how a field of the contract is called over HTTP."""
    return _PARAMETERS.get(field) or ".".join(to_camel(part) for part in field.split("."))


async def answer_refused(_request: Request, exc: Exception) -> Response:
    """Answer a refusal of the gateway's own."""
    assert isinstance(exc, Refused)  # noqa: S101  (FastAPI's types know no better)
    return exc.problem.response()


async def answer_failure(_request: Request, exc: Exception) -> Response:
    """Answer a call that the service has refused."""
    assert isinstance(exc, MailboxError)  # noqa: S101
    return problem_of(exc).response()


async def answer_invalid(_request: Request, exc: Exception) -> Response:
    """Answer a request that is not of the documented form; the values it had are not repeated."""
    assert isinstance(exc, RequestValidationError)  # noqa: S101
    fields = {".".join(map(str, one["loc"][1:])): _sentence(one["msg"]) for one in exc.errors()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Problem(status, "INVALID_FIELDS", "Some fields are not valid.", fields).response()


def _sentence(text: str) -> str:
    """Return pydantic's words, or ours, which it says are a 'Value error'."""
    return f"{text.removeprefix('Value error, ').removesuffix('.')}."


async def answer_http(_request: Request, exc: Exception) -> Response:
    """Answer what the framework refuses: unknown paths and methods, and bodies that are too large."""
    assert isinstance(exc, HTTPException)  # noqa: S101
    status = HTTPStatus(exc.status_code)
    code, error = _OF_HTTP.get(status, (status.name, f"{status.description or status.phrase}."))
    return Problem(status, code, error).response(exc.headers)
