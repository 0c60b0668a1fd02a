"""The contacts of one user, as rows: judged, found, listed, typed into, deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Text, bindparam, case, delete, func, select, update

from mailbox_svc.contacts.search import sort_key
from mailbox_svc.model.contact import (
    DELETED,
    Contact,
    ContactAddress,
    ContactEvidence,
    Cursor,
    Filter,
    Judgement,
    Kind,
    Order,
    Reason,
    ReasonCode,
    SkipReason,
    Typed,
)
from mailbox_svc.storage.contact_filters import count_of, page_of, parameters_of
from mailbox_svc.storage.contact_texts import searchable
from mailbox_svc.storage.contact_versions import ContactVersions
from mailbox_svc.storage.database import Executor, Row
from mailbox_svc.storage.dialects import for_each_dialect, json_list
from mailbox_svc.storage.evidence_marks import EvidenceMarks
from mailbox_svc.storage.evidence_rows import EvidenceRows, Found
from mailbox_svc.storage.judgement_rows import JudgementRows
from mailbox_svc.storage.merge_rows import MergeRows
from mailbox_svc.storage.tables import address_names, addresses, contacts, group_members

_c = contacts.c
_m = group_members.c
_THIS = (_c.user_id == bindparam("for_user"), _c.id == bindparam("for_contact"))
_FIND = select(*contacts.columns).where(*_THIS)
_GROUPS = for_each_dialect(
    lambda dialect: (
        select(_m.contact_id, _m.group_id)
        .where(_m.user_id == bindparam("for_user"), _m.contact_id.in_(json_list(dialect, "ids")))
        .order_by(_m.contact_id, _m.group_id)
    )
)
_NAME = bindparam("typed_name", type_=Text)
_shown, _to_show = (func.coalesce(func.nullif(name, ""), _c.found_name) for name in (_c.typed_name, _NAME))
_TYPE = (
    update(contacts)
    .where(*_THIS)
    .values(
        typed_name=_NAME,
        revision=_c.revision + case((_shown != _to_show, 1), else_=0),
        **{
            name: bindparam(name)
            for name in (
                "typed_organization",
                "typed_phone",
                "typed_note",
                "sort_key",
                "search",
                "etag",
                "updated_at",
            )
        },
    )
)
_ERASE = (
    update(contacts)
    .where(*_THIS)
    .values(
        found_name="",
        alternate_names="[]",
        kind=Kind.PERSON.value,
        reason_code=DELETED.code.value,
        reason_text=DELETED.text,
        skipped=SkipReason.DELETED.value,
        score=0.0,
        **dict.fromkeys(("wrote_to", "received", "together", "first_at", "last_at"), 0),
        **dict.fromkeys(("typed_name", "typed_organization", "typed_phone", "typed_note"), ""),
        grouped=False,
        sort_key=bindparam("sort_key"),
        search=bindparam("search"),
        revision=_c.revision + 1,
        updated_at=bindparam("updated_at"),
    )
)
_LEAVE_GROUPS = delete(group_members).where(
    _m.user_id == bindparam("for_user"), _m.contact_id == bindparam("for_contact")
)
_FORGET_NAMES = delete(address_names).where(
    address_names.c.user_id == bindparam("for_user"),
    address_names.c.address_id.in_(
        select(addresses.c.id).where(
            addresses.c.user_id == bindparam("for_user"), addresses.c.contact_id == bindparam("for_contact")
        )
    ),
)


class ContactRows:
    """Satisfies `ports.contacts.ContactRepository`."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id
        self._marks = EvidenceMarks(executor, user_id)
        self._evidence = EvidenceRows(executor, user_id)
        self._judgements = JudgementRows(executor, user_id)
        self._merges = MergeRows(executor, user_id)
        self._versions = ContactVersions(executor, user_id)
        self._found = Found()

    async def unjudged(self, limit: int) -> list[ContactEvidence]:
        await self._marks.lock()
        self._found = await self._evidence.changed(limit)
        return self._found.evidence

    async def evidence(self, contact_ids: Sequence[str]) -> list[ContactEvidence]:
        await self._marks.lock()
        self._found = await self._evidence.of_contacts(contact_ids)
        return self._found.evidence

    async def judge(
        self, judged: Sequence[tuple[ContactEvidence, Judgement | None]], *, now: datetime
    ) -> None:
        await self._judgements.store(judged, self._found, now=now)

    async def find(self, contact_id: str) -> Contact | None:
        contacts = await self._with_groups(await self._executor.run(_FIND, self._this(contact_id)))
        return contacts[0] if contacts else None

    async def page(self, which: Filter, order: Order, *, after: Cursor | None, limit: int) -> list[Contact]:
        parameters = {"for_user": self._user_id, "most": limit, **parameters_of(which)}
        if after is not None:
            parameters |= {"after_value": after.value, "after_id": after.id}
        statement = page_of(self._executor.dialect, which, order, further=after is not None)
        return await self._with_groups(await self._executor.run(statement, parameters))

    async def count(self, which: Filter) -> int:
        parameters = {"for_user": self._user_id, **parameters_of(which)}
        rows = await self._executor.run(count_of(self._executor.dialect, which), parameters)
        return int(rows[0][0])

    async def update(self, contact: Contact) -> None:
        typed = contact.typed
        written = [address.written for address in contact.addresses]
        names = (typed.display_name, contact.found_name, *contact.alternate_names)
        await self._executor.run(
            _TYPE,
            {
                **self._this(contact.id),
                "typed_name": typed.display_name,
                "typed_organization": typed.organization,
                "typed_phone": typed.phone,
                "typed_note": typed.note,
                "sort_key": sort_key(contact.display_name, written[0]),
                "search": searchable(names, written),
                "etag": contact.etag,
                "updated_at": contact.updated_at,
            },
        )
        await self._versions.grow()

    async def delete(self, contact_id: str, *, now: datetime) -> None:
        await self._marks.lock()
        contact = await self.find(contact_id)
        if contact is None:
            return
        await self._versions.grow()
        await self._merges.forget([contact_id])
        if contact.skipped is SkipReason.MERGED:
            await self._merges.remove(contact_id)
            return
        this = self._this(contact_id)
        written = [address.written for address in contact.addresses]
        await self._executor.run(
            _ERASE,
            {
                **this,
                "sort_key": sort_key("", written[0]),
                "search": searchable((), written),
                "updated_at": now,
            },
        )
        await self._executor.run(_LEAVE_GROUPS, this)
        await self._executor.run(_FORGET_NAMES, this)

    async def _with_groups(self, rows: Sequence[Row]) -> list[Contact]:
        if not rows:
            return []
        ids = json.dumps([row[0] for row in rows])
        groups: dict[str, list[str]] = {}
        for contact_id, group_id in await self._executor.run(
            _GROUPS[self._executor.dialect], {"for_user": self._user_id, "ids": ids}
        ):
            groups.setdefault(contact_id, []).append(group_id)
        return [_contact_from(row, groups.get(row[0], ())) for row in rows]

    def _this(self, contact_id: str) -> dict[str, object]:
        return {"for_user": self._user_id, "for_contact": contact_id}


def _contact_from(row: Row, group_ids: Sequence[str]) -> Contact:
    """Return the contact of a row of all columns of the table, in their order."""
    (
        contact_id,
        user_id,
        found_name,
        alternate_names,
        spellings,
        kind,
        reason_code,
        reason_text,
        skipped,
        score,
        wrote_to,
        received,
        together,
        first_at,
        last_at,
        *typed,
        _grouped,
        _sort_key,
        _search,
        revision,
        etag,
        created_at,
        updated_at,
    ) = row
    return Contact(
        id=contact_id,
        user_id=user_id,
        found_name=found_name,
        alternate_names=tuple(json.loads(alternate_names)),
        addresses=tuple(ContactAddress(*spelling) for spelling in json.loads(spellings)),
        kind=Kind(kind),
        reason=Reason(ReasonCode(reason_code), reason_text),
        skipped=SkipReason(skipped) if skipped else None,
        score=score,
        wrote_to=wrote_to,
        received=received,
        together=together,
        first_at=_time(first_at),
        last_at=_time(last_at),
        typed=Typed(*typed),
        group_ids=tuple(group_ids),
        revision=revision,
        etag=etag,
        created_at=created_at,
        updated_at=updated_at,
    )


def _time(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
