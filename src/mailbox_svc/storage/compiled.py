"""Statements of SQLAlchemy, compiled once for SQLite and run in one hop to its thread.

SQLAlchemy's own async connection makes five hops for a read, 631 µs in place of 65 to 91 (`make bench`);
so its query builder and its types are used, and not its connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from mailbox_svc.storage.database import Parameters, Row, Statement

_DIALECT = sqlite.dialect(paramstyle="named")
_ROWS_DIALECT = sqlite.dialect(paramstyle="qmark")

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The text of a statement with the conversions its types ask for."""

    sql: str
    literals: dict[str, object]
    to_sqlite: tuple[tuple[str, _Convert], ...]
    from_sqlite: tuple[tuple[int, _Convert], ...]

    def bind(self, parameters: Parameters) -> dict[str, object]:
        bound = self.literals | dict(parameters)
        for name, convert in self.to_sqlite:
            bound[name] = convert(bound[name])
        return bound

    def rows(self, raw: Sequence[Sequence[Any]]) -> Sequence[Row]:
        return [self.row(row) for row in raw] if self.from_sqlite else raw

    def row(self, raw: Sequence[Any]) -> Row:
        row = list(raw)
        for position, convert in self.from_sqlite:
            row[position] = convert(row[position])
        return row


@cache
def many(statement: Statement) -> str:
    """Return the text of a statement that takes its values as a row, in the order of its columns."""
    return str(statement.compile(dialect=_ROWS_DIALECT))


@cache  # statements are module constants and hash by identity, so this stays as small as the code
def compiled(statement: Statement) -> Compiled:
    """Compile the statement; the second time it costs a look-up."""
    compiler = statement.compile(dialect=_DIALECT)
    if not isinstance(compiler, SQLCompiler):
        raise TypeError("not a statement with rows and parameters")
    binds = {name: bind for bind, name in compiler.bind_names.items()}
    impls = {name: bind.type.dialect_impl(_DIALECT) for name, bind in binds.items()}
    readers = [
        c.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for c in statement.exported_columns
    ]
    return Compiled(
        sql=str(compiler),
        literals={name: bind.value for name, bind in binds.items() if not bind.required},
        to_sqlite=tuple(
            (name, convert) for name, impl in impls.items() if (convert := impl.bind_processor(_DIALECT))
        ),
        from_sqlite=tuple((position, convert) for position, convert in enumerate(readers) if convert),
    )
