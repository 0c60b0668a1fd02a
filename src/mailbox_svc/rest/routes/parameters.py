"""Parameters that more than one route takes: ids in paths, pages, filters, and etags in headers."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypedDict
from uuid import UUID

from fastapi import Depends, Header, Path, Query
from pydantic.json_schema import SkipJsonSchema

from mailbox_svc.rest.models.group import Kind
from mailbox_svc.rest.problems import invalid

#: RFC 9110 §8.8.3; weak ones do not count where something is changed (§13.1.1).
_ETAG: Final = re.compile(r'"([!#-~\x80-\xff]*)"')


def _id(description: str) -> Any:
    # Any text is passed on: the service has one answer to all ids that the user has nothing of.
    return Path(alias="id", description=description, json_schema_extra={"format": "uuid"})


MailboxId = Annotated[str, _id("The id of a mailbox.")]
HarvestId = Annotated[str, _id("The id of a harvest.")]
GroupId = Annotated[str, _id("The id of a group.")]
MergeId = Annotated[str, _id("The id that the merge was answered with.")]
#: Another form is another path: /api/contacts/groups is no contact.
ContactId = Annotated[UUID, Path(alias="id", description="The id of a contact.")]

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
        str,
        Query(
            max_length=200, description="Words that must all occur in names or addresses, whatever the case."
        ),
    ] = "",
    kind: Annotated[list[Kind], Query(description="Of any of these kinds.")] = [],  # noqa: B006  (FastAPI copies it)
    group: Annotated[str | SkipJsonSchema[None], Query(description="The id of a group: its members.")] = None,
    mailbox: Annotated[
        str | SkipJsonSchema[None], Query(description="The id of a mailbox: those seen in it.")
    ] = None,
) -> FilterFields:
    return {"query": q, "kinds": kind, "group_id": group, "mailbox_id": mailbox}


Filter = Annotated[FilterFields, Depends(_filter)]


def _if_match(
    if_match: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="If-Match", description="The etag that was read, in quotes; if it was changed since: 412."
        ),
    ] = None,
) -> str | None:
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise invalid("If-Match", "Must be one etag in quotes, as it was sent.")
    return tag[1]


#: None where whatever is stored may be replaced.
IfMatch = Annotated[str | None, Depends(_if_match)]


def quoted(etag: str) -> dict[str, str]:
    """Return the header that carries an etag."""
    return {"etag": f'"{etag}"'}
