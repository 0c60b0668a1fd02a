"""Pages of contacts, and the tokens that lead from one to the next.

A token is a place in one list: it says where the page before ended, and a checksum ties that to the
user, the filter and the order. It is no secret and no proof: a forged one leads elsewhere in the
caller's own list.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from mailbox_svc.contacts.search import sort_key
from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.model.contact import Contact, Cursor, Filter, Order

_CHECK_BYTES = 8
#: What a float holds exactly; far above any score or time.
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the contacts that match."""

    contacts: list[Contact]
    #: Empty on the last page.
    next_token: str
    #: How many match, over all pages.
    total: int


def cursor_of(contact: Contact, order: Order) -> Cursor:
    """Return where a page ends whose last contact is this one."""
    match order:
        case Order.RANK:
            return Cursor(contact.score, contact.id)
        case Order.RECENT:
            return Cursor(int(contact.last_at.timestamp()) if contact.last_at else 0, contact.id)
        case Order.NAME:
            return Cursor(sort_key(contact.display_name, contact.addresses[0].written), contact.id)


def token_of(cursor: Cursor, user_id: str, which: Filter, order: Order) -> str:
    """Return the token of the page after the cursor, in this list only."""
    body = json.dumps([cursor.value, cursor.id]).encode()
    return urlsafe_b64encode(_check(body, user_id, which, order) + body).decode()


def cursor_from(token: str, user_id: str, which: Filter, order: Order) -> Cursor | None:
    """Return where the page before has ended; None when there was none.

    Raises InvalidFields when the token is of another list, or not one of ours.
    """
    if not token:
        return None
    try:
        data = urlsafe_b64decode(token)
        check, body = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        # The decoder passes over what is not of its alphabet, so a token must be its one spelling.
        if urlsafe_b64encode(data).decode() != token or check != _check(body, user_id, which, order):
            raise ValueError  # noqa: TRY301  (one answer for all that is wrong)
        value, contact_id = json.loads(body)
        return Cursor(_sort_value(value, order), _text(contact_id))
    except (ValueError, TypeError, RecursionError):  # the last two: JSON of another shape
        raise InvalidFields(
            FieldViolation("page_token", "This page token is not of this list; start from the first page.")
        ) from None


def _check(body: bytes, user_id: str, which: Filter, order: Order) -> bytes:
    query = (
        user_id,
        order.value,
        which.group_id,
        which.mailbox_id,
        sorted(which.kinds),
        which.words,
        which.kept,
        sorted(which.skipped),
    )
    return hashlib.blake2b(json.dumps(query).encode() + b"\0" + body, digest_size=_CHECK_BYTES).digest()


def _sort_value(value: object, order: Order) -> float | str:
    """Return the value when a database can take it as one of this order. Raises ValueError."""
    if order is Order.NAME:
        return _text(value)
    if isinstance(value, int | float) and -_LARGEST < value < _LARGEST:
        return int(value) if order is Order.RECENT else float(value)
    raise ValueError


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()  # a lone surrogate is a ValueError
    return value
