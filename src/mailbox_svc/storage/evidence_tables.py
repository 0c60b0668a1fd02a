"""The tables of what was read: folders, addresses, and what was counted of each in each."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from mailbox_svc.model.tally import COUNTS, LATEST
from mailbox_svc.storage.columns import CHANGED, JUDGED, NUMBER, metadata, of_folder, of_mailbox

folders = Table(
    "folders",
    metadata,
    Column("id", NUMBER, Identity(), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("mailbox_id", Text, nullable=False),
    Column("raw_name", LargeBinary, nullable=False),
    # Unsigned numbers of 32 bits, and one of 63 (RFC 9051 §2.3.1.1, RFC 7162 §3.1).
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("highestmodseq", BigInteger),
    Column("counted", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("user_id", "id"),
    of_mailbox(),
    Index(None, "user_id", "mailbox_id"),
)

# The keys of the messages that count, eight bytes each, many in a row.
folder_keys = Table(
    "folder_keys",
    metadata,
    Column("folder_id", NUMBER, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("keys", LargeBinary, nullable=False),
    PrimaryKeyConstraint("folder_id", "seq"),
    of_folder(),
)

own_addresses = Table(
    "own_addresses",
    metadata,
    Column("user_id", Text, nullable=False),
    Column("mailbox_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("match_key", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "mailbox_id", "address"),
    of_mailbox(),
)

# Every address that was seen, once for a user. What was counted hangs on its number, which is shorter.
addresses = Table(
    "addresses",
    metadata,
    Column("id", NUMBER, Identity(), nullable=False),
    Column("user_id", Text, nullable=False),
    Column("match_key", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("written", Text, nullable=False),
    # None until it was judged.
    Column("contact_id", Text),
    Column("changed", Boolean, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("user_id", "match_key", "address"),
    ForeignKeyConstraint(["user_id", "contact_id"], ["contacts.user_id", "contacts.id"], ondelete="CASCADE"),
    Index("ix_addresses_judged", "user_id", "contact_id", sqlite_where=JUDGED, postgresql_where=JUDGED),
    Index("ix_addresses_changed", "user_id", "id", sqlite_where=CHANGED, postgresql_where=CHANGED),
)

tallies = Table(
    "tallies",
    metadata,
    Column("address_id", NUMBER, nullable=False),
    Column("folder_id", NUMBER, nullable=False),
    Column("user_id", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in COUNTS),
    *(Column(name, BigInteger, nullable=False) for name in ("first_at", *LATEST)),
    PrimaryKeyConstraint("address_id", "folder_id"),
    of_folder(),
    Index(None, "folder_id"),
    sqlite_with_rowid=False,
)

address_names = Table(
    "address_names",
    metadata,
    Column("address_id", NUMBER, nullable=False),
    Column("folder_id", NUMBER, nullable=False),
    Column("name", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("by_self", Integer, nullable=False),
    Column("by_user", Integer, nullable=False),
    Column("by_others", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("address_id", "folder_id", "name"),
    of_folder(),
    Index(None, "folder_id"),
    sqlite_with_rowid=False,
)
