"""Merges of contacts and pairs that are none, with row-level security on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MINE = "user_id = (SELECT nullif(current_setting('app.user_id', true), ''))"
_TABLES = ("contact_merges", "dismissed_pairs", "contact_versions")


def upgrade() -> None:
    merged = sa.text("skipped = 'MERGED'")
    op.create_index(
        "ix_contacts_merged", "contacts", ["user_id", "id"], sqlite_where=merged, postgresql_where=merged
    )
    op.create_table(
        "contact_merges",
        sa.Column("number", _NUMBER, sa.Identity(), nullable=False),
        *(_text(name) for name in ("id", "user_id", "kept_id", "absorbed", "typed_before", "typed_after")),
        *(_text(name) for name in ("groups_added", "kept_before")),
        sa.Column("merged_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_contact_merges"),
        sa.UniqueConstraint("user_id", "id", name="uq_contact_merges_user_id_id"),
        _of_contact("contact_merges", "kept_id"),
    )
    op.create_index("ix_contact_merges_user_id_kept_id", "contact_merges", ["user_id", "kept_id"])
    op.create_table(
        "dismissed_pairs",
        *(_text(name) for name in ("user_id", "first_id", "second_id")),
        sa.Column("dismissed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "first_id", "second_id", name="pk_dismissed_pairs"),
        _of_contact("dismissed_pairs", "first_id"),
        _of_contact("dismissed_pairs", "second_id"),
    )
    op.create_index("ix_dismissed_pairs_user_id_second_id", "dismissed_pairs", ["user_id", "second_id"])
    op.create_table(
        "contact_versions",
        _text("user_id"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_contact_versions"),
    )
    if op.get_context().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_rows ON {table} USING ({_MINE}) WITH CHECK ({_MINE})")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_index("ix_contacts_merged", "contacts")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _of_contact(child: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id", column],
        ["contacts.user_id", "contacts.id"],
        name=f"fk_{child}_user_id_{column}_contacts",
        ondelete="CASCADE",
    )
