"""Turns every failure of a driver into StorageUnavailable. A driver's words never leave this module.

They may quote rows and parameters, so the log gets the class and the standard code alone.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mailbox_svc.errors import StorageUnavailable

_log = logging.getLogger(__name__)

#: `OSError` has the refused connections and the time-outs. The rest of SQLAlchemyError are defects of ours.
DRIVER_ERRORS = (
    DBAPIError,
    PendingRollbackError,
    PoolTimeout,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise StorageUnavailable in the place of a driver's error. Wrap driver calls only, never a caller's."""
    try:
        yield
    except DRIVER_ERRORS as error:
        _log.warning("database failure", extra={"error_type": _name(error)})
        raise StorageUnavailable from None


def _name(error: BaseException) -> str:
    """Say which failure it is: class, and SQLSTATE or SQLite's name for it."""
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig.__cause__ or error.orig  # asyncpg's own, where SQLAlchemy has wrapped it
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__
