"""Real servers, each started when the first test asks for it and stopped after the last one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trustme

from support.courier import running_courier
from support.cyrus import running_cyrus
from support.dovecot import DovecotServer, running_dovecot
from support.mailutils import running_mailutils
from support.pymap import running_pymap
from support.real_server import RealServer
from support.routes import ALICE, ALICE_PASSWORD, USERS, Route


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def dovecot(authority: trustme.CA) -> Iterator[DovecotServer]:
    with running_dovecot(USERS, authority) as server:
        yield server


@pytest.fixture(scope="session")
def cyrus(authority: trustme.CA) -> Iterator[RealServer]:
    with running_cyrus(USERS, authority) as server:
        server.create_folders(ALICE, ALICE_PASSWORD)
        yield server


@pytest.fixture(scope="session")
def courier(authority: trustme.CA) -> Iterator[RealServer]:
    with running_courier(USERS, authority) as server:
        server.create_folders(ALICE, ALICE_PASSWORD)
        yield server


@pytest.fixture(scope="session")
def mailutils(authority: trustme.CA) -> Iterator[RealServer]:
    with running_mailutils(USERS, authority) as server:
        server.create_folders(ALICE, ALICE_PASSWORD)
        yield server


@pytest.fixture(scope="session")
def pymap(authority: trustme.CA) -> Iterator[RealServer]:
    with running_pymap(ALICE, ALICE_PASSWORD, authority) as server:
        server.create_folders(ALICE, ALICE_PASSWORD)
        yield server


@pytest.fixture
def route(request: pytest.FixtureRequest) -> Route:
    """The way into a server that the test's parameter names."""
    name, _, mode = request.param.partition("-")
    server: RealServer | DovecotServer = request.getfixturevalue(name)
    port = server.tls_port if mode == "tls" else server.starttls_port
    assert port is not None
    return Route(server, port, mode == "tls")
