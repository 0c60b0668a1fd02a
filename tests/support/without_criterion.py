"""Statements with their WHERE taken away, as a defect of ours might, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql as postgresql_dialect

from mailbox_svc.storage.database import DialectName, Executor, Parameters, Row, Statement
from mailbox_svc.storage.dialects import as_rows
from mailbox_svc.storage.postgres import PostgresDatabase, open_postgres
from mailbox_svc.storage.store import SqlStore


@asynccontextmanager
async def opened_with_database(url: str) -> AsyncIterator[tuple[SqlStore, PostgresDatabase]]:
    """A store whose one connection is used again and again."""
    database = open_postgres(url, pool_size=1)
    try:
        yield SqlStore(database), database
    finally:
        await database.close()


class WithoutCriterion:
    """Runs each statement with its WHERE taken away, as a defect of ours might."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    @property
    def dialect(self) -> DialectName:
        return self._executor.dialect

    async def run(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        bare: Any = statement._clone()
        bare._where_criteria = ()
        if isinstance(bare, Insert) and bare.select is not None:
            bare.select = bare.select._clone()
            bare.select._where_criteria = ()
        known = bare.compile(dialect=postgresql_dialect.dialect()).params  # type: ignore[no-untyped-call]
        return await self._executor.run(bare, {name: v for name, v in parameters.items() if name in known})

    async def run_many(self, statement: Statement, rows: Sequence[Sequence[object]]) -> None:
        await self.run(statement, as_rows(rows))

    async def lock(self, statement: Statement, parameters: Parameters) -> None:
        await self.run(statement, parameters)
