"""Contacts, what they are judged by, and the groups they are in."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally


class Kind(enum.StrEnum):
    """What stands behind an address. Names are those of `ContactKind` in the contract."""

    PERSON = "person"
    AUTOMATED = "automated"
    LIST = "list"
    ROLE = "role"


class ReasonCode(enum.StrEnum):
    """The evidence that decided. Names are those of `ContactReasonCode` in the contract."""

    WROTE_TO = "WROTE_TO"
    WROTE_TO_USER = "WROTE_TO_USER"
    SEEN_TOGETHER = "SEEN_TOGETHER"
    AUTO_SUBMITTED = "AUTO_SUBMITTED"
    BULK = "BULK"
    ROBOT_ADDRESS = "ROBOT_ADDRESS"
    ROBOT_NAME = "ROBOT_NAME"
    LIST_ADDRESS = "LIST_ADDRESS"
    VIA_LIST = "VIA_LIST"
    ROLE_ADDRESS = "ROLE_ADDRESS"
    TYPED = "TYPED"
    OWN_ADDRESS = "OWN_ADDRESS"


class SkipReason(enum.StrEnum):
    """Why an address is not among the contacts, or not in an import. Names are those of the contract."""

    AUTOMATED = "AUTOMATED"
    LIST = "LIST"
    NEVER_WROTE_TO = "NEVER_WROTE_TO"
    NEVER_EXCHANGED = "NEVER_EXCHANGED"
    OWN_ADDRESS = "OWN_ADDRESS"
    DELETED = "DELETED"
    OTHER_KIND = "OTHER_KIND"
    BELOW_RANK = "BELOW_RANK"
    NOT_FOUND = "NOT_FOUND"
    MERGED = "MERGED"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a contact was judged as it was."""

    code: ReasonCode
    #: One phrase for a person: "you wrote to them 4 times".
    text: str


#: Of a contact that the user deleted.
DELETED = Reason(ReasonCode.TYPED, "you deleted them")


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name that was seen with an address, and who wrote it how often."""

    name: str
    by_self: int
    by_user: int
    by_others: int
    #: Unix seconds; 0 when unknown.
    last_at: int


@dataclass(frozen=True, slots=True)
class AddressEvidence:
    """All that the user's mail says about one address."""

    #: `model.address.canonical` of it.
    address: str
    match_key: str
    written: str
    #: One for each mailbox that has seen it, with that mailbox's policy.
    tallies: tuple[tuple[Policy, Tally], ...]
    names: tuple[NameUse, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What the user entered; empty texts are nothing. No harvest changes it."""

    display_name: str = ""
    organization: str = ""
    phone: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.display_name or self.organization or self.phone or self.note)


@dataclass(frozen=True, slots=True)
class LastKnown:
    """What a contact was judged to be before, for when no mail speaks of it any more."""

    display_name: str
    alternate_names: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class ContactEvidence:
    """What a contact is judged by. Its addresses share a match key, or were merged by the user."""

    #: None when it is new.
    contact_id: str | None
    addresses: tuple[AddressEvidence, ...]
    typed: Typed = Typed()
    #: The user deleted it.
    deleted: bool = False
    #: It is one of the user's own addresses.
    own: bool = False
    #: None when it is new.
    last_known: LastKnown | None = None
    #: The user has put it into a group. It stays a contact when it leaves the group.
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What evidence makes of a contact. A pure function of it: the same evidence, the same judgement."""

    #: The name found in mail; empty when there is none.
    display_name: str
    alternate_names: tuple[str, ...]
    kind: Kind
    reason: Reason
    #: None for those that are kept.
    skipped: SkipReason | None
    #: Independent of the time of judging; `contacts.rank.rank_at` makes 0 to 100 of it.
    score: float
    wrote_to: int
    received: int
    together: int
    #: Unix seconds; 0 when unknown.
    first_at: int
    last_at: int
    #: Canonical address → as written; the main one first.
    addresses: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ContactAddress:
    """One address of a contact."""

    #: As it was written.
    written: str
    match_key: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One person, robot or list that was seen in the user's mail. Times are aware and in UTC."""

    id: str
    user_id: str
    #: The name found in mail; what the user typed is in `typed`.
    found_name: str
    alternate_names: tuple[str, ...]
    #: The main one first; at least one.
    addresses: tuple[ContactAddress, ...]
    kind: Kind
    reason: Reason
    skipped: SkipReason | None
    score: float
    wrote_to: int
    received: int
    together: int
    first_at: datetime | None
    last_at: datetime | None
    typed: Typed
    group_ids: tuple[str, ...]
    #: Changes when name, addresses or kind change: tells an import what it has seen before.
    revision: int
    etag: str
    created_at: datetime
    updated_at: datetime

    @property
    def display_name(self) -> str:
        """The name to show; empty when none is known."""
        return self.typed.display_name or self.found_name


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of contacts. Times are aware and in UTC."""

    id: str
    user_id: str
    name: str
    members: int
    etag: str
    created_at: datetime
    updated_at: datetime


class Order(enum.StrEnum):
    """The order of a list of contacts."""

    RANK = "rank"
    RECENT = "recent"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which contacts are meant; what is not set does not restrict."""

    group_id: str | None = None
    mailbox_id: str | None = None
    kinds: frozenset[Kind] = frozenset()
    #: Words that must all occur in names or addresses; already folded by `contacts.search.words`.
    words: tuple[str, ...] = ()
    #: True: contacts. False: what was skipped. None: both.
    kept: bool | None = True
    skipped: frozenset[SkipReason] = frozenset()
    #: The least score.
    min_score: float | None = None
    ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ends: the last contact's sort value in the order asked for, and its id."""

    value: float | int | str
    id: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or would do."""

    #: None on a dry run for a group that does not exist yet.
    group: Group | None
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: dict[SkipReason, int] = field(default_factory=dict)
