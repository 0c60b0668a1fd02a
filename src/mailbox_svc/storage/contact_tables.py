"""The tables of contacts and their groups."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from mailbox_svc.storage.columns import KEPT, SORTED_TEXT, UtcTime, metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("found_name", Text, nullable=False),
    # JSON: a list of names, and a list of [as written, match key], the main address first.
    Column("alternate_names", Text, nullable=False),
    Column("addresses", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("reason_text", Text, nullable=False),
    Column("skipped", Text),
    Column("score", Float, nullable=False),
    Column("wrote_to", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("together", Integer, nullable=False),
    # Unix seconds, 0 when unknown.
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("typed_name", Text, nullable=False),
    Column("typed_organization", Text, nullable=False),
    Column("typed_phone", Text, nullable=False),
    Column("typed_note", Text, nullable=False),
    Column("grouped", Boolean, nullable=False),
    Column("sort_key", SORTED_TEXT, nullable=False),
    Column("search", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("etag", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("user_id", "id"),
    # For the three orders of the list; most of what is stored is skipped, and needs none. Without the id,
    # which would double what it costs to store a contact.
    Index(None, "user_id", "score", sqlite_where=KEPT, postgresql_where=KEPT),
    Index(None, "user_id", "last_at", sqlite_where=KEPT, postgresql_where=KEPT),
    Index(None, "user_id", "sort_key", sqlite_where=KEPT, postgresql_where=KEPT),
)

contact_groups = Table(
    "contact_groups",
    metadata,
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    # `contacts.search.fold` of the name.
    Column("name_key", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("user_id", "id"),
    UniqueConstraint("user_id", "name_key"),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    # Of the contact, at its latest import into this group.
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("group_id", "contact_id"),
    ForeignKeyConstraint(
        ["user_id", "group_id"], ["contact_groups.user_id", "contact_groups.id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(["user_id", "contact_id"], ["contacts.user_id", "contacts.id"], ondelete="CASCADE"),
    Index(None, "contact_id"),
)
