"""The routes of contacts, of what was left out, and of pairs that may be one person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from mailbox_svc.rest.models.contact import (
    Contact,
    ContactBody,
    ContactPage,
    DuplicatePage,
    MergeBody,
    Merged,
    PairBody,
    SkippedPage,
    Unmerged,
)
from mailbox_svc.rest.models.mailbox import Ok
from mailbox_svc.rest.openapi import WITH_ETAG, leads_to, refusals
from mailbox_svc.rest.problems import ETAG_MISMATCH, Refused
from mailbox_svc.rest.routes.parameters import (
    ContactId,
    Filter,
    IfMatch,
    MaybeId,
    MergeId,
    PageSize,
    PageToken,
    quoted,
)
from mailbox_svc.rest.service import Client

router = APIRouter(prefix="/api/contacts", tags=["contacts"])
duplicates = APIRouter(prefix="/api/contacts", tags=["duplicates"])

Order = Literal["rank", "recent", "name"]
Skipped = Literal[
    "automated", "list", "never_wrote_to", "never_exchanged", "own_address", "deleted", "merged"
]


@router.get("", responses=refusals(404))
async def list_contacts(
    client: Client,
    which: Filter,
    order: Annotated[Order, Query(description="Closest, latest, or by name first.")] = "rank",
    page_size: PageSize = 100,
    page_token: PageToken = "",
) -> ContactPage:
    """List the contacts that match, a page at a time."""
    return ContactPage.of(await client.contacts_page(page_size, page_token, order=order, **which))


@router.get("/skipped", responses=refusals(404))
async def list_skipped(
    client: Client,
    which: Filter,
    reason: Annotated[list[Skipped], Query(description="For any of these reasons.")] = [],  # noqa: B006
    page_size: PageSize = 100,
    page_token: PageToken = "",
) -> SkippedPage:
    """List what was left out, each with the reason, closest first."""
    return SkippedPage.of(await client.skipped_page(page_size, page_token, reasons=reason, **which))


@duplicates.get("/duplicates", responses=refusals(404))
async def list_duplicates(
    client: Client,
    contact: Annotated[MaybeId, Query(description="The pairs of this contact.")] = None,
    page_size: Annotated[int, Query(alias="pageSize", ge=1, le=500)] = 50,
    page_token: PageToken = "",
) -> DuplicatePage:
    """List pairs of contacts that may be one person, the surest first."""
    return DuplicatePage.of(await client.duplicates_page(page_size, page_token, contact))


@duplicates.post("/duplicates/dismiss", responses=refusals(404))
async def dismiss_duplicate(body: PairBody, client: Client) -> Ok:
    """Remember that two contacts are not one person: the pair is not offered again."""
    await client.dismiss_duplicate(body.first_id, body.second_id)
    return Ok()


@duplicates.post("/merges", responses=refusals(404, 409) | leads_to(undo_merge={"id": "mergeId"}))
async def merge_contacts(body: MergeBody, client: Client) -> Merged:
    """Make one contact of several: it keeps every address, name and count."""
    return Merged.of(await client.merge_contacts(body.ids))


@duplicates.post("/merges/{id:uuid}/undo", responses=refusals(404, 409))
async def undo_merge(merge_id: MergeId, client: Client) -> Unmerged:
    """Make the contacts of before again. What the user has typed since stays."""
    return Unmerged(contacts=[Contact.of(one) for one in await client.undo_merge(str(merge_id))])


@router.get("/{id:uuid}", responses=refusals(404) | WITH_ETAG)
async def get_contact(contact_id: ContactId, client: Client, response: Response) -> Contact:
    """Return a contact, kept or skipped."""
    contact = Contact.of(await client.get_contact(str(contact_id)))
    response.headers.update(quoted(contact.etag))
    return contact


@router.patch("/{id:uuid}", responses=refusals(404, 412) | WITH_ETAG)
async def update_contact(
    contact_id: ContactId, body: ContactBody, client: Client, etag: IfMatch, response: Response
) -> Contact:
    """Store what the user typed; no harvest changes it."""
    stored = await client.update_contact(str(contact_id), etag=etag, **body.model_dump())
    response.headers.update(quoted(stored.etag))
    return Contact.of(stored)


@router.delete("/{id:uuid}", responses=refusals(404, 412))
async def delete_contact(contact_id: ContactId, client: Client, etag: IfMatch) -> Ok:
    """Remove a contact for good: no harvest brings it back."""
    # The contract's DeleteContact takes no etag, so what is typed between these two calls goes as well.
    if etag is not None and (await client.get_contact(str(contact_id))).etag != etag:
        raise Refused(ETAG_MISMATCH)
    await client.delete_contact(str(contact_id))
    return Ok()
