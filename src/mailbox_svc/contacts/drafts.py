"""What a caller asks of the contacts, before any rule was applied to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from mailbox_svc.model.contact import Kind
from mailbox_svc.model.harvest import Policy


@dataclass(frozen=True, slots=True)
class FilterWish:
    """A ContactFilter as it came in; what is not set does not restrict."""

    group_id: str | None = None
    mailbox_id: str | None = None
    kinds: frozenset[Kind] = frozenset()
    query: str = ""


@dataclass(frozen=True, slots=True)
class TypedChanges:
    """What the user has typed; None leaves a field as it is, an empty text clears it."""

    display_name: str | None = None
    organization: str | None = None
    phone: str | None = None
    note: str | None = None
    #: None updates whatever is stored.
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A SaveGroupRequest as it came in."""

    name: str
    #: None creates a group with an id of ours.
    id: str | None = None
    #: None updates whatever is stored.
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What to import: only `ids` when there are some, else all that meet every other condition."""

    ids: tuple[str, ...] = ()
    #: None does not restrict.
    policy: Policy | None = None
    #: None at all means persons only.
    kinds: frozenset[Kind] = frozenset()
    #: 0 to 100.
    min_rank: int = 0
    query: str = ""
    mailbox_id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """An ImportContactsRequest as it came in. One of `group_id` and `group_name` is set."""

    group_id: str | None = None
    #: Of a group that is made when there is none of this name.
    group_name: str | None = None
    selection: Selection = Selection()
    #: Count and change nothing.
    dry_run: bool = False


class ExportForm(enum.StrEnum):
    """The kind of file to export."""

    VCARD_3 = "vcard_3"
    VCARD_4 = "vcard_4"
    CSV = "csv"
