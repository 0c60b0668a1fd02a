"""Groups, and what is imported into them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from mailbox_svc.rest.models.base import Answer, Body, Count, Id, Time
from mailbox_svc.rest.models.contact import SkipWord, skip_word
from mailbox_svc.rest.models.given import GivenId
from mailbox_svc.rest.models.harvest import Policy
from mailbox_svc.rest.models.values import time
from mailboxes import Group as GroupMessage
from mailboxes import ImportContactsResponse

Kind = Literal["person", "automated", "list", "role"]
GroupName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="Unique for the user, whatever the case.",
    ),
]


class Group(Answer):
    """A named set of contacts."""

    id: Id
    name: str
    members: Count = Field(description="How many contacts are in it.")
    etag: str
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, message: GroupMessage) -> Group:
        return cls(
            id=message.id,
            name=message.name,
            members=message.members,
            etag=message.etag,
            created_at=time(message.created_at),
            updated_at=time(message.updated_at),
        )


class GroupBody(Body):
    """A group to save."""

    name: GroupName


class MembersBody(Body):
    """Members to take out; those that are none are passed over."""

    contact_ids: list[GivenId] = Field(max_length=1000)


class SelectionBody(Body):
    """What to import. With ids only these; else all contacts that meet every condition."""

    ids: list[GivenId] = Field(default=[], max_length=1000, description="Kept contacts and skipped ones.")
    policy: Policy | None = Field(default=None, description="Those the user wrote to, or corresponded with.")
    kinds: list[Kind] = Field(default=[], max_length=10, description="None means persons only.")
    min_rank: int = Field(default=0, ge=0, le=100)
    q: str = Field(default="", max_length=200, description="Words that must all occur in names or addresses.")
    mailbox: GivenId | None = Field(default=None, description="The id of a mailbox: those seen in it.")


def _needs(name: str) -> dict[str, JsonValue]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


class ImportBody(Body):
    """What to import into which group; exactly one of `groupId` and `groupName`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [_needs("groupId"), _needs("groupName")]},
    )

    group_id: GivenId | None = Field(default=None, description="A group that exists.")
    group_name: GroupName | None = Field(
        default=None, description="A group that is made when there is none of this name."
    )
    selection: SelectionBody = SelectionBody()
    dry_run: bool = Field(default=False, description="Count, and change nothing.")

    @model_validator(mode="after")
    def _one_group(self) -> ImportBody:
        if (self.group_id is None) == (self.group_name is None):
            raise ValueError("Name the group by `groupId` or by `groupName`.")
        return self


class SkippedCount(Answer):
    """How many were left out for one reason."""

    reason: SkipWord
    count: Count


class ImportResult(Answer):
    """What an import did, or would do."""

    group: Group | None = Field(description="Null on a dry run for a group that does not exist yet.")
    added: Count
    updated: Count = Field(
        description="Were members; name, addresses or kind have changed since their import."
    )
    unchanged: Count
    skipped: list[SkippedCount]

    @classmethod
    def of(cls, message: ImportContactsResponse) -> ImportResult:
        return cls(
            group=Group.of(message.group) if message.HasField("group") else None,
            added=message.added,
            updated=message.updated,
            unchanged=message.unchanged,
            skipped=[SkippedCount(reason=skip_word(one.reason), count=one.count) for one in message.skipped],
        )
