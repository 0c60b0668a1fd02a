"""OAuth2: authorizations under way and the provider of a mailbox, with row-level security on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
_MINE = "user_id = (SELECT nullif(current_setting('app.user_id', true), ''))"
_RIGHTS = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"


def upgrade() -> None:
    op.add_column("mailboxes", sa.Column("oauth_provider", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_mailboxes_login", "mailboxes", ["login"])
    op.create_table(
        "authorizations",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mailbox_id", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_authorizations"),
        # Not checked where there is no mailbox yet.
        sa.ForeignKeyConstraint(
            ["user_id", "mailbox_id"],
            ["mailboxes.user_id", "mailboxes.id"],
            name="fk_authorizations_user_id_mailbox_id_mailboxes",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_authorizations_user_id_mailbox_id", "authorizations", ["user_id", "mailbox_id"])
    op.create_index("ix_authorizations_expires_at", "authorizations", ["expires_at"])
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE authorizations ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE authorizations FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON authorizations USING ({_MINE}) WITH CHECK ({_MINE})")
        _let_owner_ask_and_prune()
        _survey_keys("mailbox_secrets", "authorizations")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        _survey_keys("mailbox_secrets")
        op.execute("DROP FUNCTION mailbox_prune_authorizations(timestamptz)")
        op.execute("DROP FUNCTION mailbox_grant_is_shared(text, text, text, text)")
        op.execute("DROP POLICY owner_surveys ON mailboxes")
    op.drop_table("authorizations")
    op.drop_index("ix_mailboxes_login", "mailboxes")
    with op.batch_alter_table("mailboxes") as mailboxes:
        mailboxes.drop_column("oauth_provider")


def _let_owner_ask_and_prune() -> None:
    """Two more things cross users: is a grant another mailbox's as well, and away with what has expired.

    The one tells a boolean, the other nothing. Pruning never waits for a row that somebody works on.
    """
    schema = _schema()
    op.execute("CREATE POLICY owner_surveys ON mailboxes FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("CREATE POLICY owner_prunes ON authorizations TO CURRENT_USER USING (true) WITH CHECK (false)")
    op.execute(
        "CREATE FUNCTION mailbox_grant_is_shared(id text, provider text, host text, login text) "  # noqa: S608
        f"RETURNS boolean LANGUAGE sql STABLE {_RIGHTS} AS 'SELECT EXISTS (SELECT FROM {schema}.mailboxes m "
        "WHERE m.auth = ''oauth'' AND m.oauth_provider = $2 AND m.host = $3 "
        "AND m.login = $4 AND m.id <> $1 "
        f"AND EXISTS (SELECT FROM {schema}.mailbox_secrets s WHERE s.mailbox_id = m.id "
        "AND s.field = ''mailbox.refresh_token''))'"
    )
    op.execute(
        "CREATE FUNCTION mailbox_prune_authorizations(at timestamptz) RETURNS void "  # noqa: S608
        f"LANGUAGE sql VOLATILE {_RIGHTS} AS 'DELETE FROM {schema}.authorizations WHERE state_hash IN "
        f"(SELECT state_hash FROM {schema}.authorizations WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)'"
    )
    op.execute("REVOKE ALL ON FUNCTION mailbox_grant_is_shared(text, text, text, text) FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION mailbox_prune_authorizations(timestamptz) FROM PUBLIC")


def _survey_keys(*tables: str) -> None:
    """Let the surveys of keys go over these tables. Who may call them stays as it was."""
    schema = _schema()
    keys = " UNION ALL ".join(f"SELECT key_id FROM {schema}.{table}" for table in tables)  # noqa: S608
    op.execute(
        "CREATE OR REPLACE FUNCTION mailbox_key_usage() RETURNS TABLE (key_id text, secrets bigint) "  # noqa: S608
        f"LANGUAGE sql STABLE {_RIGHTS} AS 'SELECT key_id, count(*) FROM ({keys}) k GROUP BY key_id'"
    )
    # Each table gives a page at most, by its index.
    users = " UNION ".join(
        f"(SELECT DISTINCT user_id FROM {schema}.{table} "  # noqa: S608
        "WHERE key_id <> $1 AND user_id > $2 ORDER BY user_id LIMIT $3)"
        for table in tables
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION mailbox_stale_users(active_key_id text, after text, page integer) "  # noqa: S608
        f"RETURNS SETOF text LANGUAGE sql STABLE {_RIGHTS} "
        f"AS 'SELECT user_id FROM ({users}) u ORDER BY user_id LIMIT $3'"
    )


def _schema() -> str:
    return str(op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())")))
