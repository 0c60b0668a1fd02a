"""Background sync: schedules, their runs, and the tables of PgQueuer on PostgreSQL."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
_MINE = "user_id = (SELECT nullif(current_setting('app.user_id', true), ''))"
_RIGHTS = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
_TABLES = ("schedules", "sync_runs")
# What `pgqueuer sql install --durability balanced` prints: the log, which tells nothing that has to be
# known after a crash, is not in the write-ahead log.
_QUEUE = Path(__file__).with_name("pgqueuer_1_6.sql")
# Jobs end as often as they begin, but only a new one is news for workers; and each piece of news wakes all.
_NEWS = (
    "CREATE OR REPLACE TRIGGER tg_pgqueuer_changed AFTER INSERT ON pgqueuer "
    "EXECUTE FUNCTION fn_pgqueuer_changed()"
)
# Rows that are written a thousand times a second: room for new versions in the same page, and a vacuum that
# comes before the dead ones are many and does not pause. The log of jobs lives for a quarter of an hour.
_STORAGE = {
    "schedules": "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0",
    "pgqueuer": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, "
    "autovacuum_vacuum_cost_delay = 0",
    "pgqueuer_log": "autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0, "
    "autovacuum_vacuum_insert_scale_factor = 100",
}
_QUEUE_TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
_FUNCTIONS = (
    "mailbox_due_syncs(timestamptz, integer)",
    "mailbox_syncs_in_flight()",
    "mailbox_claim_syncs(text[], boolean[], timestamptz[])",
    "mailbox_sync_survey(timestamptz)",
)


def upgrade() -> None:
    op.add_column("harvests", sa.Column("crashes", sa.Integer(), nullable=False, server_default="0"))
    _schedules()
    _runs()
    if op.get_context().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_rows ON {table} USING ({_MINE}) WITH CHECK ({_MINE})")
        _let_owner_dispatch()
        for statement in re.split(r";\n\n(?=CREATE)", _QUEUE.read_text()):
            op.execute(sa.text(statement.rstrip().rstrip(";").replace(":", "\\:")))
        op.execute(_NEWS)
        for table, parameters in _STORAGE.items():
            op.execute(f"ALTER TABLE {table} SET ({parameters})")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for function in _FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}")
        for table in _QUEUE_TABLES:
            op.execute(f"DROP TABLE {table}")
        op.execute("DROP FUNCTION fn_pgqueuer_changed()")
        op.execute("DROP TYPE pgqueuer_status")
    for table in reversed(_TABLES):
        op.drop_table(table)
    with op.batch_alter_table("harvests") as harvests:
        harvests.drop_column("crashes")


def _schedules() -> None:
    op.create_table(
        "schedules",
        *(_text(name) for name in ("mailbox_id", "user_id")),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        *(_text(name) for name in ("host", "account")),
        sa.Column("next_sync_at", _TIME, nullable=True),
        sa.Column("in_flight", sa.Boolean(), nullable=False),
        sa.Column("run_no", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("starts", "failures")),
        _text("stopped"),
        *(sa.Column(name, _TIME, nullable=True) for name in ("last_run_at", "last_success_at")),
        sa.Column("last_failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("mailbox_id", name="pk_schedules"),
        _of_mailbox("schedules"),
    )
    for name, column, of_some in (
        ("due", "next_sync_at", "next_sync_at IS NOT NULL"),
        ("in_flight", "account", "in_flight"),
        ("stopped", "stopped", "stopped <> ''"),
    ):
        op.create_index(
            f"ix_schedules_{name}",
            "schedules",
            [column],
            sqlite_where=sa.text(of_some),
            postgresql_where=sa.text(of_some),
        )


def _runs() -> None:
    op.create_table(
        "sync_runs",
        _text("mailbox_id"),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("user_id"),
        *(sa.Column(name, _TIME, nullable=False) for name in ("started_at", "ended_at")),
        _text("outcome"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("messages", "contacts")),
        sa.Column("failure", sa.Text(), nullable=True),
        _text("harvest_id"),
        sa.PrimaryKeyConstraint("mailbox_id", "number", name="pk_sync_runs"),
        _of_mailbox("sync_runs"),
    )
    op.create_index("ix_sync_runs_user_id_mailbox_id", "sync_runs", ["user_id", "mailbox_id"])


def _let_owner_dispatch() -> None:
    """What is due is found and claimed over all users. The functions tell ids, digests, hosts and counts.

    Rows that another dispatcher holds are passed over, so that one that hangs keeps nobody.
    """
    table = f"{op.get_bind().scalar(sa.text('SELECT quote_ident(current_schema())'))}.schedules"
    op.execute("CREATE POLICY owner_dispatches ON schedules TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(
        "CREATE FUNCTION mailbox_due_syncs(at timestamptz, most integer) "  # noqa: S608
        "RETURNS TABLE (user_id text, mailbox_id text, host text, account text, in_flight boolean, "
        f"account_busy boolean) LANGUAGE sql VOLATILE {_RIGHTS} AS 'SELECT s.user_id, s.mailbox_id, s.host, "
        f"s.account, s.in_flight, EXISTS (SELECT FROM {table} b WHERE b.in_flight AND "
        f"b.account = s.account AND b.mailbox_id <> s.mailbox_id) FROM {table} s "
        "WHERE s.next_sync_at <= $1 ORDER BY s.next_sync_at LIMIT $2 FOR UPDATE OF s SKIP LOCKED'"
    )
    op.execute(
        "CREATE FUNCTION mailbox_syncs_in_flight() RETURNS TABLE (host text, syncs bigint) "  # noqa: S608
        f"LANGUAGE sql STABLE {_RIGHTS} "
        f"AS 'SELECT host, count(*) FROM {table} WHERE in_flight GROUP BY host'"
    )
    op.execute(
        "CREATE FUNCTION mailbox_claim_syncs(ids text[], taken boolean[], next_at timestamptz[]) "  # noqa: S608
        f"RETURNS void LANGUAGE sql VOLATILE {_RIGHTS} AS 'UPDATE {table} s SET "
        "in_flight = s.in_flight OR c.taken, next_sync_at = c.next_at "
        "FROM unnest($1, $2, $3) AS c (id, taken, next_at) WHERE s.mailbox_id = c.id'"
    )
    op.execute(
        "CREATE FUNCTION mailbox_sync_survey(at timestamptz) "  # noqa: S608
        "RETURNS TABLE (due bigint, in_flight bigint, refused bigint, quarantined bigint, "
        f"oldest timestamptz) LANGUAGE sql STABLE {_RIGHTS} AS 'SELECT "
        f"(SELECT count(*) FROM {table} WHERE next_sync_at <= $1 AND NOT in_flight), "
        f"(SELECT count(*) FROM {table} WHERE in_flight), "
        f"(SELECT count(*) FROM {table} WHERE stopped = ''refused''), "
        f"(SELECT count(*) FROM {table} WHERE stopped = ''quarantined''), "
        f"(SELECT min(next_sync_at) FROM {table} WHERE next_sync_at <= $1 AND NOT in_flight)'"
    )
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _of_mailbox(child: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id", "mailbox_id"],
        ["mailboxes.user_id", "mailboxes.id"],
        name=f"fk_{child}_user_id_mailbox_id_mailboxes",
        ondelete="CASCADE",
    )
