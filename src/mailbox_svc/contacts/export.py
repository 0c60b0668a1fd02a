"""Contacts as a file, in pieces, so that no more than a page of them is ever in memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from functools import partial

from mailbox_svc.contacts import csv_file
from mailbox_svc.contacts.drafts import ExportForm
from mailbox_svc.contacts.paging import cursor_of
from mailbox_svc.contacts.vcard import Version, card
from mailbox_svc.model.contact import Contact, Filter, Order
from mailbox_svc.ports import Store

#: Contacts of a page. With the longest fields a page is below a megabyte; gRPC's limit is four.
_PAGE = 200

#: A contact, and the names of its groups.
_Entry = tuple[Contact, list[str]]


async def pieces(
    store: Store, user_id: str, which: Filter, form: ExportForm, *, now: datetime
) -> AsyncGenerator[bytes, None]:
    """Yield the file of the contacts that match, by name; each piece ends where a line does.

    Each page is read on its own: a client that reads slowly holds no transaction open. A contact that
    is renamed meanwhile may be missing or come twice; all others come once.
    """
    if form is ExportForm.CSV:
        yield csv_file.head()
    async with store.read(user_id) as tx:
        names = {group.id: group.name for group in await tx.groups.all()}
    after = None
    while True:
        async with store.read(user_id) as tx:
            contacts = await tx.contacts.page(which, Order.NAME, after=after, limit=_PAGE)
        if contacts:
            page = [(one, [names[g] for g in one.group_ids if g in names]) for one in contacts]
            yield _WRITERS[form](page, now)
        if len(contacts) < _PAGE:
            return
        after = cursor_of(contacts[-1], Order.NAME)


def _cards(page: Sequence[_Entry], _now: datetime, *, version: Version) -> bytes:
    return b"".join(card(contact, groups, version) for contact, groups in page)


def _records(page: Sequence[_Entry], now: datetime) -> bytes:
    return csv_file.rows(page, now=now)


_WRITERS: dict[ExportForm, Callable[[Sequence[_Entry], datetime], bytes]] = {
    ExportForm.VCARD_3: partial(_cards, version=Version.V3),
    ExportForm.VCARD_4: partial(_cards, version=Version.V4),
    ExportForm.CSV: _records,
}
