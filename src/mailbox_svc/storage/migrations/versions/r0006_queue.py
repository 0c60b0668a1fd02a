"""Background sync at a million mailboxes: metrics count up to a limit, and the queue is not in the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

#: Rows that one number of the survey may count: every process asks, each quarter of a minute.
_MOST = 100_000


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _survey(f" LIMIT {_MOST}")
        # After a crash of the database, or on a replica that takes over, the queue is empty, and what was
        # in it is claimed again when its claim runs out: the schedules are the truth.
        op.execute("ALTER TABLE pgqueuer SET UNLOGGED")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE pgqueuer SET LOGGED")
        _survey("")


def _survey(limit: str) -> None:
    table = f"{op.get_bind().scalar(sa.text('SELECT quote_ident(current_schema())'))}.schedules"
    late = "next_sync_at <= $1 AND NOT in_flight"
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM {table} WHERE {which}{limit}) AS these)"  # noqa: S608
        for which in (
            late,
            "in_flight",
            "stopped = ''refused''",
            "stopped = ''quarantined''",
        )
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION mailbox_sync_survey(at timestamptz) "  # noqa: S608
        "RETURNS TABLE (due bigint, in_flight bigint, refused bigint, quarantined bigint, "
        "oldest timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
        f"AS 'SELECT {counts}, (SELECT min(next_sync_at) FROM {table} WHERE {late})'"
    )
