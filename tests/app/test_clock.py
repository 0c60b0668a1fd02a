"""The service goes by the database's clock, whatever its machine's says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbox_svc.app.clock import database_clock
from mailbox_svc.errors import StorageUnavailable
from mailbox_svc.ports import Store
from support.processes import free_port
from support.stores import opened, prepared

#: Far more than a look at the clock takes, far less than what is wrong.
CLOSE = timedelta(minutes=1)


@asynccontextmanager
async def store_of(kind: str, folder: Path) -> AsyncIterator[Store]:
    async with prepared(kind, folder) as database, opened(database.url) as store:
        yield store


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_database_tells_the_time_in_utc(kind: str, tmp_path: Path) -> None:
    async with store_of(kind, tmp_path) as store:
        moment = await store.now()
    assert moment.tzinfo is UTC
    assert abs(moment - datetime.now(UTC)) < CLOSE


async def test_the_clock_is_the_databases_and_goes_on(tmp_path: Path) -> None:
    class Fast:
        """A real store of which only the clock is ten minutes ahead."""

        def __init__(self, store: Store) -> None:
            self._store = store

        async def now(self) -> datetime:
            return await self._store.now() + timedelta(minutes=10)

    async with store_of("sqlite", tmp_path) as store, database_clock(Fast(store)) as clock:  # type: ignore[arg-type]
        first = clock()
        assert abs(first - datetime.now(UTC) - timedelta(minutes=10)) < CLOSE
        assert clock() >= first


async def test_without_an_answer_it_begins_with_the_machines() -> None:
    async with opened(f"postgresql://a@127.0.0.1:{free_port()}/none") as store:
        with pytest.raises(StorageUnavailable):
            await store.now()
        async with database_clock(store) as clock:
            assert abs(clock() - datetime.now(UTC)) < CLOSE
