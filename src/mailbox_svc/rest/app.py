"""Makes the gateway's ASGI application: its routes, its layers, and its channel to the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypedDict

import grpc
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from mailbox_svc.rest.boundary import REQUEST_ID, Boundary, LastResort
from mailbox_svc.rest.openapi import operation_id
from mailbox_svc.rest.problems import Refused, answer_failure, answer_http, answer_invalid, answer_refused
from mailbox_svc.rest.routes import contacts, docs, events, groups, harvests, health, mailboxes, oauth, page
from mailbox_svc.rest.service import open_channel
from mailboxes import MailboxError


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Where the gateway listens, which service it is a client of, and whose pages may use it."""

    #: host:port to listen on; port 0 is a free one.
    address: str
    #: host:port of the gRPC service.
    grpc_target: str
    #: Origins of pages, as browsers write them: https://app.example.org. Its own need not be named.
    origins: tuple[str, ...] = ()
    #: None calls the service in clear text, which is for this machine only.
    credentials: grpc.ChannelCredentials | None = None
    #: Seconds within which a request's head must be there, and after it the body.
    head_seconds: float = 10.0
    body_seconds: float = 20.0
    #: Seconds after which a stream of events that has none says that it lives. Proxies wait for a minute.
    heartbeat: float = 15.0
    #: The built Integrations page; by default what is in the package.
    page: Path = Path(__file__).parent / "static"

    @property
    def has_page(self) -> bool:
        """Whether the page was built."""
        return (self.page / "index.html").exists()


class State(TypedDict):
    """What every request finds in `request.state`."""

    channel: grpc.aio.Channel
    origins: tuple[str, ...]
    #: Set when the gateway stops: streams that last end then.
    stopping: asyncio.Event
    #: Seconds.
    heartbeat: float
    #: Where the Integrations page was built to.
    page: Path


_ROUTERS: Final = (
    mailboxes.router,
    oauth.router,
    harvests.router,
    events.router,
    harvests.schedules,
    groups.router,
    groups.files,
    contacts.duplicates,
    contacts.router,
    health.router,
    docs.router,
    page.router,
)


def create_app(config: GatewayConfig, stopping: asyncio.Event | None = None) -> FastAPI:
    """Return the application. It connects on the first request that needs the service."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[State]:
        async with open_channel(config.grpc_target, config.credentials) as channel:
            yield {
                "channel": channel,
                "origins": config.origins,
                "stopping": stopping or asyncio.Event(),
                "heartbeat": config.heartbeat,
                "page": config.page,
            }

    app = FastAPI(
        lifespan=lifespan,
        openapi_url=None,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
        middleware=[Middleware(Boundary), _cors(config.origins), Middleware(LastResort, config.body_seconds)],
    )
    for router in _ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Refused, answer_refused)
    app.add_exception_handler(MailboxError, answer_failure)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, _answer_method)
    return app


async def _answer_method(request: Request, exc: Exception) -> Response:
    """Answer a method that the path does not have with all that it has; FastAPI names those of one route."""
    response = await answer_http(request, exc)
    path = request.scope["path"]
    routes = [route for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    allowed = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    response.headers["allow"] = ", ".join(sorted(allowed))
    return response


def _cors(origins: tuple[str, ...]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        allow_headers=("authorization", "content-type", "if-match", "last-event-id", REQUEST_ID),
        allow_credentials=True,
        expose_headers=(REQUEST_ID, "etag", "retry-after", "content-disposition"),
    )
