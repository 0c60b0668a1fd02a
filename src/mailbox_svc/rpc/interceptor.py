"""Owns what surrounds every call, of all four handler kinds, in one coroutine.

In this order: request id, deadline, slots, caller, request message, handler; and whatever happens,
one status, one line in the log and one count. No message and no text of a foreign exception ever
reaches a log or a caller: both may hold a password.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, nullcontext
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from structlog.contextvars import bind_contextvars

from mailbox_svc.errors import DeadlinePassed, FieldViolation, InvalidFields
from mailbox_svc.ports import TokenVerifier
from mailbox_svc.rpc.auth import user_of
from mailbox_svc.rpc.call import REQUEST_ID, Call, current_call
from mailbox_svc.rpc.errors import INTERNAL, Refusal, refusal_of
from mailbox_svc.rpc.limits import Slots
from mailbox_svc.rpc.methods import rule_of
from mailbox_svc.rpc.metrics import RpcMetrics
from mailbox_svc.rpc.unexpected import log_unexpected

log = logging.getLogger("mailbox_svc.rpc")

Context = grpc.aio.ServicerContext[Any, Any]
# Generic for the type checker only; subscripting it fails at run time.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
#: Takes the request (raw when it is a single one) and sees the call through to its response.
Run = Callable[[Any, Context], Awaitable[Any]]

#: By request_streaming, response_streaming.
_FACTORIES: dict[tuple[bool, bool], Callable[..., Handler]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Interceptor(grpc.aio.ServerInterceptor):
    """Stands around every call to a method that exists."""

    def __init__(self, verifier: TokenVerifier, slots: Slots, metrics: RpcMetrics) -> None:
        self._verifier = verifier
        self._slots = slots
        self._metrics = metrics

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Put ourselves between grpc and the method's handler."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None  # no such method; grpc says UNIMPLEMENTED
        method, metadata = handler_call_details.method, handler_call_details.invocation_metadata
        run = _runner(handler)

        async def serve(request: Any, context: Context) -> Any:
            return await self._serve(Call.received(method, metadata), run, request, context)

        return _FACTORIES[handler.request_streaming, handler.response_streaming](
            serve,
            # A single request is parsed in `run`, once we know who sends it.
            request_deserializer=handler.request_deserializer if handler.request_streaming else None,
            response_serializer=handler.response_serializer,
        )

    async def _serve(self, call: Call, run: Run, request: Any, context: Context) -> Any:
        current_call.set(call)
        bind_contextvars(request_id=call.request_id, method=call.method)
        context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
        self._metrics.began()
        try:
            return await self._admit(call, run, request, context)
        except grpc.aio.AbortError:  # the handler has sent a status of its own
            call.code = context.code()
            raise
        except asyncio.CancelledError as exc:
            if _is_being_cancelled():
                late = context.time_remaining() == 0
                call.code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
                raise
            # Something we waited for was cancelled. grpc would send no status, ever.
            await self._refuse(call, context, _refusal(call, exc))
        except Exception as exc:  # noqa: BLE001  (grpc would send its text to the caller)
            await self._refuse(call, context, _refusal(call, exc))
        finally:
            self._ended(call)

    async def _admit(self, call: Call, run: Run, request: Any, context: Context) -> Any:
        rule = rule_of(call.method)
        if rule.is_open:
            with self._slots.open_stream() if rule.longest is None else nullcontext():
                return await run(request, context)
        async with asyncio.timeout(rule.longest):
            with self._slots.call():
                call.user_id = await user_of(call.metadata, self._verifier)
                bind_contextvars(user_id=call.user_id)
                if not rule.is_test:
                    return await run(request, context)
                with self._slots.test_of(call.user_id), self._slots.test():
                    return await run(request, context)

    async def _refuse(self, call: Call, context: Context, refusal: Refusal) -> NoReturn:
        call.code, call.reason = refusal.code, refusal.reason
        await context.abort(refusal.code, refusal.message, refusal.trailers(call.request_id))

    def _ended(self, call: Call) -> None:
        seconds = time.perf_counter() - call.started
        self._metrics.ended(call.method, call.code, seconds)
        # Health checks come every few seconds for ever; only their failures are news.
        routine = rule_of(call.method).is_open and call.code is grpc.StatusCode.OK
        log.log(
            logging.DEBUG if routine else logging.INFO,
            "call",
            extra={
                "method": call.method,
                "code": call.code.name,
                "reason": call.reason,
                "duration_ms": round(seconds * 1000, 3),
                "user_id": call.user_id,
                "request_id": call.request_id,
            },
        )


def _runner(handler: Handler) -> Run:
    """Return what parses the request and answers it, for any of the four kinds."""
    behavior: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )
    parse = None if handler.request_streaming else handler.request_deserializer

    async def run(request: Any, context: Context) -> Any:
        message = parse(request) if parse else request
        if inspect.iscoroutinefunction(behavior):
            return await behavior(message, context)
        if inspect.isasyncgenfunction(behavior):
            # grpc.aio itself leaves a generator unclosed when the call is cancelled.
            async with aclosing(behavior(message, context)) as responses:
                async for response in responses:
                    await context.write(response)
            return None
        # All our handlers are async; a plain function is what protoc generates for the others.
        return await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")

    return run


def _refusal(call: Call, error: BaseException) -> Refusal:
    match error:
        case TimeoutError():
            error = DeadlinePassed()
        case DecodeError():
            error = InvalidFields(FieldViolation("", "The request is not a message of this method."))
    refusal = refusal_of(error)
    if refusal is None:
        log_unexpected(error, method=call.method, request_id=call.request_id)
        return INTERNAL
    return refusal


def _is_being_cancelled() -> bool:
    """Whether grpc has cancelled the running call: its client is gone or its time is over.

    `context.cancelled()` stays False in grpc.aio when a client cancels.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
