"""What duplicates of one user are suggested from, and what the user says of them. Judges nothing."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import Text, bindparam, delete, false, select, true, update

from mailbox_svc.errors import ContactNotFound
from mailbox_svc.model.address import canonical
from mailbox_svc.model.contact import Contact, Kind, SkipReason, Typed
from mailbox_svc.model.duplicate import Candidate, Merge
from mailbox_svc.storage.columns import KEPT
from mailbox_svc.storage.contact_rows import ContactRows
from mailbox_svc.storage.contact_versions import ContactVersions
from mailbox_svc.storage.database import DialectName, Executor, Parameters, Row, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_into, one_of
from mailbox_svc.storage.evidence_marks import EvidenceMarks
from mailbox_svc.storage.merge_rows import MergeRows
from mailbox_svc.storage.tables import addresses, contact_groups, contacts, dismissed_pairs, group_members

#: Candidates of one statement: what holds up others, in this process and at the database.
_PAGE = 2000

_a = addresses.c
_c = contacts.c
_d = dismissed_pairs.c
_g = contact_groups.c
_m = group_members.c
_USER = bindparam("for_user", type_=Text)
_CONTACT = bindparam("for_contact", type_=Text)
_THIS = (_c.user_id == _USER, _c.id == _CONTACT)
_CANDIDATES = (
    select(
        _c.id,
        _c.typed_name,
        _c.found_name,
        _c.alternate_names,
        _c.addresses,
        _c.kind,
        _c.typed_organization,
        _c.typed_phone,
        _c.wrote_to + _c.received,
    )
    .where(_c.user_id == _USER, KEPT, _c.id > bindparam("after"))
    .order_by(_c.id)
    .limit(_PAGE)
)
_DISMISSED = select(_d.first_id, _d.second_id).where(_d.user_id == _USER)
_DISMISS = for_each_dialect(
    lambda dialect: (
        insert_into(dismissed_pairs, dialect)
        .values({column.name: bindparam(column.name) for column in dismissed_pairs.columns})
        .on_conflict_do_nothing(index_elements=[_d.user_id, _d.first_id, _d.second_id])
    )
)
_GIVE = for_each_dialect(
    lambda dialect: (
        update(addresses)
        .where(_a.user_id == _USER, one_of(dialect, _a.contact_id, "ids"))
        .values(contact_id=_CONTACT, changed=true())
    )
)
_GIVE_BACK = for_each_dialect(
    lambda dialect: (
        update(addresses)
        .where(
            _a.user_id == _USER,
            _a.contact_id == bindparam("from_contact"),
            one_of(dialect, _a.match_key, "keys"),
        )
        .values(contact_id=_CONTACT, changed=true())
    )
)
_MARK = (
    update(addresses)
    .where(_a.user_id == _USER, _a.contact_id == _CONTACT, _a.changed.is_(false()))
    .values(changed=true())
)
_ENTERED = (_c.grouped, _c.typed_name, _c.typed_organization, _c.typed_phone, _c.typed_note)
_HIDE = for_each_dialect(
    lambda dialect: (
        update(contacts)
        .where(_c.user_id == _USER, one_of(dialect, _c.id, "ids"))
        .values(skipped=SkipReason.MERGED.value)
        .returning(*_ENTERED)
    )
)
_SHOW = update(contacts).where(*_THIS).values(skipped=bindparam("skipped", type_=Text))
#: What evidence alone may not bring back: what was known when mail of the contact was gone already.
_BEFORE = ("grouped", "found_name", "alternate_names", "kind")
_FIND_BEFORE = select(*(_c[name] for name in _BEFORE)).where(*_THIS)
_RESTORE = update(contacts).where(*_THIS).values({name: bindparam(name) for name in _BEFORE})
_HAS_BEEN_GROUPED = update(contacts).where(*_THIS).values(grouped=true())
_LOCK_GROUPS = for_each_dialect(
    lambda dialect: (
        select(_g.id)
        .where(_g.user_id == _USER, one_of(dialect, _g.id, "ids"))
        .order_by(_g.id)
        .with_for_update(read=True, key_share=True)
    )
)
_LEAVE = for_each_dialect(
    lambda dialect: delete(group_members).where(
        _m.user_id == _USER,
        _m.contact_id == _CONTACT,
        one_of(dialect, _m.group_id, "ids"),
    )
)


def _join(dialect: DialectName) -> Statement:
    revision = select(_c.revision).where(*_THIS).scalar_subquery()
    member = select(_g.id, _CONTACT, _g.user_id, revision)
    return (
        insert_into(group_members, dialect)
        .from_select(
            ["group_id", "contact_id", "user_id", "revision"],
            member.where(_g.user_id == _USER, one_of(dialect, _g.id, "ids")),
        )
        .on_conflict_do_nothing(index_elements=[_m.group_id, _m.contact_id])
    )


_JOIN = for_each_dialect(_join)


class DuplicateRows:
    """Satisfies `ports.contacts.DuplicateRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user: dict[str, object] = {"for_user": user_id}
        self._marks = EvidenceMarks(executor, user_id)
        self._versions = ContactVersions(executor, user_id)
        self._contacts = ContactRows(executor, user_id)
        self._merges = MergeRows(executor, user_id)

    async def state(self) -> str:
        return str(await self._versions.now())

    async def candidates(self) -> list[Candidate]:
        found: list[Candidate] = []
        after = ""
        while True:
            rows = await self._executor.run(_CANDIDATES, self._user | {"after": after})
            found += await asyncio.to_thread(_candidates_from, rows)
            if len(rows) < _PAGE:
                return found
            after = rows[-1][0]

    async def dismissed(self) -> set[tuple[str, str]]:
        rows = await self._executor.run(_DISMISSED, self._user)
        if not rows:
            return set()
        into = {one.id: merge.kept for merge in await self._merges.all() for one in merge.absorbed}
        pairs = ((_last(first, into), _last(second, into)) for first, second in rows)
        return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}

    async def dismiss(self, first: str, second: str, *, now: datetime) -> None:
        await self._marks.lock()
        row = {
            "user_id": self._user["for_user"],
            "first_id": min(first, second),
            "second_id": max(first, second),
            "dismissed_at": now,
        }
        await self._executor.run(_DISMISS[self._executor.dialect], row)
        await self._versions.grow()

    async def merge(self, merge: Merge) -> None:
        await self._marks.lock()
        kept = await self._existing(merge.kept)
        ids = {"ids": json.dumps([one.id for one in merge.absorbed])}
        before = (await self._executor.run(_FIND_BEFORE, self._of(kept.id)))[0]
        await self._merges.insert(merge, dict(zip(_BEFORE, before, strict=True)))
        await self._join(kept.id, merge.groups_added)
        await self._run(_GIVE, self._of(kept.id) | ids)
        hidden = await self._run(_HIDE, self._user | ids)
        if len(hidden) != len(merge.absorbed):
            raise ContactNotFound
        if merge.groups_added or any(any(entered) for entered in hidden):
            # Else the end of its mail could remove the kept contact, and with it what the user entered.
            await self._executor.run(_HAS_BEEN_GROUPED, self._of(kept.id))
        await self._type(kept, merge.typed_after, at=merge.merged_at)
        await self._versions.grow()

    async def find_merge(self, merge_id: str) -> Merge | None:
        # It goes with any of its contacts.
        return await self._merges.find(merge_id)

    async def later_merge(self, merge: Merge) -> bool:
        ids = _ids_of(merge)
        return any(ids & _ids_of(later) for later in await self._merges.after(merge.id))

    async def undo(self, merge: Merge) -> None:
        await self._marks.lock()
        await self._run(_LEAVE, self._of(merge.kept) | {"ids": json.dumps(merge.groups_added)})
        for one in merge.absorbed:
            keys = json.dumps(one.match_keys, ensure_ascii=False)
            await self._run(_GIVE_BACK, self._of(one.id) | {"from_contact": merge.kept, "keys": keys})
            skipped = one.skipped and one.skipped.value
            await self._executor.run(_SHOW, self._of(one.id) | {"skipped": skipped})
        await self._executor.run(_MARK, self._of(merge.kept))
        kept = await self._existing(merge.kept)
        before = await self._merges.kept_before(merge.id)
        before["grouped"] = bool(before["grouped"] or kept.group_ids)
        await self._executor.run(_RESTORE, self._of(kept.id) | before)
        await self._type(kept, _typed_undone(kept.typed, merge), at=kept.updated_at)
        await self._merges.delete([merge.id])
        await self._versions.grow()

    async def _existing(self, contact_id: str) -> Contact:
        contact = await self._contacts.find(contact_id)
        if contact is None:
            raise ContactNotFound
        return contact

    async def _join(self, contact_id: str, group_ids: Sequence[str]) -> None:
        """Put the contact into those of the groups that are there."""
        these = self._of(contact_id) | {"ids": json.dumps(list(group_ids))}
        # A statement of its own: the next sees what others have deleted while this one waited for them.
        await self._executor.lock(_LOCK_GROUPS[self._executor.dialect], these)
        await self._run(_JOIN, these)

    async def _type(self, contact: Contact, typed: Typed, *, at: datetime) -> None:
        """Store what the user typed; `contact` is as it is stored."""
        if typed != contact.typed:
            await self._contacts.update(
                replace(contact, typed=typed, etag=secrets.token_hex(8), updated_at=at)
            )

    async def _run(
        self, statements: Mapping[DialectName, Statement], parameters: Parameters
    ) -> Sequence[Row]:
        return await self._executor.run(statements[self._executor.dialect], parameters)

    def _of(self, contact_id: str) -> dict[str, object]:
        return self._user | {"for_contact": contact_id}


def _candidates_from(rows: Sequence[Row]) -> list[Candidate]:
    return [
        Candidate(
            id=contact_id,
            names=tuple(filter(None, dict.fromkeys((typed, found, *json.loads(alternates))))),
            addresses=tuple(dict.fromkeys(canonical(written) for written, _ in json.loads(spellings))),
            kind=Kind(kind),
            organization=organization,
            phone=phone,
            exchanged=exchanged,
        )
        for contact_id, typed, found, alternates, spellings, kind, organization, phone, exchanged in rows
    ]


def _typed_undone(now: Typed, merge: Merge) -> Typed:
    """Return what was typed before the merge, but for the fields that the user has changed since."""
    before, after = merge.typed_before, merge.typed_after
    undone = {
        field.name: getattr(before, field.name)
        for field in fields(Typed)
        if getattr(now, field.name) == getattr(after, field.name)
    }
    return replace(now, **undone)


def _last(contact_id: str, into: dict[str, str]) -> str:
    """Return the contact that this one went into, however often."""
    while contact_id in into:
        contact_id = into[contact_id]
    return contact_id


def _ids_of(merge: Merge) -> set[str]:
    return {merge.kept, *(one.id for one in merge.absorbed)}
