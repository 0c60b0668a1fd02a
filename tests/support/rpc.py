"""Starts the real gRPC server on a free loopback port, around the parts a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2_grpc
from prometheus_client import CollectorRegistry

from mailbox_svc.contacts.merging import Merging
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.errors import TokenInvalid
from mailbox_svc.harvest.service import Harvests
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.mailboxes.suggesting import Suggestions
from mailbox_svc.model.caller import Caller
from mailbox_svc.model.mailbox import Mailbox
from mailbox_svc.oauth.service import Connections
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.metrics import RpcMetrics
from mailbox_svc.rpc.server import RpcConfig, RpcServer, UseCases
from mailbox_svc.sync.service import Schedules
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceStub
from support import probe

if TYPE_CHECKING:  # in the type stubs only
    from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceAsyncStub

ANN = "CANARY-token-of-ann"
BOB = "CANARY-token-of-bob"
SERVICE = "CANARY-token-of-a-service"


class KnownTokens:
    """Accepts these tokens and no others."""

    def __init__(self, callers: Mapping[str, Caller] | None = None) -> None:
        self._callers = callers or {
            ANN: Caller("ann", is_service=False, expires_at=2**40),
            BOB: Caller("bob", is_service=False, expires_at=2**40),
            SERVICE: Caller("robot", is_service=True, expires_at=2**40),
        }

    async def verify(self, token: str) -> Caller:
        if token not in self._callers:
            raise TokenInvalid
        return self._callers[token]


def bearing(token: str, **more: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with this token; `x_user_id` becomes `x-user-id`."""
    extra = [(name.replace("_", "-"), value) for name, value in more.items()]
    return ("authorization", f"Bearer {token}"), *extra


class NoMailboxes(Mailboxes):
    """Nobody has a mailbox here. For tests that look at what surrounds a call."""

    def __init__(self) -> None:
        """Need neither store nor vault."""

    async def list(self, user_id: str) -> list[Mailbox]:  # noqa: ARG002
        return []


def without_data(mailboxes: Mailboxes | None = None) -> UseCases:
    """Use cases over nothing, of which only `mailboxes` answer; without any, nobody has one."""
    harvests, contacts = Harvests.__new__(Harvests), Contacts.__new__(Contacts)
    connections, merging = Connections.__new__(Connections), Merging.__new__(Merging)
    schedules, suggestions = Schedules.__new__(Schedules), Suggestions.__new__(Suggestions)
    return UseCases(
        mailboxes or NoMailboxes(), harvests, contacts, connections, merging, schedules, suggestions
    )


async def eventually(condition: Callable[[], bool], *, within: float = 30) -> None:
    """Wait until it holds, `within` seconds: what a defect keeps from happening never happens."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  (what is watched has no event)
            await asyncio.sleep(0.01)


def health_of(served: Served) -> Any:
    """A stub of the health service; its type hints know no methods."""
    return health_pb2_grpc.HealthStub(served.channel)


@dataclass(slots=True)
class Served:
    """A running server with a client connected to it."""

    server: RpcServer
    port: int
    channel: grpc.aio.Channel
    stub: MailboxServiceAsyncStub
    registry: CollectorRegistry

    @property
    def slots_in_use(self) -> int:
        return self.server._slots.in_use


@asynccontextmanager
async def serving(
    use_cases: UseCases,
    verifier: TokenVerifier | None = None,
    *,
    config: RpcConfig | None = None,
    handlers: Mapping[str, Any] | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    options: Sequence[tuple[str, Any]] = (),
) -> AsyncIterator[Served]:
    """Serve until the end of the block. `handlers` are those of the tests' own service."""
    registry = CollectorRegistry()
    config = config or RpcConfig(address="127.0.0.1:0")
    server = RpcServer(config, use_cases, verifier or KnownTokens(), RpcMetrics(registry))
    server._services.add_registered_method_handlers(probe.NAME, handlers or {})
    port = await server.start()
    try:
        async with connected(port, credentials, options) as channel:
            stub: MailboxServiceAsyncStub = MailboxServiceStub(channel)
            yield Served(server, port, channel, stub, registry)
    finally:
        await server.stop(0)


def connected(
    port: int, credentials: grpc.ChannelCredentials | None = None, options: Sequence[tuple[str, Any]] = ()
) -> grpc.aio.Channel:
    """A client's connection of its own, not shared with any other channel of the process."""
    target = f"localhost:{port}"
    options = (("grpc.use_local_subchannel_pool", 1), *options)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, credentials, options=options)


@dataclass(slots=True)
class Failure:
    """An error as a client sees it, with its details unpacked."""

    code: grpc.StatusCode
    message: str
    trailers: dict[str, str | bytes]
    infos: list[Any] = field(default_factory=list)
    violations: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @property
    def reason(self) -> str:
        (info,) = self.infos  # exactly one
        return str(info.reason)

    @classmethod
    def of(cls, error: grpc.aio.AioRpcError) -> Failure:
        trailers = dict(error.trailing_metadata() or ())
        failure = cls(error.code(), error.details() or "", trailers)
        status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        for detail in status.details:
            info, bad, retry = (
                error_details_pb2.ErrorInfo(),
                error_details_pb2.BadRequest(),
                error_details_pb2.RetryInfo(),
            )
            if detail.Unpack(info):
                failure.infos.append(info)
            elif detail.Unpack(bad):
                failure.violations = {v.field: v.description for v in bad.field_violations}
            elif detail.Unpack(retry):
                failure.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        return failure


async def failure_of(call: Any) -> Failure:
    """Await a call that must fail and return how it did."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return Failure.of(error)
    raise AssertionError(f"the call succeeded: {type(answer).__name__}")
