"""Stores what contacts were judged to be. A page of judgements is a few statements, whatever its size."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    delete,
    false,
    literal_column,
    or_,
    update,
)

from mailbox_svc.contacts.search import sort_key
from mailbox_svc.model.contact import ContactEvidence, Judgement
from mailbox_svc.storage.contact_texts import searchable
from mailbox_svc.storage.contact_versions import ContactVersions
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_rows, json_list, values_of_row
from mailbox_svc.storage.evidence_rows import Found
from mailbox_svc.storage.merge_rows import MergeRows
from mailbox_svc.storage.tables import addresses, contacts

_c = contacts.c
_a = addresses.c
_USER = bindparam("for_user", type_=Text)
#: What a judgement changes of a contact that is known.
_JUDGED = (
    "found_name",
    "alternate_names",
    "addresses",
    "kind",
    "reason_code",
    "reason_text",
    "skipped",
    "score",
    "wrote_to",
    "received",
    "together",
    "first_at",
    "last_at",
    "sort_key",
    "search",
)
#: Decimals of a score that are kept: JSON's numbers come back exactly as far as this.
_DECIMALS = 6


def _put(dialect: DialectName) -> Statement:
    new = insert_rows(contacts, dialect)
    excluded = new.excluded
    differs = or_(
        (_c.typed_name == literal_column("''")) & (_c.found_name != excluded.found_name),
        _c.addresses != excluded.addresses,
        _c.kind != excluded.kind,
    )
    return new.on_conflict_do_update(
        index_elements=[_c.user_id, _c.id],
        set_={name: excluded[name] for name in _JUDGED}
        | {
            "revision": _c.revision + cast(differs, Integer),
            "updated_at": case((differs, excluded.updated_at), else_=_c.updated_at),
        },
    )


def _settle(dialect: DialectName) -> Statement:
    contact_id, user_id, number = values_of_row(dialect, Text(), Text(), BigInteger())
    return (
        update(addresses)
        .where(_a.user_id == user_id, _a.id == number)
        .values(contact_id=contact_id, changed=false())
    )


def _forget(dialect: DialectName) -> Statement:
    user_id, number = values_of_row(dialect, Text(), BigInteger())
    return delete(addresses).where(_a.user_id == user_id, _a.id == number)


_PUT = for_each_dialect(_put)
_SETTLE = for_each_dialect(_settle)
_REMOVE = for_each_dialect(
    lambda dialect: delete(contacts).where(_c.user_id == _USER, _c.id.in_(json_list(dialect, "ids")))
)
_FORGET = for_each_dialect(_forget)


class JudgementRows:
    """Writes judgements within one transaction."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id
        self._merges = MergeRows(executor, user_id)
        self._versions = ContactVersions(executor, user_id)

    async def store(
        self,
        judged: Sequence[tuple[ContactEvidence, Judgement | None]],
        found: Found,
        *,
        now: datetime,
    ) -> None:
        """Store the judgements of evidence that was `found` in this transaction."""
        rows: list[tuple[object, ...]] = []
        settled: list[tuple[str, str, int]] = []
        removed: list[str] = []
        forgotten: list[int] = []
        ids = _new_ids(len(judged))
        moment = now.astimezone(UTC).isoformat(timespec="microseconds")
        for evidence, judgement in judged:
            numbers = [found.ids[address.address] for address in evidence.addresses]
            forgotten += found.lost.get(evidence.addresses[0].address, ())
            if judgement is None:
                removed += [evidence.contact_id] if evidence.contact_id else []
                forgotten += numbers
                continue
            new_id, etag = next(ids)
            contact_id = evidence.contact_id or new_id
            rows.append((contact_id, self._user_id, *_row_of(evidence, judgement), 1, etag, moment, moment))
            settled += [(contact_id, self._user_id, number) for number in numbers]
        await self._run_many(_PUT, rows)
        await self._run_many(_SETTLE, settled)
        await self._run_many(_FORGET, [(self._user_id, number) for number in forgotten])
        if removed:
            await self._merges.forget(removed)
            parameters = {"for_user": self._user_id, "ids": json.dumps(removed)}
            await self._executor.run(_REMOVE[self._executor.dialect], parameters)
        if judged:
            await self._versions.grow()

    async def _run_many(
        self, statements: Mapping[DialectName, Statement], rows: Sequence[Sequence[object]]
    ) -> None:
        if rows:
            await self._executor.run_many(statements[self._executor.dialect], rows)


def _row_of(evidence: ContactEvidence, judgement: Judgement) -> tuple[object, ...]:
    """Return the columns of a new contact from `found_name` to `search`."""
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
        *("", "", "", ""),
        False,
        sort_key(typed or judgement.display_name, written[0]),
        searchable((typed, judgement.display_name, *judgement.alternate_names), written),
    )


def _new_ids(count: int) -> Iterator[tuple[str, str]]:
    """Yield ids and etags. The ids are UUIDs in the order of time (RFC 9562 §5.7), with a counter (§6.2).

    Random ones would lie all over an index, and every page of it would be written for a thousand of them.
    """
    size = 32
    digits = os.urandom(count * size // 2).hex()
    now = time.time_ns() // 1_000_000
    for number in range(count):
        later, counter = divmod(number, 1 << 12)
        moment = f"{now + later:012x}"
        chance = digits[number * size : (number + 1) * size]
        variant = "89ab"[int(chance[0], 16) & 3]
        new_id = f"{moment[:8]}-{moment[8:]}-7{counter:03x}-{variant}{chance[1:4]}-{chance[4:16]}"
        yield new_id, chance[16:]
