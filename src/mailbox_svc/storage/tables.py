"""The tables as they are after all migrations; a test compares the two. Never used to create them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from mailbox_svc.storage.columns import UNFINISHED, UtcTime, metadata, of_mailbox
from mailbox_svc.storage.contact_tables import (
    contact_groups,
    contact_merges,
    contact_versions,
    contacts,
    dismissed_pairs,
    group_members,
)
from mailbox_svc.storage.evidence_tables import (
    address_names,
    addresses,
    folder_keys,
    folders,
    own_addresses,
    tallies,
)
from mailbox_svc.storage.schedule_tables import schedules, sync_runs

__all__ = [
    "address_names",
    "addresses",
    "authorizations",
    "contact_groups",
    "contact_merges",
    "contact_versions",
    "contacts",
    "dismissed_pairs",
    "folder_keys",
    "folders",
    "group_members",
    "harvests",
    "mailbox_secrets",
    "mailboxes",
    "metadata",
    "own_addresses",
    "schedules",
    "sync_runs",
    "tallies",
]

# Text without a length everywhere: the model says what fits, once, for both databases.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("tls", Boolean, nullable=False),
    Column("login", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("last_tested_at", UtcTime),
    Column("last_error", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("secret_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("harvest_policy", Text, nullable=False, server_default="corresponded"),
    Column("oauth_provider", Text, nullable=False, server_default=""),
    Column("last_remedy", Text),
    PrimaryKeyConstraint("id"),
    # What the foreign keys of a user's things point to: the user is part of it, because foreign
    # keys are checked past row-level security. It also finds a user's mailboxes.
    UniqueConstraint("user_id", "id"),
    # Whose grant is whose, over all users.
    Index(None, "login"),
)

# The home of encrypted values: `model.secret.SecretField` lists what may stand in `field`.
mailbox_secrets = Table(
    "mailbox_secrets",
    metadata,
    Column("mailbox_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    PrimaryKeyConstraint("mailbox_id", "field"),
    of_mailbox(),
    Index(None, "user_id", "mailbox_id"),
    Index(None, "key_id"),
)

# The sealed code verifiers of OAuth2 (RFC 7636), for as long as their authorizations last.
authorizations = Table(
    "authorizations",
    metadata,
    Column("state_hash", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    # None: a new one will be made.
    Column("mailbox_id", Text),
    Column("key_id", Text, nullable=False),
    Column("blob", LargeBinary, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("state_hash"),
    of_mailbox(),
    Index(None, "user_id", "mailbox_id"),
    Index(None, "expires_at"),
)

harvests = Table(
    "harvests",
    metadata,
    Column("id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("mailbox_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("folders_done", Integer, nullable=False),
    Column("folders_total", Integer, nullable=False),
    Column("scanned", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("contacts", BigInteger, nullable=False),
    Column("rate", Float, nullable=False),
    # JSON, of `model.harvest.Failure` and of the list of `SkippedFolder`.
    Column("failure", Text),
    Column("skipped_folders", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    # Attempts that ended without a word: their process was killed, or paused for too long.
    Column("crashes", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("id"),
    of_mailbox(),
    Index(None, "user_id", "mailbox_id", "created_at"),
    # At most one of a mailbox is unfinished; and these are soon found.
    Index(
        "uq_harvests_unfinished",
        "mailbox_id",
        unique=True,
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    ),
)
