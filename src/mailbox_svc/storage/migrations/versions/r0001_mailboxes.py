"""Mailboxes and their sealed secrets, with row-level security on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

# The sub-select makes PostgreSQL read the setting once a statement, not once a row. A setting that
# was local to an earlier transaction reads as '', hence nullif; NULL equals nothing.
_MINE = "user_id = (SELECT nullif(current_setting('app.user_id', true), ''))"


def upgrade() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("last_tested_at", _TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mailboxes"),
        sa.UniqueConstraint("user_id", "id", name="uq_mailboxes_user_id_id"),
    )
    op.create_table(
        "mailbox_secrets",
        sa.Column("mailbox_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox_id", "field", name="pk_mailbox_secrets"),
        sa.ForeignKeyConstraint(
            ["user_id", "mailbox_id"],
            ["mailboxes.user_id", "mailboxes.id"],
            name="fk_mailbox_secrets_user_id_mailbox_id_mailboxes",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_mailbox_secrets_user_id_mailbox_id", "mailbox_secrets", ["user_id", "mailbox_id"])
    op.create_index("ix_mailbox_secrets_key_id", "mailbox_secrets", ["key_id"])
    if op.get_context().dialect.name == "postgresql":
        for table in ("mailboxes", "mailbox_secrets"):
            _secure(table)
        _let_owner_survey()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION mailbox_stale_users(text, text, integer)")
        op.execute("DROP FUNCTION mailbox_key_usage()")
    op.drop_table("mailbox_secrets")
    op.drop_table("mailboxes")


def _secure(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # else the owner sees all
    op.execute(f"CREATE POLICY own_rows ON {table} USING ({_MINE}) WITH CHECK ({_MINE})")


def _let_owner_survey() -> None:
    """Two questions cross users: which keys are in use, and whose secrets wait for rotation.

    They are functions with the owner's rights that give counts and user ids and nothing more. FORCE
    binds the owner too, so one policy lets the owner, and nobody else, read this one table.
    """
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute("CREATE POLICY owner_surveys ON mailbox_secrets FOR SELECT TO CURRENT_USER USING (true)")
    # Fixed search_path and qualified names: nobody's own table or operator can stand in.
    rights = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
    secrets = f"{schema}.mailbox_secrets"
    op.execute(
        "CREATE FUNCTION mailbox_key_usage() RETURNS TABLE (key_id text, secrets bigint) "  # noqa: S608
        f"{rights} AS 'SELECT key_id, count(*) FROM {secrets} GROUP BY key_id'"
    )
    op.execute(
        "CREATE FUNCTION mailbox_stale_users(active_key_id text, after text, page integer) "  # noqa: S608
        f"RETURNS SETOF text {rights} AS 'SELECT DISTINCT user_id FROM {secrets} "
        "WHERE key_id <> $1 AND user_id > $2 ORDER BY user_id LIMIT $3'"
    )
    op.execute("REVOKE ALL ON FUNCTION mailbox_key_usage() FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION mailbox_stale_users(text, text, integer) FROM PUBLIC")
