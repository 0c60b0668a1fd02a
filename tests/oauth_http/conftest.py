"""A scripted provider, and the endpoints that speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from mailbox_svc.oauth_http import HttpProviderEndpoints, Timeouts
from support.token_server import TokenServer, token_server


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    async with token_server() as here:
        yield here


@pytest.fixture
async def endpoints() -> AsyncIterator[HttpProviderEndpoints]:
    async with aclosing(HttpProviderEndpoints()) as here:
        yield here


@pytest.fixture
async def hasty() -> AsyncIterator[HttpProviderEndpoints]:
    """For what has to run out of time."""
    async with aclosing(HttpProviderEndpoints(timeouts=Timeouts(request=1.0))) as here:
        yield here
