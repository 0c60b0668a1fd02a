"""What was counted about addresses, as rows. Every statement adds a whole chunk, whatever its size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
)

from mailbox_svc.model.tally import COUNTS, LATEST, AddressDelta, NameDelta
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import for_each_dialect, insert_into, json_rows
from mailbox_svc.storage.tables import address_names, addresses, tallies

#: The fields of a Tally as they stand in a row.
TALLY = (*COUNTS, "first_at", *LATEST)
_of_tally = attrgetter(*TALLY)

_a = addresses.c
_t = tallies.c
_n = address_names.c
_USER = bindparam("for_user", type_=Text)
_FOLDER = bindparam("for_folder", type_=BigInteger)
_NAME_COUNTS = ("by_self", "by_user", "by_others")


def _mark(dialect: DialectName) -> Statement:
    """Add the addresses that are new and mark the others; the spelling seen first stays."""
    given = json_rows(dialect, "rows", (Text(), Text(), Text()))
    new = insert_into(addresses, dialect)
    row = select(_USER, *given.columns, literal(True)).select_from(given.source).where(true())
    return new.from_select(
        ["user_id", "address", "match_key", "written", "changed"], row
    ).on_conflict_do_update(
        index_elements=[_a.user_id, _a.match_key, _a.address],
        set_={"changed": True},
        where=_a.changed.is_(False),
    )


def _ids(dialect: DialectName) -> Statement:
    """Find the numbers of the addresses; a sub-select, so that SQLite looks each up in the index."""
    given = json_rows(dialect, "rows", (Text(), Text(), Text()))
    address, key, _ = given.columns
    this = and_(_a.user_id == _USER, _a.match_key == key, _a.address == address)
    return select(address, select(_a.id).where(this).scalar_subquery()).select_from(given.source)


def _add_tallies(dialect: DialectName) -> Statement:
    numbers = (BigInteger(), *(Integer() for _ in COUNTS), *(BigInteger() for _ in ("first_at", *LATEST)))
    given = json_rows(dialect, "rows", numbers)
    new = insert_into(tallies, dialect)
    row = select(_FOLDER, _USER, *given.columns).select_from(given.source).where(true())
    excluded = new.excluded
    latest = func.max if dialect == "sqlite" else func.greatest
    earliest = func.min if dialect == "sqlite" else func.least
    added: dict[str, ColumnElement[int]] = {name: _t[name] + excluded[name] for name in COUNTS}
    added["first_at"] = case(
        (_t.first_at == 0, excluded.first_at),
        (excluded.first_at == 0, _t.first_at),
        else_=earliest(_t.first_at, excluded.first_at),
    )
    added |= {name: latest(_t[name], excluded[name]) for name in LATEST}
    return new.from_select(["folder_id", "user_id", "address_id", *TALLY], row).on_conflict_do_update(
        index_elements=[_t.address_id, _t.folder_id], set_=added
    )


def _add_names(dialect: DialectName) -> Statement:
    numbers = (Integer(), Integer(), Integer(), BigInteger())
    given = json_rows(dialect, "rows", (BigInteger(), Text(), *numbers))
    new = insert_into(address_names, dialect)
    row = select(_FOLDER, _USER, *given.columns).select_from(given.source).where(true())
    latest = func.max if dialect == "sqlite" else func.greatest
    return new.from_select(
        ["folder_id", "user_id", "address_id", "name", *_NAME_COUNTS, "last_at"], row
    ).on_conflict_do_update(
        index_elements=[_n.address_id, _n.folder_id, _n.name],
        set_={name: _n[name] + new.excluded[name] for name in _NAME_COUNTS}
        | {"last_at": latest(_n.last_at, new.excluded.last_at)},
    )


_MARK = for_each_dialect(_mark)
_IDS = for_each_dialect(_ids)
_ADD_TALLIES = for_each_dialect(_add_tallies)
_ADD_NAMES = for_each_dialect(_add_names)


class TallyRows:
    """The tallies of one user's addresses."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def add(self, folder_id: int, deltas: Sequence[AddressDelta], names: Sequence[NameDelta]) -> None:
        """Add to what the folder has contributed. Every name is of one of the addresses."""
        dialect = self._executor.dialect
        user: dict[str, object] = {"for_user": self._user_id}
        in_folder = user | {"for_folder": folder_id}
        spelt = user | _rows([delta[:3] for delta in deltas])
        await self._executor.run(_MARK[dialect], spelt)
        ids: dict[str, int] = dict(await self._executor.run(_IDS[dialect], spelt))  # type: ignore[arg-type]
        rows = _rows([(ids[address], *_of_tally(tally)) for address, _, _, tally in deltas])
        await self._executor.run(_ADD_TALLIES[dialect], in_folder | rows)
        if names:
            rows = _rows([(ids[name.address], *name[1:]) for name in names])
            await self._executor.run(_ADD_NAMES[dialect], in_folder | rows)


def _rows(rows: Sequence[tuple[object, ...]]) -> dict[str, object]:
    return {"rows": json.dumps(rows, ensure_ascii=False)}
