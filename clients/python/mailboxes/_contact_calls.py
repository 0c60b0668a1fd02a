"""The requests about harvests, contacts and groups, which the two clients share. No I/O.

Enums of requests are words: a member's name in lower case without its prefix, `person` for
`CONTACT_KIND_PERSON`.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import timedelta
from typing import Literal, NotRequired, TypedDict, Unpack

from mailboxes.errors import Unavailable
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_pb2 import ContactKind, SkipReason
from mailboxes.v1.harvest_pb2 import ContactPolicy
from mailboxes.v1.harvest_service_pb2 import SetScheduleRequest, StartHarvestRequest

Kind = Literal["person", "automated", "list", "role"]
Policy = Literal["wrote_to", "corresponded", "everyone"]
Order = Literal["rank", "recent", "name"]
Skipped = Literal[
    "automated", "list", "never_wrote_to", "never_exchanged", "own_address", "deleted", "merged"
]
Format = Literal["vcard_3", "vcard_4", "csv"]

#: Seconds to wait after the first, second, … failure in a row.
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
#: The most contacts in a page; iterators ask for as many.
MAX_PAGE = 1000
#: The most pairs in a page of duplicates.
MAX_PAIRS = 500


class FilterFields(TypedDict, total=False):
    """Which contacts are meant; what is left out does not restrict."""

    group_id: str | None
    #: Seen in this mailbox.
    mailbox_id: str | None
    #: Of any of these kinds.
    kinds: Collection[Kind]
    #: Words that must all occur in names or addresses.
    query: str


class ListFields(FilterFields, total=False):
    """A list of contacts."""

    #: Default: rank.
    order: Order


class SkippedFields(FilterFields, total=False):
    """A list of what was left out, closest first."""

    #: For any of these reasons.
    reasons: Collection[Skipped]


class TypedFields(TypedDict, total=False):
    """What the user typed; what is left out stays, an empty text clears it."""

    display_name: str | None
    organization: str | None
    phone: str | None
    note: str | None
    #: Of the contact that was read; StaleEtag when it has changed since.
    etag: str | None


class GroupFields(TypedDict):
    """A group to save."""

    name: str
    #: Renames this group, or creates it under this UUID, so that the call may be repeated safely.
    id: NotRequired[str | None]
    #: Of the group that was read; StaleEtag when it has changed since.
    etag: NotRequired[str | None]


class ImportFields(TypedDict, total=False):
    """What to import, and into which group: `group` or `group_id`, not both."""

    #: The name of a group, which is made when there is none.
    group: str | None
    group_id: str | None
    #: Count and change nothing.
    dry_run: bool
    #: Only these contacts; all that follows is for imports without ids.
    ids: Collection[str]
    #: Those the user wrote to, or corresponded with.
    policy: Policy | None
    #: Default: persons only.
    kinds: Collection[Kind]
    #: 0 to 100.
    min_rank: int
    query: str
    mailbox_id: str | None


class Patience:
    """How long to wait before a lost stream is opened again, and how often."""

    def __init__(self) -> None:
        self._failures = 0

    def renew(self) -> None:
        """The stream works."""
        self._failures = 0

    def pause(self, failure: Unavailable) -> float:
        """Return the seconds to wait: longer each time, never the same for all. Raises the last failure."""
        if self._failures == len(_PAUSES):
            raise failure
        pause = max(_PAUSES[self._failures], failure.retry_after or 0.0)
        self._failures += 1
        return pause * random.uniform(1.0, 1.5)  # noqa: S311  (no secret)


def start_request(mailbox_id: str, policy: Policy | None) -> StartHarvestRequest:
    return StartHarvestRequest(mailbox_id=mailbox_id, policy=_policy(policy))


def schedule_request(
    mailbox_id: str, interval: timedelta | None, policy: Policy | None, *, enabled: bool
) -> SetScheduleRequest:
    request = SetScheduleRequest(mailbox_id=mailbox_id, enabled=enabled, policy=_policy(policy))
    if interval is not None:
        request.interval.FromTimedelta(interval)
    return request


def list_request(page_size: int, page_token: str, **fields: Unpack[ListFields]) -> pb.ListContactsRequest:
    order = fields.pop("order", "rank")
    return pb.ListContactsRequest(
        filter=_filter(fields),
        order=pb.ContactOrder.Value(f"CONTACT_ORDER_{order.upper()}"),
        page_size=page_size,
        page_token=page_token,
    )


def skipped_request(
    page_size: int, page_token: str, **fields: Unpack[SkippedFields]
) -> pb.ListSkippedRequest:
    reasons = fields.pop("reasons", ())
    return pb.ListSkippedRequest(
        filter=_filter(fields),
        reasons=[SkipReason.Value(f"SKIP_REASON_{reason.upper()}") for reason in reasons],
        page_size=page_size,
        page_token=page_token,
    )


def import_request(**fields: Unpack[ImportFields]) -> pb.ImportContactsRequest:
    """Raises ValueError unless exactly one of `group` and `group_id` is given."""
    group, group_id = fields.get("group"), fields.get("group_id")
    request = pb.ImportContactsRequest(
        dry_run=fields.get("dry_run", False),
        selection=pb.ContactSelection(
            ids=fields.get("ids"),
            policy=_policy(fields.get("policy")),
            kinds=_kinds(fields.get("kinds", ())),
            min_rank=fields.get("min_rank", 0),
            query=fields.get("query", ""),
            mailbox_id=fields.get("mailbox_id"),
        ),
    )
    if group is not None and group_id is None:
        request.group_name = group
    elif group_id is not None and group is None:
        request.group_id = group_id
    else:
        raise ValueError("name the group by `group` or by `group_id`")
    return request


def export_request(form: Format, **fields: Unpack[FilterFields]) -> pb.ExportContactsRequest:
    return pb.ExportContactsRequest(
        filter=_filter(fields), format=pb.ExportFormat.Value(f"EXPORT_FORMAT_{form.upper()}")
    )


def _filter(fields: FilterFields) -> pb.ContactFilter:
    return pb.ContactFilter(
        group_id=fields.get("group_id"),
        mailbox_id=fields.get("mailbox_id"),
        kinds=_kinds(fields.get("kinds", ())),
        query=fields.get("query", ""),
    )


def _kinds(words: Collection[Kind]) -> list[ContactKind.ValueType]:
    return [ContactKind.Value(f"CONTACT_KIND_{word.upper()}") for word in words]


def _policy(word: Policy | None) -> ContactPolicy.ValueType:
    return ContactPolicy.Value(f"CONTACT_POLICY_{(word or 'unspecified').upper()}")
