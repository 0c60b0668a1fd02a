from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from support.scripted_service import TOKEN, Both, Script, serving


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def target(script: Script) -> AsyncIterator[str]:
    async with serving(script) as target:
        yield target


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def connect(kind: str, target: str) -> AsyncIterator[Callable[..., Both]]:
    opened = []

    def connect(token: Any = TOKEN, **settings: Any) -> Both:
        opened.append(Both(kind, target, token, **settings))
        return opened[-1]

    yield connect
    for both in opened:
        await both.close()


@pytest.fixture
def client(connect: Callable[..., Both]) -> Both:
    return connect()
