"""Duplicates of one user: suggested, merged, taken back, dismissed.

Invariants: nothing is merged that the user did not name; a merge loses nothing and can be taken back; what
the user typed wins. Suggestions are computed aside (`comparison`) and kept while nothing changes.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from weakref import WeakValueDictionary

from mailbox_svc.contacts.comparison import Comparison
from mailbox_svc.contacts.judge import judge
from mailbox_svc.contacts.rules import checked_ids
from mailbox_svc.contacts.service import existing
from mailbox_svc.errors import (
    FieldViolation,
    InvalidFields,
    MergedSince,
    MergeNotFound,
    NotMergeable,
)
from mailbox_svc.model.contact import Contact, Kind, Typed
from mailbox_svc.model.duplicate import Absorbed, Merge, Suggestion
from mailbox_svc.model.fields import checked_id
from mailbox_svc.ports import Clock, Store, Transaction

_PAGE = 50
_LARGEST_PAGE = 500
#: Contacts of one merge.
MOST_MERGED = 50
#: Users whose suggestions are kept in memory.
_USERS = 32


@dataclass(frozen=True, slots=True)
class DuplicatePage:
    """Some of the suggestions."""

    #: The contact to keep, the other, the score, and why.
    pairs: list[tuple[Contact, Contact, float, str]]
    #: Empty on the last page.
    next_token: str
    #: How many there are, over all pages.
    total: int


class Merging:
    """The use cases of ContactService that are about duplicates."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        comparison: Comparison | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._known: OrderedDict[str, tuple[str, list[Suggestion]]] = OrderedDict()
        self._comparison = comparison or Comparison()
        #: By user: who asks while the answer is being made waits for it.
        self._computing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # The loop keeps weak references only.
        self._tasks: set[asyncio.Task[list[Suggestion]]] = set()

    async def duplicates(
        self, user_id: str, *, contact_id: str | None, size: int, token: str
    ) -> DuplicatePage:
        """Return a page of pairs that may be one person, the surest first; `size` 0 is 50.

        Raises InvalidFields or ContactNotFound.
        """
        if not 0 <= size <= _LARGEST_PAGE:
            raise InvalidFields(FieldViolation("page_size", f"A page has 1 to {_LARGEST_PAGE} pairs."))
        after = _place_from(token)
        wanted = None if contact_id is None else checked_id(contact_id, "contact_id")
        if wanted is not None:
            async with self._store.read(user_id) as tx:
                await existing(tx, wanted)
        found = await self._suggestions(user_id)
        if wanted is not None:
            found = [one for one in found if wanted in (one.first, one.second)]
        begin = 0 if after is None else bisect_right(found, after, key=_place)
        page = found[begin : begin + (size or _PAGE)]
        more = begin + len(page) < len(found)
        return DuplicatePage(
            await self._pairs(user_id, page), _token_of(page[-1]) if more else "", total=len(found)
        )

    async def merge(self, user_id: str, ids: Sequence[str]) -> tuple[Contact, str]:
        """Make one contact of several, the first, and return it with the id of the merge.

        Raises InvalidFields, ContactNotFound or NotMergeable; then nothing has changed.
        """
        chosen = checked_ids(ids, "ids")
        if not 2 <= len(chosen) <= MOST_MERGED:
            raise InvalidFields(FieldViolation("ids", f"Name 2 to {MOST_MERGED} different contacts."))
        async with self._store.begin(user_id) as tx:
            # First, because it keeps others out: nobody types or judges between what follows.
            await tx.contacts.evidence(chosen)
            kept, *others = [await existing(tx, one, merged=True) for one in chosen]
            if any(one.skipped is not None or one.kind is not Kind.PERSON for one in (kept, *others)):
                raise NotMergeable
            merge = self._merge_of(user_id, kept, others)
            await tx.duplicates.merge(merge)
            await self._judge(tx, [kept.id])
            return await existing(tx, kept.id), merge.id

    async def undo(self, user_id: str, merge_id: str) -> list[Contact]:
        """Make the contacts of before again, and return them, the kept one first.

        Raises InvalidFields, MergeNotFound or MergedSince; then nothing has changed.
        """
        merge_id = checked_id(merge_id, "merge_id")
        async with self._store.begin(user_id) as tx:
            await tx.contacts.evidence([])
            merge = await tx.duplicates.find_merge(merge_id)
            if merge is None:
                raise MergeNotFound
            if await tx.duplicates.later_merge(merge):
                raise MergedSince
            ids = [merge.kept, *(one.id for one in merge.absorbed)]
            await tx.duplicates.undo(merge)
            await self._judge(tx, ids)
            found = [await tx.contacts.find(one) for one in ids]
            return [one for one in found if one is not None]

    async def dismiss(self, user_id: str, first_id: str, second_id: str) -> None:
        """Remember that two contacts are not one person. Raises InvalidFields or ContactNotFound."""
        first, second = checked_id(first_id, "first_id"), checked_id(second_id, "second_id")
        if first == second:
            raise InvalidFields(FieldViolation("second_id", "Name two different contacts."))
        async with self._store.begin(user_id) as tx:
            for one in (first, second):
                await existing(tx, one)
            await tx.duplicates.dismiss(first, second, now=self._clock())

    async def stop(self) -> None:
        """End the comparisons that are under way, and wait for their end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _merge_of(self, user_id: str, kept: Contact, others: Sequence[Contact]) -> Merge:
        groups = dict.fromkeys(group for one in others for group in one.group_ids)
        return Merge(
            id=self._new_id(),
            user_id=user_id,
            kept=kept.id,
            absorbed=tuple(
                Absorbed(one.id, tuple(dict.fromkeys(a.match_key for a in one.addresses)), one.skipped)
                for one in others
            ),
            typed_before=kept.typed,
            typed_after=_filled(kept.typed, [one.typed for one in others]),
            groups_added=tuple(group for group in groups if group not in kept.group_ids),
            merged_at=self._clock(),
        )

    async def _judge(self, tx: Transaction, ids: Sequence[str]) -> None:
        evidence = await tx.contacts.evidence(ids)
        await tx.contacts.judge([(one, judge(one)) for one in evidence], now=self._clock())

    async def _suggestions(self, user_id: str) -> list[Suggestion]:
        """Return all suggestions; who stops waiting leaves the result to the next."""
        task = asyncio.create_task(self._computed(user_id))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[list[Suggestion]]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even when the caller has left

    async def _computed(self, user_id: str) -> list[Suggestion]:
        async with self._computing.setdefault(user_id, asyncio.Lock()):
            async with self._store.read(user_id) as tx:
                state = await tx.duplicates.state()
                known = self._known.get(user_id)
                if known is not None and known[0] == state:
                    self._known.move_to_end(user_id)
                    return known[1]
                candidates = await tx.duplicates.candidates()
                dismissed = await tx.duplicates.dismissed()
            found = await self._comparison.suggestions(candidates, dismissed=dismissed)
            self._known[user_id] = state, found
            while len(self._known) > _USERS:
                self._known.popitem(last=False)
            return found

    async def _pairs(
        self, user_id: str, page: Sequence[Suggestion]
    ) -> list[tuple[Contact, Contact, float, str]]:
        pairs = []
        async with self._store.read(user_id) as tx:
            ids = {one for pair in page for one in (pair.first, pair.second)}
            contacts = {one: await tx.contacts.find(one) for one in ids}
        for pair in page:
            first, second = contacts[pair.first], contacts[pair.second]
            if first is None or second is None:  # gone meanwhile
                continue
            if (second.score, first.id) > (first.score, second.id):
                first, second = second, first
            pairs.append((first, second, pair.score, pair.why))
        return pairs


def _filled(typed: Typed, others: Sequence[Typed]) -> Typed:
    """Return what was typed for the kept contact, its empty fields taken from the others."""
    taken = {
        field.name: text
        for field in fields(Typed)
        if not getattr(typed, field.name)
        and (text := next((t for one in others if (t := getattr(one, field.name))), ""))
    }
    return replace(typed, **taken)


def _place(pair: Suggestion) -> tuple[float, str, str]:
    """Return where a pair stands in the list, which is in the order of this."""
    return -pair.score, pair.first, pair.second


def _token_of(pair: Suggestion) -> str:
    return urlsafe_b64encode(json.dumps(_place(pair)).encode()).decode()


def _place_from(token: str) -> tuple[float, str, str] | None:
    if not token:
        return None
    try:
        score, first, second = json.loads(urlsafe_b64decode(token))
        return float(score), str(first), str(second)
    except (ValueError, TypeError, RecursionError, OverflowError):
        raise InvalidFields(FieldViolation("page_token", "This is not a token of a page before.")) from None
