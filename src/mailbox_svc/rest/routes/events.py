"""A harvest's progress as server-sent events (HTML, §9.2).

Every event holds the whole harvest, so that nobody has to add anything up, and its id stands for what it
holds: who comes back with the id of the last one (Last-Event-ID) is told only what has changed since.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from mailbox_svc.rest.models.harvest import FINAL, Harvest
from mailbox_svc.rest.openapi import refusals
from mailbox_svc.rest.problems import problem_of
from mailbox_svc.rest.routes.parameters import HarvestId
from mailbox_svc.rest.service import Client
from mailbox_svc.rest.streams import Streamed, begun
from mailboxes import Harvest as HarvestMessage
from mailboxes import MailboxError

router = APIRouter(prefix="/api/contacts", tags=["harvests"])

#: Milliseconds that a client waits before it connects again.
_RETRY: Final = 2_000
_EXAMPLE: Final = """\
retry: 2000

event: progress
data: {"id":"0192d0c0-0000-7000-8000-000000000002","state":"running",…}
id: 5f0c1d2e3b4a5968

event: end
data: {"id":"0192d0c0-0000-7000-8000-000000000002","state":"done",…}
id: 8d7c6b5a49382716

"""
#: Of each event; before OpenAPI 3.2 there is no other place for it.
_SCHEMA: Final = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string", "enum": ["progress", "end", "problem"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Harvest", "Error")]
            },
        },
        "id": {"type": "string"},
        "retry": {"type": "integer", "description": "Milliseconds."},
    },
}
_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events `progress` and, as the last one, `end`; the data of both is a `Harvest`. When"
        " the service cannot go on there is `problem` instead, with an `Error`. Comments keep it alive.",
        "content": {"text/event-stream": {"schema": _SCHEMA, "example": _EXAMPLE}},
    },
    204: {"description": "The event of Last-Event-ID was the last one: there is nothing to come back for."},
}


@router.get(
    "/harvests/{id:uuid}/events", response_class=StreamingResponse, responses=_DOCUMENTED | refusals(404)
)
async def watch_harvest(
    harvest_id: HarvestId,
    client: Client,
    request: Request,
    last_event_id: Annotated[
        str, Header(alias="Last-Event-ID", description="The id of the last event that arrived.")
    ] = "",
) -> Response:
    """Send the harvest now, whenever it has moved on, and at its end. Leaving never stops the harvest."""
    # First, because the client waits long for a stream of a service that is away.
    now = _Look(await client.get_harvest(str(harvest_id)))
    if now.is_last and now.id == last_event_id:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    source = client.watch_harvest(str(harvest_id))
    events = _events(await begun(source), last_event_id, request.state)
    # Otherwise nginx collects what comes before it passes it on.
    return Streamed(events, source, "text/event-stream", {"x-accel-buffering": "no"})


class _Look:
    """A harvest as an event."""

    def __init__(self, message: HarvestMessage) -> None:
        harvest = Harvest.of(message)
        self.is_last = harvest.state in FINAL
        self._data = harvest.model_dump_json(by_alias=True)
        self.id = hashlib.blake2s(self._data.encode(), digest_size=8).hexdigest()

    @property
    def event(self) -> bytes:
        return format_sse_event(event="end" if self.is_last else "progress", data_str=self._data, id=self.id)


async def _events(
    looks: AsyncGenerator[HarvestMessage, None], seen: str, state: Any
) -> AsyncGenerator[bytes, None]:
    yield format_sse_event(retry=_RETRY)
    try:
        async with aclosing(_with_pauses(looks, state.stopping, state.heartbeat)) as messages:
            async for message in messages:
                if message is None:
                    yield format_sse_event(comment="alive")
                elif (look := _Look(message)).id != seen:
                    seen = look.id
                    yield look.event
    except MailboxError as failure:
        yield format_sse_event(event="problem", data_str=json.dumps(problem_of(failure).content))


async def _with_pauses(
    looks: AsyncGenerator[HarvestMessage, None], stopping: asyncio.Event, seconds: float
) -> AsyncGenerator[HarvestMessage | None, None]:
    """Yield what comes, and None after so many seconds without; end when the gateway stops."""
    stop = asyncio.ensure_future(stopping.wait())
    look = asyncio.ensure_future(anext(looks, None))
    try:
        while True:
            done, _ = await asyncio.wait({look, stop}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                yield None
            elif look in done and (message := look.result()) is not None:
                yield message
                look = asyncio.ensure_future(anext(looks, None))
            else:
                return
    finally:
        stop.cancel()
        look.cancel()
        with suppress(asyncio.CancelledError, MailboxError):
            await look
        await looks.aclose()
