"""The tables as they are after all migrations; a test compares the two. Never used to create them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC, exact to the microsecond.

    `timestamptz` on PostgreSQL. On SQLite, which has no time type, ISO 8601 text of one fixed
    width, so that it sorts as time does.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone is never stored")
        utc = value.astimezone(UTC)
        return utc.isoformat(timespec="microseconds") if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return moment.astimezone(UTC)


metadata = MetaData(
    # Names that do not depend on the database, so that a migration can drop what another made.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Text without a length everywhere: the model says what fits, once, for both databases.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("tls", Boolean, nullable=False),
    Column("login", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("last_tested_at", UtcTime),
    Column("last_error", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("secret_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("id"),
    # What the foreign keys of a user's things point to: the user is part of it, because foreign
    # keys are checked past row-level security. It also finds a user's mailboxes.
    UniqueConstraint("user_id", "id"),
)

# The one home of encrypted values: `model.secret.SecretField` lists what may stand in `field`.
mailbox_secrets = Table(
    "mailbox_secrets",
    metadata,
    Column("mailbox_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "field"),
    ForeignKeyConstraint(
        ["user_id", "mailbox_id"], ["mailboxes.user_id", "mailboxes.id"], ondelete="CASCADE"
    ),
    Index(None, "user_id", "mailbox_id"),
    Index(None, "key_id"),
)
