"""Harvests, what they have counted, contacts and groups, with row-level security on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SORTED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MINE = "user_id = (SELECT nullif(current_setting('app.user_id', true), ''))"
_COUNTS = (
    "sent_to",
    "sent_cc",
    "received",
    "received_indirectly",
    "together",
    "reply_to",
    "sender",
    "generated",
    "auto_replied",
    "bulk",
    "through_list",
    "list_address",
)
_TIMES = ("first_at", "last_at", "last_sent_at", "last_received_at")
#: In the order in which they can be made; the reverse is the one in which they can be dropped.
_TABLES = (
    "harvests",
    "folders",
    "folder_keys",
    "own_addresses",
    "contacts",
    "addresses",
    "tallies",
    "address_names",
    "contact_groups",
    "group_members",
)


def upgrade() -> None:
    op.add_column(
        "mailboxes", sa.Column("harvest_policy", sa.Text(), nullable=False, server_default="corresponded")
    )
    _harvests()
    _folders()
    _contacts()
    _addresses()
    _groups()
    if op.get_context().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_rows ON {table} USING ({_MINE}) WITH CHECK ({_MINE})")
        _let_owner_survey()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION mailbox_claimable_harvests(timestamptz, integer)")
    for table in reversed(_TABLES):
        op.drop_table(table)
    with op.batch_alter_table("mailboxes") as mailboxes:
        mailboxes.drop_column("harvest_policy")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _bigint(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _number(name: str, *, own: bool = False) -> sa.Column[int]:
    """Return the column of a number of the database's making: a row's own, or another's."""
    return sa.Column(name, _NUMBER, *([sa.Identity()] if own else []), nullable=False)


def _of(table: str, child: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id", column],
        [f"{table}.user_id", f"{table}.id"],
        name=f"fk_{child}_user_id_{column}_{table}",
        ondelete="CASCADE",
    )


def _harvests() -> None:
    op.create_table(
        "harvests",
        *(_text(name) for name in ("id", "user_id", "mailbox_id", "state", "policy", "folder")),
        *(_integer(name) for name in ("folders_done", "folders_total")),
        *(_bigint(name) for name in ("scanned", "total", "duplicates", "contacts")),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        _text("skipped_folders"),
        _integer("attempt"),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_harvests"),
        _of("mailboxes", "harvests", "mailbox_id"),
    )
    op.create_index(
        "ix_harvests_user_id_mailbox_id_created_at", "harvests", ["user_id", "mailbox_id", "created_at"]
    )
    unfinished = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "uq_harvests_unfinished",
        "harvests",
        ["mailbox_id"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )


def _folders() -> None:
    op.create_table(
        "folders",
        _number("id", own=True),
        _text("user_id"),
        _text("mailbox_id"),
        sa.Column("raw_name", sa.LargeBinary(), nullable=False),
        _bigint("uidvalidity"),
        _bigint("last_uid"),
        sa.Column("highestmodseq", sa.BigInteger(), nullable=True),
        _bigint("counted"),
        _bigint("duplicates"),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("user_id", "id", name="uq_folders_user_id_id"),
        _of("mailboxes", "folders", "mailbox_id"),
    )
    op.create_index("ix_folders_user_id_mailbox_id", "folders", ["user_id", "mailbox_id"])
    op.create_table(
        "folder_keys",
        _number("folder_id"),
        _integer("seq"),
        _text("user_id"),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("folder_id", "seq", name="pk_folder_keys"),
        _of("folders", "folder_keys", "folder_id"),
    )
    op.create_table(
        "own_addresses",
        *(_text(name) for name in ("user_id", "mailbox_id", "address", "match_key")),
        sa.PrimaryKeyConstraint("user_id", "mailbox_id", "address", name="pk_own_addresses"),
        _of("mailboxes", "own_addresses", "mailbox_id"),
    )


