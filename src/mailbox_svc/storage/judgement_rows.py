"""Stores what contacts were judged to be. A page of judgements is a few statements, whatever its size."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    Integer,
    Text,
    bindparam,
    case,
    delete,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.types import TypeEngine

from mailbox_svc.contacts.search import sort_key
from mailbox_svc.model.contact import ContactEvidence, Judgement
from mailbox_svc.storage.contact_texts import searchable
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_into, json_list, json_rows, numbers
from mailbox_svc.storage.evidence_rows import Found
from mailbox_svc.storage.tables import addresses, contacts

_c = contacts.c
_a = addresses.c
_USER = bindparam("for_user", type_=Text)
#: What a judgement says, in the order of a row, after the contact's id.
_JUDGED: dict[str, TypeEngine[Any]] = {
    "found_name": Text(),
    "alternate_names": Text(),
    "addresses": Text(),
    "kind": Text(),
    "reason_code": Text(),
    "reason_text": Text(),
    "skipped": Text(),
    "score": Float(),
    "wrote_to": Integer(),
    "received": Integer(),
    "together": Integer(),
    "first_at": BigInteger(),
    "last_at": BigInteger(),
    "sort_key": Text(),
    "search": Text(),
}
#: Decimals of a score that are kept: JSON's numbers come back exactly as far as this.
_DECIMALS = 6


def _put(dialect: DialectName) -> Statement:
    given = json_rows(dialect, "rows", (Text(), *_JUDGED.values(), Text()))
    new = insert_into(contacts, dialect)
    now = bindparam("now", type_=_c.updated_at.type)
    untouched = {
        "user_id": _USER,
        "typed_name": literal(""),
        "typed_organization": literal(""),
        "typed_phone": literal(""),
        "typed_note": literal(""),
        "grouped": literal(False),
        "revision": literal(1),
        "created_at": now,
        "updated_at": now,
    }
    row = select(*given.columns, *untouched.values()).select_from(given.source).where(true())
    excluded = new.excluded
    differs = or_(
        (_c.typed_name == "") & (_c.found_name != excluded.found_name),
        _c.addresses != excluded.addresses,
        _c.kind != excluded.kind,
    )
    return new.from_select(["id", *_JUDGED, "etag", *untouched], row).on_conflict_do_update(
        index_elements=[_c.user_id, _c.id],
        set_={name: excluded[name] for name in _JUDGED}
        | {
            "revision": _c.revision + case((differs, 1), else_=0),
            "updated_at": case((differs, excluded.updated_at), else_=_c.updated_at),
        },
    )


def _settle(dialect: DialectName) -> Statement:
    given = json_rows(dialect, "rows", (BigInteger(), Text()))
    number, contact_id = given.columns
    return (
        update(addresses)
        # As an expression, so that no index on the user is used: SQLite would go through all of the user's
        # addresses, and through all the rows for each.
        .where(_a.user_id.concat("") == _USER, _a.id == number)
        .values(contact_id=contact_id, changed=False)
    )


_PUT = for_each_dialect(_put)
_SETTLE = for_each_dialect(_settle)
_REMOVE = for_each_dialect(
    lambda dialect: delete(contacts).where(_c.user_id == _USER, _c.id.in_(json_list(dialect, "ids")))
)
_FORGET = for_each_dialect(
    lambda dialect: delete(addresses).where(_a.user_id == _USER, _a.id.in_(numbers(dialect, "ids")))
)


class JudgementRows:
    """Writes judgements within one transaction."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user: dict[str, object] = {"for_user": user_id}

    async def store(
        self,
        judged: Sequence[tuple[ContactEvidence, Judgement | None]],
        found: Found,
        *,
        now: datetime,
    ) -> None:
        """Store the judgements of evidence that was `found` in this transaction."""
        rows: list[tuple[Any, ...]] = []
        settled: list[tuple[int, str]] = []
        removed: list[str] = []
        forgotten: list[int] = []
        ids = _new_ids(len(judged))
        for evidence, judgement in judged:
            numbers = [found.ids[address.address] for address in evidence.addresses]
            forgotten += found.lost.get(evidence.addresses[0].address, ())
            if judgement is None:
                removed += [evidence.contact_id] if evidence.contact_id else []
                forgotten += numbers
                continue
            new_id, etag = next(ids)
            contact_id = evidence.contact_id or new_id
            rows.append((contact_id, *_row_of(evidence, judgement), etag))
            settled += [(number, contact_id) for number in numbers]
        await self._run(_PUT, rows=rows, now=now)
        await self._run(_SETTLE, rows=settled)
        await self._run(_REMOVE, ids=removed)
        await self._run(_FORGET, ids=forgotten)

    async def _run(
        self,
        statements: Mapping[DialectName, Statement],
        *,
        now: datetime | None = None,
        **lists: Sequence[object],
    ) -> None:
        ((name, values),) = lists.items()
        if values:
            parameters = self._user | {name: json.dumps(values, ensure_ascii=False)}
            if now is not None:
                parameters["now"] = now
            await self._executor.run(statements[self._executor.dialect], parameters)


def _row_of(evidence: ContactEvidence, judgement: Judgement) -> tuple[Any, ...]:
    """Return the values of `_JUDGED`."""
    key_of = {address.address: address.match_key for address in evidence.addresses}
    spellings = [(spelling, key_of[address]) for address, spelling in judgement.addresses]
    written = [spelling for _, spelling in judgement.addresses]
    typed = evidence.typed.display_name
    return (
        judgement.display_name,
        json.dumps(judgement.alternate_names, ensure_ascii=False),
        json.dumps(spellings, ensure_ascii=False),
        judgement.kind.value,
        judgement.reason.code.value,
        judgement.reason.text,
        judgement.skipped.value if judgement.skipped else None,
        round(judgement.score, _DECIMALS),
        judgement.wrote_to,
        judgement.received,
        judgement.together,
        judgement.first_at,
        judgement.last_at,
        sort_key(typed or judgement.display_name, written[0]),
        searchable((typed, judgement.display_name, *judgement.alternate_names), written),
    )


def _new_ids(count: int) -> Iterator[tuple[str, str]]:
    """Yield random ids (UUIDs, RFC 9562 §5.4) and etags; one call for all, for each costs as much."""
    size = 48
    digits = os.urandom(count * size // 2).hex()
    for start in range(0, len(digits), size):
        d = digits[start : start + size]
        variant = "89ab"[int(d[16], 16) & 3]
        yield f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{variant}{d[17:20]}-{d[20:32]}", d[32:]
