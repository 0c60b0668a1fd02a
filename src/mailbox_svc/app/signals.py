"""SIGTERM and SIGINT: the first drains, a second one means now."""

from __future__ import annotations

import asyncio
import signal


def stop_signal() -> asyncio.Event:
    """Return what is set by the first signal, from now on. Call it in the event loop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop_or_die, stop, number)
    return stop


def _stop_or_die(stop: asyncio.Event, number: int) -> None:
    if stop.is_set():
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    stop.set()
