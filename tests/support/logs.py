"""Logging as the running service has it, for the length of a block."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
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


def lines_of(capsys: pytest.CaptureFixture[str], logger: str = "mailbox_svc") -> list[dict[str, Any]]:
    """The lines that our loggers have written since the last look; in all there is no secret.

    Others may write too: grpc.aio reports events of the event loops of earlier tests.
    """
    text = capsys.readouterr().err
    assert "CANARY" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["logger"].startswith(logger)]
