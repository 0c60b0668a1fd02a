"""Owns how a defect is logged: types and stacks, never texts, which may hold a password or a row."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

log = logging.getLogger("mailbox_svc.rpc")


def log_unexpected(error: BaseException, *, method: str, request_id: str) -> None:
    """Log an exception that nobody was prepared for, with all that led to it."""
    log.error(
        "unexpected error\n%s",
        "\n".join(_lines(error)),
        extra={"error_type": _name(error), "method": method, "request_id": request_id},
    )


def _lines(error: BaseException) -> Iterator[str]:
    """Yield types and frames, the last cause first, as Python itself prints them."""
    chain = [error]
    while cause := chain[-1].__cause__ or (None if chain[-1].__suppress_context__ else chain[-1].__context__):
        if cause in chain:
            break
        chain.append(cause)
    for link in reversed(chain):
        for frame in traceback.extract_tb(link.__traceback__):
            yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        yield _name(link)
        if isinstance(link, BaseExceptionGroup):
            for member in link.exceptions:
                yield from _lines(member)


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"
