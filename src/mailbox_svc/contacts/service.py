"""List, get, change, delete, group, import and export the contacts of one user.

Invariants: a refused call changes nothing; one use case is one transaction; what a call changes is
judged in the same transaction, so its answer is what later calls see.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import fields, replace

from mailbox_svc.contacts import groups
from mailbox_svc.contacts.drafts import ExportForm, FilterWish, GroupDraft, ImportOrder, TypedChanges
from mailbox_svc.contacts.export import pieces
from mailbox_svc.contacts.importing import import_contacts
from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.paging import Page, cursor_from, cursor_of, token_of
from mailbox_svc.contacts.rules import (
    checked_changes,
    checked_group,
    checked_ids,
    checked_import,
    checked_query,
    checked_size,
)
from mailbox_svc.contacts.search import words
from mailbox_svc.errors import ContactNotFound, GroupNotFound, MailboxNotFound, StaleContact
from mailbox_svc.model.contact import Contact, Filter, Group, ImportResult, Order, SkipReason, Typed
from mailbox_svc.model.fields import checked_id
from mailbox_svc.ports import Clock, Store, Transaction

_TYPED = [field.name for field in fields(Typed)]


class Contacts:
    """The use cases of ContactService."""

    def __init__(
        self, store: Store, *, clock: Clock, new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    @property
    def clock(self) -> Clock:
        """The time by which ranks are told."""
        return self._clock

    async def page(self, user_id: str, wish: FilterWish, order: Order, *, size: int, token: str) -> Page:
        """Return a page of the contacts that match; `size` 0 is 100.

        Raises InvalidFields, GroupNotFound or MailboxNotFound.
        """
        size = checked_size(size)
        which = await self._filter(user_id, wish)
        return await self._page(user_id, which, order, size, token)

    async def skipped(
        self, user_id: str, wish: FilterWish, reasons: frozenset[SkipReason], *, size: int, token: str
    ) -> Page:
        """Return a page of what was left out, closest first; no reasons are all.

        Raises InvalidFields, GroupNotFound or MailboxNotFound.
        """
        size = checked_size(size)
        which = replace(await self._filter(user_id, wish), kept=False, skipped=reasons)
        return await self._page(user_id, which, Order.RANK, size, token)

    async def get(self, user_id: str, contact_id: str) -> Contact:
        """Return a contact, kept or skipped. Raises InvalidFields or ContactNotFound."""
        contact_id = checked_id(contact_id)
        async with self._store.read(user_id) as tx:
            return await existing(tx, contact_id, merged=True)

    async def update(self, user_id: str, contact_id: str, changes: TypedChanges) -> Contact:
        """Store what the user typed and return the contact as judged by it.

        Raises InvalidFields, ContactNotFound or StaleContact; then nothing has changed.
        """
        contact_id, changes = checked_id(contact_id), checked_changes(changes)
        given = {name: text for name in _TYPED if (text := getattr(changes, name)) is not None}
        async with self._store.begin(user_id) as tx:
            # First, because it keeps others out: nobody types or judges between what follows.
            found = await tx.contacts.evidence([contact_id])
            stored = await existing(tx, contact_id)
            if changes.etag not in {None, stored.etag}:
                raise StaleContact
            typed = replace(stored.typed, **given)
            if typed == stored.typed:
                return stored
            now = self._clock()
            await tx.contacts.update(replace(stored, typed=typed, etag=secrets.token_hex(8), updated_at=now))
            evidence = [replace(one, typed=typed) for one in found]
            await tx.contacts.judge([(one, judge(one)) for one in evidence], now=now)
            return await existing(tx, contact_id)

    async def delete(self, user_id: str, contact_id: str) -> None:
        """Remove a contact for good: no harvest brings it back. Raises InvalidFields or ContactNotFound."""
        contact_id = checked_id(contact_id)
        async with self._store.begin(user_id) as tx:
            await existing(tx, contact_id)
            await tx.contacts.delete(contact_id, now=self._clock())

    async def groups(self, user_id: str) -> list[Group]:
        """Return all groups, by name."""
        async with self._store.read(user_id) as tx:
            return await tx.groups.all()

    async def save_group(self, user_id: str, draft: GroupDraft) -> Group:
        """Create or rename a group and return it as stored.

        Raises InvalidFields, GroupNotFound, GroupNameTaken, StaleGroup or TooManyGroups.
        """
        wanted = checked_group(draft)
        async with self._store.begin(user_id) as tx:
            return await groups.save(tx, user_id, wanted, now=self._clock(), new_id=self._new_id)

    async def delete_group(self, user_id: str, group_id: str) -> None:
        """Remove a group; its members stay contacts. Raises InvalidFields or GroupNotFound."""
        group_id = checked_id(group_id)
        async with self._store.begin(user_id) as tx:
            if not await tx.groups.delete(group_id):
                raise GroupNotFound

    async def remove_members(self, user_id: str, group_id: str, contact_ids: Sequence[str]) -> Group:
        """Take contacts out of a group; those that are not in it are passed over.

        Raises InvalidFields or GroupNotFound.
        """
        group_id, ids = checked_id(group_id, "group_id"), checked_ids(contact_ids, "contact_ids")
        async with self._store.begin(user_id) as tx:
            return await groups.remove_members(tx, group_id, ids, now=self._clock())

    async def import_contacts(self, user_id: str, order: ImportOrder) -> ImportResult:
        """Put the selected contacts into a group; a dry run only counts.

        Raises InvalidFields, GroupNotFound, MailboxNotFound or TooManyGroups.
        """
        order = checked_import(order)
        await self._see_mailbox(user_id, order.selection.mailbox_id)
        open_transaction = self._store.read if order.dry_run else self._store.begin
        async with open_transaction(user_id) as tx:
            return await import_contacts(tx, user_id, order, now=self._clock(), new_id=self._new_id)

    async def export(self, user_id: str, wish: FilterWish, form: ExportForm) -> AsyncGenerator[bytes, None]:
        """Yield the kept contacts that match as one file, in pieces that end where lines do.

        Raises InvalidFields, GroupNotFound or MailboxNotFound before the first piece.
        """
        which = await self._filter(user_id, wish)
        async with aclosing(pieces(self._store, user_id, which, form, now=self._clock())) as file:
            async for piece in file:
                yield piece

    async def _page(self, user_id: str, which: Filter, order: Order, size: int, token: str) -> Page:
        after = cursor_from(token, user_id, which, order)
        async with self._store.read(user_id) as tx:
            contacts = await tx.contacts.page(which, order, after=after, limit=size + 1)
            total = await tx.contacts.count(which)
        more, contacts = len(contacts) > size, contacts[:size]
        next_token = token_of(cursor_of(contacts[-1], order), user_id, which, order) if more else ""
        return Page(contacts, next_token, total)

    async def _filter(self, user_id: str, wish: FilterWish) -> Filter:
        """Return the filter in words of the store. Raises as `page` does."""
        query = checked_query(wish.query, "filter.query")
        group_id = None if wish.group_id is None else checked_id(wish.group_id, "filter.group_id")
        mailbox_id = None if wish.mailbox_id is None else checked_id(wish.mailbox_id, "filter.mailbox_id")
        await self._see_mailbox(user_id, mailbox_id)
        if group_id is not None:
            async with self._store.read(user_id) as tx:
                await groups.existing(tx, group_id)
        return Filter(group_id=group_id, mailbox_id=mailbox_id, kinds=wish.kinds, words=words(query))

    async def _see_mailbox(self, user_id: str, mailbox_id: str | None) -> None:
        if mailbox_id is None:
            return
        if all(mailbox.id != mailbox_id for mailbox in await self._store.list_mailboxes(user_id)):
            raise MailboxNotFound


async def existing(tx: Transaction, contact_id: str, *, merged: bool = False) -> Contact:
    """Return the contact unless the user deleted it or, without `merged`, merged it into another one.

    Raises ContactNotFound.
    """
    contact = await tx.contacts.find(contact_id)
    gone = {SkipReason.DELETED} if merged else {SkipReason.DELETED, SkipReason.MERGED}
    if contact is None or contact.skipped in gone:
        raise ContactNotFound
    return contact
