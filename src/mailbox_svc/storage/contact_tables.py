"""The tables of contacts, their groups, and what the user has said of pairs of them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from mailbox_svc.storage.columns import KEPT, MERGED, NUMBER, SORTED_TEXT, UtcTime, metadata

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
    # Few; what is counted of a group goes by them.
    Index("ix_contacts_merged", "user_id", "id", sqlite_where=MERGED, postgresql_where=MERGED),
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

# Merges that were not taken back; a later one has a higher number.
contact_merges = Table(
    "contact_merges",
    metadata,
    Column("number", NUMBER, Identity(), nullable=False),
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("kept_id", Text, nullable=False),
    # JSON: lists of [contact id, match keys, why it was skipped], of the fields of `Typed`, of group ids.
    Column("absorbed", Text, nullable=False),
    Column("typed_before", Text, nullable=False),
    Column("typed_after", Text, nullable=False),
    Column("groups_added", Text, nullable=False),
    # JSON: columns of the kept contact as they were, which its evidence alone may not bring back.
    Column("kept_before", Text, nullable=False),
    Column("merged_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("number"),
    UniqueConstraint("user_id", "id"),
    ForeignKeyConstraint(["user_id", "kept_id"], ["contacts.user_id", "contacts.id"], ondelete="CASCADE"),
    Index(None, "user_id", "kept_id"),
)

# Pairs that are not one person, the smaller id first.
dismissed_pairs = Table(
    "dismissed_pairs",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("first_id", Text, nullable=False),
    Column("second_id", Text, nullable=False),
    Column("dismissed_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("user_id", "first_id", "second_id"),
    ForeignKeyConstraint(["user_id", "first_id"], ["contacts.user_id", "contacts.id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["user_id", "second_id"], ["contacts.user_id", "contacts.id"], ondelete="CASCADE"),
    Index(None, "user_id", "second_id"),
)

# How often a user's contacts have changed, so that what was made of them can tell whether it is still true.
contact_versions = Table(
    "contact_versions",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    PrimaryKeyConstraint("user_id"),
)
