from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trustme

from support.dovecot import DovecotServer, running_dovecot
from support.gateway import Gateway, running_gateway
from support.letters import USERS, fill, letters, logged_in
from support.scripted_service import Script


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(Script()) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """A real mail server, with 250 messages in the mailbox of `support.letters`."""
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            fill(client, letters())
        yield server


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """How many requests schemathesis makes up for each operation."""
    wish: int = request.config.getoption("--examples")
    return wish
