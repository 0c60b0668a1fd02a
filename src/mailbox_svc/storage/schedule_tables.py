"""The tables of background sync: schedules, and the runs that are told of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from mailbox_svc.storage.columns import IN_FLIGHT, SCHEDULED, STOPPED, UtcTime, metadata, of_mailbox

# Narrow, and apart from `mailboxes`: every run writes it three times, and its indexes with two of these. So
# they are few; the primary key finds what a user or a deleted mailbox asks for.
schedules = Table(
    "schedules",
    metadata,
    Column("mailbox_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("interval_seconds", Integer, nullable=False),
    # Of the mailbox: `model.schedule.host_group` and `account_key`.
    Column("host", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("next_sync_at", UtcTime),
    Column("in_flight", Boolean, nullable=False),
    Column("run_no", BigInteger, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("stopped", Text, nullable=False),
    Column("last_run_at", UtcTime),
    Column("last_success_at", UtcTime),
    # JSON, of `model.harvest.Failure`.
    Column("last_failure", Text),
    PrimaryKeyConstraint("mailbox_id"),
    of_mailbox(),
    Index("ix_schedules_due", "next_sync_at", sqlite_where=SCHEDULED, postgresql_where=SCHEDULED),
    Index("ix_schedules_in_flight", "account", sqlite_where=IN_FLIGHT, postgresql_where=IN_FLIGHT),
    Index("ix_schedules_stopped", "stopped", sqlite_where=STOPPED, postgresql_where=STOPPED),
)

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("mailbox_id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("contacts", BigInteger, nullable=False),
    Column("failure", Text),
    Column("harvest_id", Text, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "number"),
    of_mailbox(),
    Index(None, "user_id", "mailbox_id"),
)
