"""Logging as the running service has it, for the length of a block."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from mailbox_svc.logs import configure_logs


@contextmanager
def logs_as_in_production(level: str = "INFO") -> Iterator[None]:
    """Write JSON lines to standard error, and put everything back afterwards."""
    root = logging.getLogger()
    handlers, old_level, raises = root.handlers[:], root.level, logging.raiseExceptions
    configure_logs(level=level, json=True)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(old_level)
        logging.raiseExceptions = raises
        structlog.reset_defaults()
