from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.gateway import Gateway, running_gateway
from support.scripted_service import Script


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running_gateway(Script()) as gateway:
        yield gateway
