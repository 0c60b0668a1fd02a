"""Reads the operator's database URL. Its password never gets into an error."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mailbox_svc.errors import ConfigError

_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_POSTGRES = {"postgresql", "postgres", "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True)
class SqliteFile:
    path: str


@dataclass(frozen=True, slots=True, repr=False)
class PostgresDsn:
    """A libpq URI: asyncpg reads it itself, so `sslmode`, `passfile` and sockets work as with psql."""

    dsn: str


def parse(url: str) -> SqliteFile | PostgresDsn:
    """Say which database the URL names. Raises ConfigError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is not None and parsed.drivername in _SQLITE:
        if parsed.database in {None, "", ":memory:"}:
            raise ConfigError("A SQLite database needs a file: sqlite:///path/to/mailboxes.db")
        return SqliteFile(str(parsed.database))
    if parsed is not None and parsed.drivername in _POSTGRES:
        return PostgresDsn("postgresql://" + url.partition("://")[2])
    raise ConfigError("The database URL must be sqlite:///path or postgresql://user@host/database.")


def is_sqlite(url: str) -> bool:
    """Say whether the URL names an SQLite file. Raises ConfigError, as `parse` does."""
    return isinstance(parse(url), SqliteFile)


def role_of(url: str) -> str | None:
    """Return the PostgreSQL role that the URL logs in as; None when it does not say, or is SQLite's."""
    return None if is_sqlite(url) else make_url(url).username
