"""Contacts, what was left out, and pairs that may be one person."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from mailbox_svc.rest.models.base import Answer, Body, Count, Id, Time
from mailbox_svc.rest.models.given import LINES, GivenId, line
from mailbox_svc.rest.models.values import Words, time_of
from mailboxes import Contact as ContactMessage
from mailboxes import (
    ContactKind,
    ContactReasonCode,
    ListContactsResponse,
    ListDuplicatesResponse,
    ListSkippedResponse,
    MergeContactsResponse,
    SkipReason,
)
from mailboxes import Duplicate as DuplicateMessage

_KIND: Final = Words(ContactKind, "CONTACT_KIND_")
_REASON: Final = Words(ContactReasonCode, "CONTACT_REASON_CODE_")
_SKIPPED: Final = Words(SkipReason, "SKIP_REASON_")

SkipWord = Annotated[str, _SKIPPED.schema]
PageToken = Annotated[str | None, Field(description="For the next page; null on the last.")]


def skip_word(number: int) -> str:
    """Return why something was left out."""
    return _SKIPPED.of(number)


class Address(Answer):
    """One e-mail address of a contact."""

    address: str = Field(description="As it was written.")
    match_key: str = Field(description="Equal for spellings that reach the same account.")


class Reason(Answer):
    """Why it was judged so."""

    code: Annotated[str, _REASON.schema]
    text: str = Field(description="One phrase for a person.")


class Typed(Answer):
    """What the user entered; no harvest changes it. Each is empty until then."""

    display_name: str
    organization: str
    phone: str
    note: str


class Contact(Answer):
    """One person, robot or list that was seen in the user's mail."""

    id: Id
    display_name: str = Field(
        description="What the user typed, else the best name found in mail; may be empty."
    )
    address: str = Field(description="The main e-mail address, as it was written.")
    addresses: list[Address] = Field(description="The main one first; at most 100.")
    kind: Annotated[str, _KIND.schema]
    reason: Reason
    skipped_because: SkipWord | None = Field(description="Null for those that are among the contacts.")
    rank: int = Field(ge=0, le=100, description="How close; it falls with time when no mail is exchanged.")
    wrote_to: Count = Field(description="Messages that the user sent to it.")
    received: Count = Field(description="Messages that it sent to the user, lists included.")
    seen_together: Count = Field(description="Messages of others that went to it as well.")
    first_at: Time | None
    last_at: Time | None
    alternate_names: list[str] = Field(
        description="Other names it was seen with, most frequent first; at most 20."
    )
    typed: Typed
    group_ids: list[Id]
    etag: str = Field(description="Changes when what the user typed changes.")

    @classmethod
    def of(cls, message: ContactMessage) -> Contact:
        typed = message.typed
        return cls(
            id=message.id,
            display_name=message.display_name,
            address=message.address,
            addresses=[Address(address=one.address, match_key=one.match_key) for one in message.addresses],
            kind=_KIND.of(message.kind),
            reason=Reason(code=_REASON.of(message.reason.code), text=message.reason.text),
            skipped_because=_SKIPPED.maybe(message.skipped_because),
            rank=message.rank,
            wrote_to=message.wrote_to,
            received=message.received,
            seen_together=message.seen_together,
            first_at=time_of(message, "first_at"),
            last_at=time_of(message, "last_at"),
            alternate_names=list(message.alternate_names),
            typed=Typed(
                display_name=typed.display_name,
                organization=typed.organization,
                phone=typed.phone,
                note=typed.note,
            ),
            group_ids=list(message.group_ids),
            etag=message.etag,
        )


class ContactPage(Answer):
    """A page of contacts."""

    contacts: list[Contact]
    next_page_token: PageToken
    total_size: Count = Field(description="How many match, over all pages.")

    @classmethod
    def of(cls, message: ListContactsResponse) -> ContactPage:
        return cls(
            contacts=[Contact.of(one) for one in message.contacts],
            next_page_token=message.next_page_token or None,
            total_size=message.total_size,
        )


class SkippedPage(Answer):
    """A page of what was left out, closest first."""

    skipped: list[Contact] = Field(description="Each with `skippedBecause`.")
    next_page_token: PageToken
    total_size: Count = Field(description="How many match, over all pages.")

    @classmethod
    def of(cls, message: ListSkippedResponse) -> SkippedPage:
        return cls(
            skipped=[Contact.of(one) for one in message.skipped],
            next_page_token=message.next_page_token or None,
            total_size=message.total_size,
        )


class ContactBody(Body):
    """What the user types. What is left out stays; an empty text clears it."""

    display_name: Annotated[str, line(200, least=0)] | None = Field(
        default=None, description="Empty goes back to the name found in mail."
    )
    organization: Annotated[str, line(200, least=0)] | None = None
    phone: Annotated[str, line(50, least=0)] | None = None
    note: Annotated[str, Field(max_length=2000, json_schema_extra={"pattern": LINES})] | None = None


class Duplicate(Answer):
    """Two contacts that may be one person."""

    first: Contact = Field(description="The one to keep: it is ranked higher.")
    second: Contact = Field(description="Would be merged into it.")
    score: float = Field(ge=0, le=1, description="How sure it is.")
    why: str = Field(description="One sentence for a person.")

    @classmethod
    def of(cls, message: DuplicateMessage) -> Duplicate:
        return cls(
            first=Contact.of(message.first),
            second=Contact.of(message.second),
            score=message.score,
            why=message.why,
        )


class DuplicatePage(Answer):
    """A page of suggestions, the surest first."""

    duplicates: list[Duplicate]
    next_page_token: PageToken
    total_size: Count

    @classmethod
    def of(cls, message: ListDuplicatesResponse) -> DuplicatePage:
        return cls(
            duplicates=[Duplicate.of(one) for one in message.duplicates],
            next_page_token=message.next_page_token or None,
            total_size=message.total_size,
        )


class PairBody(Body):
    """Two contacts, in any order."""

    first_id: GivenId
    second_id: GivenId


class MergeBody(Body):
    """Contacts that are one person; the first is kept, with its id."""

    ids: list[GivenId] = Field(min_length=2, max_length=50)


class Merged(Answer):
    """What became of them."""

    contact: Contact = Field(description="The one that was kept, as it is now.")
    merge_id: Id = Field(description="Takes the merge back.")

    @classmethod
    def of(cls, message: MergeContactsResponse) -> Merged:
        return cls(contact=Contact.of(message.contact), merge_id=message.merge_id)


class Unmerged(Answer):
    """The contacts as they are now, the one that was kept first."""

    contacts: list[Contact]
