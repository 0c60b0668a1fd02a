from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trustme

from support.dovecot import DovecotServer, running_dovecot
from support.gateway import Gateway, running_gateway
from support.letters import OWNER, USERS, fill, letters, logged_in
from support.scripted_service import Script


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(Script()) as gateway:
        yield gateway


#: One person with three addresses, whom the user wrote to at each.
ONE_PERSON = [
    f"From: Anna <{OWNER}>\r\nTo: Bartholomew Featherstone <{address}>\r\n"
    f"Date: Tue, 2 Jan 2024 08:0{number}:00 +0000\r\nMessage-ID: <{number}@one.example>\r\n\r\n".encode()
    for number, address in enumerate(
        ["bart@home.example", "b.featherstone@work.example", "featherstone@club.example"]
    )
]


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """A real mail server, with the mailbox of `support.letters` and those to one person."""
    with running_dovecot(USERS, trustme.CA()) as server:
        with logged_in(server) as client:
            folders = letters()
            fill(client, folders | {"Sent": [*folders["Sent"], *ONE_PERSON]})
        yield server


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """How many requests schemathesis makes up for each operation."""
    wish: int = request.config.getoption("--examples")
    return wish
