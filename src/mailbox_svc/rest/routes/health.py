"""Whether the gateway lives, and whether the service behind it takes calls. No token is asked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import grpc
from fastapi import APIRouter, Request
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mailbox_svc.rest.models.mailbox import Ok
from mailbox_svc.rest.openapi import refusals
from mailbox_svc.rest.problems import Problem, Refused

router = APIRouter(tags=["health"])

#: Seconds.
_TIMEOUT: Final = 5.0
_NOT_READY: Final = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "The service does not take calls.")


@router.get("/healthz")
async def get_health() -> Ok:
    """Answer as long as the gateway lives."""
    return Ok()


@router.get("/readyz", responses=refusals(503))
async def get_readiness(request: Request) -> Ok:
    """Answer with 200 while the service behind the gateway takes calls, by its own health check."""
    check = health_pb2_grpc.HealthStub(request.state.channel).Check  # type: ignore[attr-defined]
    try:
        answer = await check(health_pb2.HealthCheckRequest(), timeout=_TIMEOUT)
    except grpc.RpcError:
        raise Refused(_NOT_READY) from None
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise Refused(_NOT_READY)
    return Ok()
