from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from support.dovecot import DovecotServer, running_dovecot
from support.letters import USERS, fill, letters, logged_in
from support.stores import KINDS, PreparedDatabase, prepared


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PreparedDatabase]:
    """A migrated database; every test that asks for it runs on both kinds."""
    async with prepared(request.param, tmp_path) as ready:
        yield ready


@pytest.fixture(scope="module")
def dovecot() -> Iterator[DovecotServer]:
    """A mailbox full of mail."""
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server
