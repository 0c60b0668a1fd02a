"""Owns the five RPCs of MailboxService: convert, call the use case, convert back; nothing else."""
# ruff: noqa: ARG002, N802  (names are the contract's, and grpc hands every method a context)

from __future__ import annotations

from typing import Any

import grpc

from mailbox_svc.errors import DeadlinePassed, FieldViolation, InvalidFields
from mailbox_svc.mailboxes.service import Mailboxes
from mailbox_svc.mailboxes.suggesting import Suggestions
from mailbox_svc.model.check import ConnectionReport
from mailbox_svc.rpc.call import calling_user
from mailbox_svc.rpc.convert import (
    draft_from_pb,
    listed_to_pb,
    mailbox_to_pb,
    report_to_pb,
    suggestion_to_pb,
)
from mailbox_svc.rpc.metrics import RpcMetrics
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.mailbox_service_pb2_grpc import MailboxServiceServicer

Context = grpc.aio.ServicerContext[Any, Any]

#: Seconds for one connection when the client allows that much.
_LONGEST_TEST = 30.0
#: Seconds kept back for recording the outcome and for the way home.
_MARGIN = 0.5


class MailboxServicer(MailboxServiceServicer):
    """MailboxService on top of the use cases."""

    def __init__(self, mailboxes: Mailboxes, suggestions: Suggestions, metrics: RpcMetrics) -> None:
        self._mailboxes = mailboxes
        self._suggestions = suggestions
        self._metrics = metrics

    async def List(self, request: pb.ListRequest, context: Context) -> pb.ListResponse:
        mailboxes = await self._mailboxes.list(calling_user())
        return pb.ListResponse(mailboxes=map(listed_to_pb, mailboxes))

    async def Save(self, request: pb.SaveRequest, context: Context) -> pb.SaveResponse:
        mailbox = await self._mailboxes.save(calling_user(), draft_from_pb(request))
        return pb.SaveResponse(mailbox=mailbox_to_pb(mailbox))

    async def Delete(self, request: pb.DeleteRequest, context: Context) -> pb.DeleteResponse:
        await self._mailboxes.delete(calling_user(), request.id)
        return pb.DeleteResponse(ok=True)

    async def Test(self, request: pb.TestRequest, context: Context) -> pb.TestResponse:
        report = await self._tested(request, _seconds_for_test(context.time_remaining()))
        self._metrics.tested(report.code)
        return report_to_pb(report)

    async def SuggestSettings(
        self, request: pb.SuggestSettingsRequest, context: Context
    ) -> pb.SuggestSettingsResponse:
        return suggestion_to_pb(await self._suggestions.suggest(calling_user(), request.address))

    async def _tested(self, request: pb.TestRequest, timeout: float) -> ConnectionReport:
        match request.WhichOneof("target"):
            case "id":
                return await self._mailboxes.test_saved(calling_user(), request.id, timeout=timeout)
            case "draft":
                draft = draft_from_pb(request.draft)
                return await self._mailboxes.test_draft(calling_user(), draft, timeout=timeout)
            case _:
                raise InvalidFields(FieldViolation("target", "Name a saved mailbox by its id, or a draft."))


def _seconds_for_test(remaining: float | None) -> float:
    """Return how long a connection may take, so that its report still reaches the client.

    grpc.aio says None when the client set no deadline, whatever its type hints say.
    """
    if remaining is None:
        return _LONGEST_TEST
    if remaining <= 0:
        raise DeadlinePassed
    return min(_LONGEST_TEST, max(remaining - _MARGIN, remaining / 2))
