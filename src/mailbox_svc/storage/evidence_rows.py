"""What the contacts of one user are judged by: read here from all that was counted, never judged."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Text, bindparam, func, select

from mailbox_svc.model.contact import (
    AddressEvidence,
    ContactEvidence,
    Kind,
    LastKnown,
    NameUse,
    SkipReason,
    Typed,
)
from mailbox_svc.model.harvest import Policy
from mailbox_svc.model.tally import Tally
from mailbox_svc.storage.columns import CHANGED
from mailbox_svc.storage.database import Executor
from mailbox_svc.storage.dialects import for_each_dialect, json_list, numbers
from mailbox_svc.storage.tables import (
    address_names,
    addresses,
    contacts,
    folders,
    mailboxes,
    own_addresses,
    tallies,
)
from mailbox_svc.storage.tally_rows import TALLY

_a = addresses.c
_c = contacts.c
_t = tallies.c
_n = address_names.c
_USER = bindparam("for_user", type_=Text)
_ADDRESS = select(_a.id, _a.address, _a.match_key, _a.written, _a.contact_id).where(_a.user_id == _USER)
# In the order of their numbers, so that a page of them lies together in the database.
_CHANGED = (
    select(_a.id, _a.match_key)
    .where(_a.user_id == _USER, CHANGED, _a.id > bindparam("after"))
    .order_by(_a.id)
    .limit(bindparam("most"))
)
_OF_KEYS = for_each_dialect(lambda dialect: _ADDRESS.where(_a.match_key.in_(json_list(dialect, "keys"))))
_KEYS_OF_CONTACTS = for_each_dialect(
    lambda dialect: select(_a.match_key).where(
        _a.user_id == _USER, _a.contact_id.in_(json_list(dialect, "ids"))
    )
)
_CONTACTS = for_each_dialect(
    lambda dialect: select(
        _c.id,
        _c.typed_name,
        _c.typed_organization,
        _c.typed_phone,
        _c.typed_note,
        _c.skipped,
        _c.grouped,
        _c.found_name,
        _c.alternate_names,
        _c.kind,
    ).where(_c.user_id == _USER, _c.id.in_(json_list(dialect, "ids")))
)
_TALLIES = for_each_dialect(
    lambda dialect: select(_t.address_id, _t.folder_id, *(_t[name] for name in TALLY)).where(
        _t.user_id == _USER, _t.address_id.in_(numbers(dialect, "ids"))
    )
)
_NAMES = for_each_dialect(
    lambda dialect: (
        select(
            _n.address_id,
            _n.name,
            func.sum(_n.by_self),
            func.sum(_n.by_user),
            func.sum(_n.by_others),
            func.max(_n.last_at),
        )
        .where(_n.user_id == _USER, _n.address_id.in_(numbers(dialect, "ids")))
        .group_by(_n.address_id, _n.name)
    )
)
_FOLDERS = (
    select(folders.c.id, mailboxes.c.id, mailboxes.c.harvest_policy)
    .join(mailboxes, (mailboxes.c.user_id == folders.c.user_id) & (mailboxes.c.id == folders.c.mailbox_id))
    .where(folders.c.user_id == _USER)
)
_OWN_KEYS = select(own_addresses.c.match_key).where(own_addresses.c.user_id == _USER)


@dataclass(slots=True)
class _Address:
    """A row of `addresses`."""

    id: int
    address: str
    match_key: str
    written: str
    contact_id: str | None


@dataclass(frozen=True, slots=True)
class _About:
    """What the user has done with a contact, and what it was judged to be."""

    typed: Typed = field(default_factory=Typed)
    deleted: bool = False
    grouped: bool = False
    last_known: LastKnown | None = None


@dataclass(slots=True)
class Found:
    """Evidence, and the numbers of its addresses."""

    evidence: list[ContactEvidence] = field(default_factory=list)
    #: By canonical address.
    ids: dict[str, int] = field(default_factory=dict)
    #: By a contact's first canonical address: those of its addresses that nothing was seen of any more.
    lost: dict[str, list[int]] = field(default_factory=dict)


class EvidenceRows:
    """Reads evidence within one transaction."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user: dict[str, object] = {"for_user": user_id}

    async def changed(self, limit: int) -> Found:
        """Return the evidence of up to `limit` contacts that have to be judged anew."""
        keys: set[str] = set()
        after, wanted = 0, limit
        while wanted:
            rows = await self._executor.run(_CHANGED, self._user | {"after": after, "most": wanted})
            keys.update(key for _, key in rows)
            if len(rows) < wanted:
                break
            after, wanted = rows[-1][0], limit - len(keys)
        return await self._of_keys(keys)

    async def of_contacts(self, contact_ids: Sequence[str]) -> Found:
        statement = _KEYS_OF_CONTACTS[self._executor.dialect]
        keys = await self._executor.run(statement, self._user | {"ids": json.dumps(list(contact_ids))})
        return await self._of_keys({key for (key,) in keys})

    async def _of_keys(self, keys: set[str]) -> Found:
        found = Found()
        if not keys:
            return found
        groups = await self._groups(keys)
        members = [address for group in groups.values() for address in group]
        ids = {"ids": json.dumps([address.id for address in members])}
        about = await self._about({address.contact_id for address in members if address.contact_id})
        tallied = await self._tallied(ids)
        named = await self._named(ids)
        own = {key for (key,) in await self._executor.run(_OWN_KEYS, self._user)}
        for group in groups.values():
            contact_id = next((address.contact_id for address in group if address.contact_id), None)
            known = about.get(contact_id or "", _About())
            shown = group if known.deleted else _shown(group, tallied)
            found.ids.update((address.address, address.id) for address in group)
            if len(shown) < len(group):
                stay = {address.id for address in shown}
                found.lost[shown[0].address] = [a.id for a in group if a.id not in stay]
            found.evidence.append(
                ContactEvidence(
                    contact_id=contact_id,
                    addresses=tuple(_evidence_of(address, tallied, named) for address in shown),
                    typed=known.typed,
                    deleted=known.deleted,
                    own=any(address.match_key in own for address in group),
                    grouped=known.grouped,
                    last_known=known.last_known,
                )
            )
        return found

    async def _groups(self, keys: set[str]) -> dict[str, list[_Address]]:
        """Return the addresses of each contact with one of these keys, by its id, or its key when new."""
        rows = await self._addresses(keys)
        contact_ids = {row.contact_id for row in rows if row.contact_id}
        if contact_ids:
            statement = _KEYS_OF_CONTACTS[self._executor.dialect]
            more = await self._executor.run(statement, self._user | {"ids": json.dumps(sorted(contact_ids))})
            rows += await self._addresses({key for (key,) in more} - keys)
        contact_of = {row.match_key: row.contact_id for row in rows if row.contact_id}
        groups: dict[str, list[_Address]] = {}
        for row in rows:
            groups.setdefault(contact_of.get(row.match_key) or row.match_key, []).append(row)
        return groups

    async def _addresses(self, keys: Iterable[str]) -> list[_Address]:
        parameters = self._user | {"keys": json.dumps(list(keys), ensure_ascii=False)}
        rows = await self._executor.run(_OF_KEYS[self._executor.dialect], parameters)
        return [_Address(*row) for row in rows]

    async def _about(self, contact_ids: set[str]) -> dict[str, _About]:
        if not contact_ids:
            return {}
        parameters = self._user | {"ids": json.dumps(list(contact_ids))}
        rows = await self._executor.run(_CONTACTS[self._executor.dialect], parameters)
        return {
            contact_id: _About(
                Typed(*typed),
                deleted=skipped == SkipReason.DELETED.value,
                grouped=grouped,
                last_known=LastKnown(name, tuple(json.loads(alternates)), Kind(kind)),
            )
            for contact_id, *typed, skipped, grouped, name, alternates, kind in rows
        }

    async def _tallied(self, ids: dict[str, str]) -> dict[int, tuple[tuple[Policy, Tally], ...]]:
        """Return by address what each mailbox has counted, over all of its folders."""
        of_folder = {
            folder_id: (mailbox_id, Policy(policy))
            for folder_id, mailbox_id, policy in await self._executor.run(_FOLDERS, self._user)
        }
        counted: dict[int, dict[tuple[str, Policy], Tally]] = {}
        for address_id, folder_id, *counts in await self._executor.run(
            _TALLIES[self._executor.dialect], self._user | ids
        ):
            by_mailbox = counted.setdefault(address_id, {})
            mailbox = of_folder[folder_id]
            if mailbox in by_mailbox:
                by_mailbox[mailbox].add(Tally(*counts))
            else:
                by_mailbox[mailbox] = Tally(*counts)
        return {
            address_id: tuple((policy, tally) for (_, policy), tally in by_mailbox.items())
            for address_id, by_mailbox in counted.items()
        }

    async def _named(self, ids: dict[str, str]) -> dict[int, list[NameUse]]:
        named: dict[int, list[NameUse]] = {}
        for address_id, *use in await self._executor.run(_NAMES[self._executor.dialect], self._user | ids):
            named.setdefault(address_id, []).append(NameUse(*use))
        return named


def _shown(group: list[_Address], tallied: Container[int]) -> list[_Address]:
    """Leave out addresses that nothing was seen of any more, where another with their match key was seen.

    Those of other keys the user has merged: they stay, and so does new mail of them with this contact.
    """
    seen = {address.match_key for address in group if address.id in tallied}
    return [address for address in group if address.id in tallied or address.match_key not in seen]


def _evidence_of(
    address: _Address,
    tallied: dict[int, tuple[tuple[Policy, Tally], ...]],
    named: dict[int, list[NameUse]],
) -> AddressEvidence:
    return AddressEvidence(
        address=address.address,
        match_key=address.match_key,
        written=address.written,
        tallies=tallied.get(address.id, ()),
        names=tuple(named.get(address.id, ())),
    )
