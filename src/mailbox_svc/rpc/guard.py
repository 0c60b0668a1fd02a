"""Owns what surrounds every call, of all four handler kinds, in one coroutine.

In this order: request id, deadline, slots, caller, request message, handler; and whatever happens,
one status, one line in the log and one count. No message and no text of a foreign exception ever
reaches a caller: both may hold a password.

Handlers are wrapped once, when they are registered. An interceptor of grpc.aio would do the same
again for each call, which costs a tenth of a List.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from structlog.contextvars import bind_contextvars

from mailbox_svc.errors import DeadlinePassed, FieldViolation, InvalidFields, StreamEnded
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.auth import user_of
from mailbox_svc.rpc.call import REQUEST_ID, Call, current_call
from mailbox_svc.rpc.errors import INTERNAL, Refusal, refusal_of
from mailbox_svc.rpc.limits import Limits, Slots
from mailbox_svc.rpc.methods import Kind, is_read, kind_of
from mailbox_svc.rpc.metrics import RpcMetrics

log = logging.getLogger("mailbox_svc.rpc")

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]
# Generic for the type checker only; subscripting it fails at run time.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_ORDINARY_ENDS = (grpc.StatusCode.OK, grpc.StatusCode.CANCELLED)


@dataclass(frozen=True, slots=True)
class Guard:
    """What every call is checked with."""

    verifier: TokenVerifier
    limits: Limits
    slots: Slots
    metrics: RpcMetrics


class GuardedServer:
    """Takes the place of the server in the generated `add_…_to_server` functions."""

    def __init__(self, server: grpc.aio.Server, guard: Guard) -> None:
        self._server = server
        self._guard = guard

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Do nothing: generated code hands over the same handlers by name as well."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Add the handlers of one service, each behind the guard.

        They are not registered with grpc: it waits on one future for each registered method, and
        renews that wait for each call, so that every method more makes all calls slower.
        """
        guarded = {
            name: _GuardedMethod(f"/{service}/{name}", handler, self._guard).handler()
            for name, handler in handlers.items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, guarded),))


class _GuardedMethod:
    def __init__(self, name: str, inner: Handler, guard: Guard) -> None:
        self._name = name
        self._inner = inner
        self._run = _runner(inner)
        self._kind = kind_of(name)
        # Health checks and reads come all the time and change nothing: only their failures are news,
        # the metrics count them all, and a line for each would be a sixth of what a List costs.
        self._routine = self._kind in (Kind.OPEN, Kind.OPEN_STREAM) or is_read(name)
        self._seconds_to_begin = guard.limits.seconds
        self._seconds = guard.limits.seconds_of(self._kind)
        self._slots = guard.slots
        self._verifier = guard.verifier
        self._metrics = guard.metrics.of_method(name)

    def handler(self) -> Handler:
        inner = self._inner
        # To grpc every request is a stream, so that we come first: a single request, too, is read
        # only when its sender is known, and within the call's time. The wire knows no difference.
        make = (
            grpc.stream_stream_rpc_method_handler
            if inner.response_streaming
            else grpc.stream_unary_rpc_method_handler
        )
        return make(self._serve, inner.request_deserializer, inner.response_serializer)

    async def _serve(self, requests: Any, context: Context) -> Any:
        call = Call.received(context.invocation_metadata() or ())
        current_call.set(call)
        bind_contextvars(request_id=call.request_id, method=self._name)
        context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
        self._metrics.began()
        try:
            return await self._admit(call, requests, context)
        except grpc.aio.AbortError:  # the handler has sent a status of its own
            call.code = context.code()
            raise
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                late = context.time_remaining() == 0
                call.code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
                raise
            # Something we waited for was cancelled. grpc would send no status, ever.
            await _refuse(call, context, exc)
        except Exception as exc:  # noqa: BLE001  (grpc would send its text to the caller)
            await _refuse(call, context, exc)
        finally:
            self._ended(call)

    async def _admit(self, call: Call, requests: Any, context: Context) -> Any:
        kind, slots = self._kind, self._slots
        if kind is Kind.OPEN:
            return await self._run(requests, context)
        if kind is Kind.OPEN_STREAM:
            with suppress(StreamEnded):
                async with slots.open_stream():
                    return await self._run(requests, context)
            return None
        if kind is Kind.WATCH:
            async with asyncio.timeout(self._seconds_to_begin):
                with slots.call():
                    await self._identify(call)
            async with slots.stream(self._seconds):
                with slots.of_kind(kind, call.user_id):
                    return await self._run(requests, context)
        async with asyncio.timeout(self._seconds):
            with slots.call():
                await self._identify(call)
                with slots.of_kind(kind, call.user_id):
                    return await self._run(requests, context)

    async def _identify(self, call: Call) -> None:
        call.user_id = await user_of(call.metadata, self._verifier)
        bind_contextvars(user_id=call.user_id)

    def _ended(self, call: Call) -> None:
        seconds = time.perf_counter() - call.started
        self._metrics.ended(call.code, seconds)
        level = logging.DEBUG if self._routine and call.code in _ORDINARY_ENDS else logging.INFO
        if log.isEnabledFor(level):
            facts = {"code": call.code.name, "reason": call.reason, "duration_ms": round(seconds * 1000, 3)}
            log.log(level, "call", extra=facts)  # method, user_id and request_id are bound


def _runner(handler: Handler) -> Callable[[Any, Context], Awaitable[Any]]:
    """Return what reads the request and answers it, for any of the four kinds."""
    behavior: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    streaming = handler.request_streaming

    async def answer(requests: Any, context: Context) -> Any:
        return await behavior(requests if streaming else await _single(context), context)

    async def generate(requests: Any, context: Context) -> None:
        # grpc.aio itself leaves a generator unclosed when the call is cancelled.
        request = requests if streaming else await _single(context)
        async with aclosing(behavior(request, context)) as responses:
            async for response in responses:
                await context.write(response)

    async def unimplemented(_requests: Any, context: Context) -> NoReturn:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")

    if inspect.isasyncgenfunction(behavior):
        return generate
    # All our handlers are async; plain functions are what protoc generates for the others.
    return answer if inspect.iscoroutinefunction(behavior) else unimplemented


async def _single(context: Context) -> Any:
    request = await context.read()
    if request is grpc.aio.EOF:
        raise InvalidFields(FieldViolation("", "The request is missing."))
    return request


async def _refuse(call: Call, context: Context, error: BaseException) -> NoReturn:
    refusal = _refusal(error)
    call.code, call.reason = refusal.code, refusal.reason
    await context.abort(refusal.code, refusal.message, refusal.trailers(call.request_id))


def _refusal(error: BaseException) -> Refusal:
    match error:
        case TimeoutError():
            error = DeadlinePassed()
        case DecodeError():
            error = InvalidFields(FieldViolation("", "The request is not a message of this method."))
    refusal = refusal_of(error)
    if refusal is None:
        # `logs` writes its type and stack, and never its text.
        log.error("unexpected error", exc_info=error)
        return INTERNAL
    return refusal


def _is_being_cancelled() -> bool:
    """Whether grpc has cancelled the running call: its client is gone or its time is over.

    `context.cancelled()` stays False in grpc.aio when a client cancels.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