def _contacts() -> None:
    op.create_table(
        "contacts",
        *(_text(name) for name in ("id", "user_id", "found_name", "alternate_names", "addresses")),
        *(_text(name) for name in ("kind", "reason_code", "reason_text")),
        sa.Column("skipped", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        *(_integer(name) for name in ("wrote_to", "received", "together")),
        *(_bigint(name) for name in ("first_at", "last_at")),
        *(_text(f"typed_{name}") for name in ("name", "organization", "phone", "note")),
        sa.Column("grouped", sa.Boolean(), nullable=False),
        sa.Column("sort_key", _SORTED_TEXT, nullable=False),
        _text("search"),
        _integer("revision"),
        _text("etag"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_contacts"),
    )
    kept = sa.text("skipped IS NULL")
    for column in ("score", "last_at", "sort_key"):
        op.create_index(
            f"ix_contacts_user_id_{column}",
            "contacts",
            ["user_id", column],
            sqlite_where=kept,
            postgresql_where=kept,
        )


def _addresses() -> None:
    op.create_table(
        "addresses",
        _number("id", own=True),
        *(_text(name) for name in ("user_id", "match_key", "address", "written")),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_addresses"),
        sa.UniqueConstraint("user_id", "match_key", "address", name="uq_addresses_user_id_match_key_address"),
        _of("contacts", "addresses", "contact_id"),
    )
    for name, columns, of_some in (
        ("judged", ["user_id", "contact_id"], sa.text("contact_id IS NOT NULL")),
        ("changed", ["user_id", "id"], sa.text("changed")),
    ):
        op.create_index(
            f"ix_addresses_{name}", "addresses", columns, sqlite_where=of_some, postgresql_where=of_some
        )
    op.create_table(
        "tallies",
        _number("address_id"),
        _number("folder_id"),
        _text("user_id"),
        *(_integer(name) for name in _COUNTS),
        *(_bigint(name) for name in _TIMES),
        sa.PrimaryKeyConstraint("address_id", "folder_id", name="pk_tallies"),
        _of("folders", "tallies", "folder_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "address_names",
        _number("address_id"),
        _number("folder_id"),
        _text("name"),
        _text("user_id"),
        *(_integer(name) for name in ("by_self", "by_user", "by_others")),
        _bigint("last_at"),
        sa.PrimaryKeyConstraint("address_id", "folder_id", "name", name="pk_address_names"),
        _of("folders", "address_names", "folder_id"),
        sqlite_with_rowid=False,
    )
    for table in ("tallies", "address_names"):
        op.create_index(f"ix_{table}_folder_id", table, ["folder_id"])


def _groups() -> None:
    op.create_table(
        "contact_groups",
        *(_text(name) for name in ("id", "user_id", "name", "name_key", "etag")),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_groups"),
        sa.UniqueConstraint("user_id", "id", name="uq_contact_groups_user_id_id"),
        sa.UniqueConstraint("user_id", "name_key", name="uq_contact_groups_user_id_name_key"),
    )
    op.create_table(
        "group_members",
        *(_text(name) for name in ("group_id", "contact_id", "user_id")),
        _integer("revision"),
        sa.PrimaryKeyConstraint("group_id", "contact_id", name="pk_group_members"),
        _of("contact_groups", "group_members", "group_id"),
        _of("contacts", "group_members", "contact_id"),
    )
    op.create_index("ix_group_members_contact_id", "group_members", ["contact_id"])


def _let_owner_survey() -> None:
    """One more question crosses users: which harvests does nobody run? It tells ids and nothing more."""
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute("CREATE POLICY owner_surveys ON harvests FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(
        "CREATE FUNCTION mailbox_claimable_harvests(at timestamptz, most integer) "  # noqa: S608
        "RETURNS TABLE (user_id text, id text) LANGUAGE sql STABLE SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp "
        f"AS 'SELECT user_id, id FROM {schema}.harvests WHERE state = ''queued'' "
        "OR (state = ''running'' AND lease_until <= $1) ORDER BY created_at, id LIMIT $2'"
    )
    op.execute("REVOKE ALL ON FUNCTION mailbox_claimable_harvests(timestamptz, integer) FROM PUBLIC")
