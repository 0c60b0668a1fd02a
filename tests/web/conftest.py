from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.web_world import WebServers, WebWorld, build_page, web_servers, web_world


@pytest.fixture(scope="session")
def servers() -> Iterator[WebServers]:
    build_page()
    with web_servers() as running:
        yield running


@pytest.fixture
async def world(servers: WebServers, tmp_path: Path) -> AsyncIterator[WebWorld]:
    async with web_world(tmp_path, servers) as world:
        yield world
        assert world.complaints == []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="Photograph every state of the page into it.")
