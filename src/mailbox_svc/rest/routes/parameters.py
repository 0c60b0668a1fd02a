"""Parameters that more than one route takes: ids in paths, pages, filters, and etags in headers."""

from __future__ import annotations

from typing import Annotated, TypedDict
from uuid import UUID

from fastapi import Depends, Header, Path, Query

from mailbox_svc.rest.models.given import GivenId
from mailbox_svc.rest.models.group import Kind

# A path has `{id:uuid}`, which matches no other text: /api/contacts/groups is no contact.
MailboxId = Annotated[UUID, Path(alias="id", description="The id of a mailbox.")]
HarvestId = Annotated[UUID, Path(alias="id", description="The id of a harvest.")]
ContactId = Annotated[UUID, Path(alias="id", description="The id of a contact.")]
GroupId = Annotated[UUID, Path(alias="id", description="The id of a group.")]
MergeId = Annotated[UUID, Path(alias="id", description="The id that the merge was answered with.")]
#: In a query.
MaybeId = GivenId | None

PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000)]
PageToken = Annotated[
    str,
    Query(
        alias="pageToken", description="`nextPageToken` of the page before, with the same filter and order."
    ),
]


class FilterFields(TypedDict):
    """Which contacts are meant, in the words of the client."""

    query: str
    kinds: list[Kind]
    group_id: str | None
    mailbox_id: str | None


def _filter(
    q: Annotated[
        str, Query(max_length=200, description="Words that must all occur in names or addresses.")
    ] = "",
    kind: Annotated[list[Kind], Query(description="Of any of these kinds.")] = [],  # noqa: B006
    group: Annotated[MaybeId, Query(description="Members of this group.")] = None,
    mailbox: Annotated[MaybeId, Query(description="Seen in this mailbox.")] = None,
) -> FilterFields:
    return {"query": q, "kinds": kind, "group_id": group, "mailbox_id": mailbox}


Filter = Annotated[FilterFields, Depends(_filter)]


def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match", description="The etag that was read, in quotes; if it was changed since: 412."
        ),
    ] = None,
) -> str | None:
    # RFC 9110 §13.1.1. What is no etag of ours, a weak one for example, is not that of what is stored either.
    return None if if_match == "*" else if_match and if_match.removeprefix('"').removesuffix('"')


#: None where whatever is stored may be replaced.
IfMatch = Annotated[str | None, Depends(_if_match)]


def quoted(etag: str) -> dict[str, str]:
    """Return the header that carries an etag."""
    return {"etag": f'"{etag}"'}
