from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailbox_svc.storage.store import SqlStore
from mailbox_svc.vault import Keyring, Vault
from support.postgres import PostgresServer, server
from support.stores import KINDS, PreparedDatabase, opened, prepared


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PreparedDatabase]:
    """A migrated database; every test that asks for it runs on both kinds."""
    async with prepared(request.param, tmp_path) as ready:
        yield ready


@pytest.fixture
async def store(database: PreparedDatabase) -> AsyncIterator[SqlStore]:
    async with opened(database.url, pool_size=5) as ready:
        yield ready


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[PreparedDatabase]:
    async with prepared("sqlite", tmp_path) as ready:
        yield ready


@pytest.fixture
async def postgresql(tmp_path: Path) -> AsyncIterator[PreparedDatabase]:
    async with prepared("postgresql", tmp_path) as ready:
        yield ready


@pytest.fixture
def postgres_server() -> PostgresServer:
    return server()


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.generate())
