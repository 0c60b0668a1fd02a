"""What the tables are made of: types, keys and conditions that several of them share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    text,
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

#: A number of the database's own making. SQLite makes them for columns of its type INTEGER only.
NUMBER = BigInteger().with_variant(Integer, "sqlite")
#: Sorts by code point, as Python and SQLite do.
SORTED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
#: Harvests that have not ended.
UNFINISHED = text("state IN ('queued', 'running')")
#: Schedules of which a run is queued or under way.
IN_FLIGHT = text("in_flight")
#: Schedules that are enabled and do not run.
STOPPED = text("stopped <> ''")
#: Schedules with a next run.
SCHEDULED = text("next_sync_at IS NOT NULL")
#: Addresses whose contact has to be judged anew.
CHANGED = text("changed")
#: Addresses that are some contact's.
JUDGED = text("contact_id IS NOT NULL")
#: Contacts that are not skipped.
KEPT = text("skipped IS NULL")
#: Contacts that went into another.
MERGED = text("skipped = 'MERGED'")


def of_mailbox() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["user_id", "mailbox_id"], ["mailboxes.user_id", "mailboxes.id"], ondelete="CASCADE"
    )


def of_folder() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["user_id", "folder_id"], ["folders.user_id", "folders.id"], ondelete="CASCADE"
    )
