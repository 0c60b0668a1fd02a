"""The routes of groups, of imports into them, and of exports."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from mailbox_svc.rest.models.group import Group, GroupBody, ImportBody, ImportResult, MembersBody
from mailbox_svc.rest.models.mailbox import Ok
from mailbox_svc.rest.openapi import WITH_ETAG, refusals
from mailbox_svc.rest.routes.parameters import Filter, GroupId, IfMatch, quoted
from mailbox_svc.rest.service import Client
from mailbox_svc.rest.streams import Streamed, begun, or_cut_off

router = APIRouter(prefix="/api/contacts", tags=["groups"])
files = APIRouter(prefix="/api/contacts", tags=["contacts"])

Format = Literal["vcard3", "vcard4", "csv"]
_FORMATS: dict[Format, tuple[Literal["vcard_3", "vcard_4", "csv"], str, str]] = {
    "vcard3": ("vcard_3", "text/vcard; charset=utf-8", "contacts.vcf"),
    "vcard4": ("vcard_4", "text/vcard; charset=utf-8", "contacts.vcf"),
    "csv": ("csv", "text/csv; charset=utf-8; header=present", "contacts.csv"),
}
_DOWNLOAD: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "headers": {"Content-Disposition": {"description": "Its name.", "schema": {"type": "string"}}},
        "content": {kind: {"schema": {"type": "string"}} for kind in ("text/vcard", "text/csv")},
    }
}


@router.get("/groups")
async def list_groups(client: Client) -> list[Group]:
    """List all groups, by name."""
    return [Group.of(one) for one in await client.list_groups()]


@router.post("/groups", responses=refusals(409) | WITH_ETAG)
async def create_group(body: GroupBody, client: Client, response: Response) -> Group:
    """Create a group."""
    return _with_etag(Group.of(await client.save_group(name=body.name)), response)


@router.put("/groups/{id:uuid}", responses=refusals(404, 409, 412) | WITH_ETAG)
async def save_group(
    group_id: GroupId,
    body: GroupBody,
    client: Client,
    etag: IfMatch,
    response: Response,
) -> Group:
    """Rename a group; a UUID not yet in use creates one with it, so that the call may be repeated safely."""
    return _with_etag(
        Group.of(await client.save_group(id=str(group_id), name=body.name, etag=etag)), response
    )


@router.delete("/groups/{id:uuid}", responses=refusals(404))
async def delete_group(group_id: GroupId, client: Client) -> Ok:
    """Remove a group; its members stay contacts."""
    await client.delete_group(str(group_id))
    return Ok()


@router.post("/groups/{id:uuid}/members/remove", responses=refusals(404))
async def remove_members(group_id: GroupId, body: MembersBody, client: Client) -> Group:
    """Take contacts out of a group; they stay contacts."""
    return Group.of(await client.remove_members(str(group_id), body.contact_ids))


@router.post("/import", responses=refusals(404, 409))
async def import_contacts(body: ImportBody, client: Client) -> ImportResult:
    """Put the selected contacts into a group. Safe to repeat: nothing is added twice."""
    selection = body.selection
    result = await client.import_contacts(
        group=body.group_name,
        group_id=body.group_id,
        dry_run=body.dry_run,
        ids=selection.ids,
        policy=selection.policy,
        kinds=selection.kinds,
        min_rank=selection.min_rank,
        query=selection.q,
        mailbox_id=selection.mailbox,
    )
    return ImportResult.of(result)


@files.get("/export", response_class=StreamingResponse, responses=_DOWNLOAD | refusals(404))
async def export_contacts(
    client: Client, which: Filter, form: Annotated[Format, Query(alias="format")]
) -> StreamingResponse:
    """Download the contacts that match as one file. What was left out is never exported."""
    word, media_type, name = _FORMATS[form]
    source = client.export_contacts(word, **which)
    pieces = or_cut_off(await begun(source))
    return Streamed(pieces, source, media_type, {"content-disposition": f'attachment; filename="{name}"'})


def _with_etag(group: Group, response: Response) -> Group:
    response.headers.update(quoted(group.etag))
    return group
