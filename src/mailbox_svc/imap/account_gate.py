"""How many connections this process has to one account: providers count them, the user's own among them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from mailbox_svc.imap.failure import ConnectionFailed
from mailbox_svc.model.check import Code
from mailbox_svc.model.mailbox import Destination


class AccountGate:
    """Safe for concurrent use in one event loop."""

    def __init__(self, room: int | None) -> None:
        """`room` is how many connections an account may have; None is any number."""
        self._room = sys.maxsize if room is None else room
        # Each lives as long as somebody holds it or waits for it.
        self._gates: WeakValueDictionary[tuple[str, str], asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, destination: Destination, *, timeout: float) -> AsyncIterator[None]:
        """Have one connection for the length of the block.

        Raises ConnectionFailed (TOO_MANY_CONNECTIONS) when none becomes free in `timeout` seconds.
        """
        account = (destination.host.lower(), destination.user)
        gate = self._gates.get(account)
        if gate is None:
            gate = self._gates[account] = asyncio.Semaphore(self._room)
        try:
            async with asyncio.timeout(timeout):
                await gate.acquire()
        except TimeoutError:
            raise ConnectionFailed(Code.TOO_MANY_CONNECTIONS) from None
        try:
            yield
        finally:
            gate.release()
