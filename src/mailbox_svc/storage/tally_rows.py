"""What was counted about addresses, as rows. Every statement adds a whole chunk, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, case, func, literal_column, select, true

from mailbox_svc.model.tally import COUNTS, LATEST, AddressDelta, NameDelta
from mailbox_svc.storage.database import DialectName, Executor, Statement
from mailbox_svc.storage.dialects import as_rows, for_each_dialect, insert_into, insert_rows, json_rows
from mailbox_svc.storage.tables import address_names, addresses, tallies

#: The fields of a Tally as they stand in a row.
TALLY = (*COUNTS, "first_at", *LATEST)
_of_tally = attrgetter(*TALLY)

_a = addresses.c
_t = tallies.c
_n = address_names.c
_NONE = literal_column("0", BigInteger)
_NAME_COUNTS = ("by_self", "by_user", "by_others")


def _see(dialect: DialectName) -> Statement:
    """Add the addresses that are new, mark all, return their numbers. The spelling seen first stays."""
    given = json_rows(dialect, (Text(), Text(), Text()))
    row = select(bindparam("for_user", type_=Text), *given.columns, true()).select_from(given.source)
    return (
        insert_into(addresses, dialect)
        .from_select(["user_id", "address", "match_key", "written", "changed"], row.where(true()))
        .on_conflict_do_update(
            index_elements=[_a.user_id, _a.match_key, _a.address], set_={"changed": true()}
        )
        .returning(_a.address, _a.id)
    )


def _add_tallies(dialect: DialectName) -> Statement:
    new = insert_rows(tallies, dialect)
    seen = new.excluded
    latest = func.max if dialect == "sqlite" else func.greatest
    earliest = func.min if dialect == "sqlite" else func.least
    sums: dict[str, ColumnElement[int]] = {name: _t[name] + seen[name] for name in COUNTS}
    sums["first_at"] = case(
        (_t.first_at == _NONE, seen.first_at),
        (seen.first_at == _NONE, _t.first_at),
        else_=earliest(_t.first_at, seen.first_at),
    )
    sums |= {name: latest(_t[name], seen[name]) for name in LATEST}
    return new.on_conflict_do_update(index_elements=[_t.address_id, _t.folder_id], set_=sums)


def _add_names(dialect: DialectName) -> Statement:
    new = insert_rows(address_names, dialect)
    latest = func.max if dialect == "sqlite" else func.greatest
    sums: dict[str, ColumnElement[int]] = {name: _n[name] + new.excluded[name] for name in _NAME_COUNTS}
    sums["last_at"] = latest(_n.last_at, new.excluded.last_at)
    return new.on_conflict_do_update(index_elements=[_n.address_id, _n.folder_id, _n.name], set_=sums)


_SEE = for_each_dialect(_see)
_ADD_TALLIES = for_each_dialect(_add_tallies)
_ADD_NAMES = for_each_dialect(_add_names)


class TallyRows:
    """The tallies of one user's addresses."""

    def __init__(self, executor: Executor, user_id: str) -> None:
        self._executor = executor
        self._user_id = user_id

    async def add(self, folder_id: int, deltas: Sequence[AddressDelta], names: Sequence[NameDelta]) -> None:
        """Add to what the folder has contributed. Every name is of one of the addresses."""
        run, user, dialect = self._executor, self._user_id, self._executor.dialect
        spellings = as_rows([delta[:3] for delta in deltas])
        found = await run.run(_SEE[dialect], {"for_user": user} | spellings)
        ids: dict[str, int] = {row[0]: row[1] for row in found}
        await run.run_many(
            _ADD_TALLIES[dialect],
            [(ids[address], folder_id, user, *_of_tally(tally)) for address, _, _, tally in deltas],
        )
        if names:
            await run.run_many(
                _ADD_NAMES[dialect],
                [(ids[address], folder_id, name, user, *uses) for address, name, *uses in names],
            )
