"""The routes of mailboxes. List, save, delete and test are exact in every name: pages rely on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from mailbox_svc.rest.models.mailbox import (
    DraftBody,
    Mailbox,
    MailboxBody,
    Ok,
    Suggestion,
    TestResult,
    result_of,
)
from mailbox_svc.rest.openapi import refusals
from mailbox_svc.rest.routes.parameters import MailboxId
from mailbox_svc.rest.service import Client

router = APIRouter(prefix="/api/contacts/mailboxes", tags=["mailboxes"])


@router.get("")
async def list_mailboxes(client: Client) -> list[Mailbox]:
    """List all mailboxes, oldest first; a user holds at most 100."""
    return [Mailbox.of(one) for one in await client.list()]


@router.post("", responses=refusals(404, 409, 412))
async def save_mailbox(body: MailboxBody, client: Client) -> Mailbox:
    """Create a mailbox, or change the one with the given id."""
    return Mailbox.of(await client.save(**body.model_dump()))


@router.post("/test", responses=refusals(404, 409))
async def test_draft(body: DraftBody, client: Client) -> TestResult:
    """Log in once with what is not saved yet. Nothing is stored."""
    return result_of(await client.test_draft(**body.model_dump()))


@router.get("/suggest")
async def suggest_settings(
    client: Client,
    address: Annotated[str, Query(max_length=320, examples=["ann@example.org"])],
) -> Suggestion:
    """Say how a mailbox of this address is most likely reached, to fill in a form."""
    return Suggestion.of(await client.suggest_settings(address))


@router.delete("/{id:uuid}", responses=refusals(404))
async def delete_mailbox(mailbox_id: MailboxId, client: Client) -> Ok:
    """Remove a mailbox, its password and everything harvested from it."""
    await client.delete(str(mailbox_id))
    return Ok()


@router.post("/{id:uuid}/test", responses=refusals(404, 409))
async def test_mailbox(mailbox_id: MailboxId, client: Client) -> TestResult:
    """Log in to a saved mailbox once, and remember what came of it. A failed login is an answer, no error."""
    return result_of(await client.test(str(mailbox_id)))
