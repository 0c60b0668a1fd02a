"""Refuses to serve as a PostgreSQL role that row-level security would not hold back."""

from __future__ import annotations

from sqlalchemy import Connection, text

from mailbox_svc.errors import ConfigError
from mailbox_svc.storage.tables import metadata

# Membership counts as much as being: a member may SET ROLE.
_MIGHTY = text(
    "SELECT EXISTS (SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls)"
    " AND pg_has_role(current_user, oid, 'MEMBER'))"
)
_TABLES = text(
    "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
    " pg_has_role(current_user, c.relowner, 'MEMBER'),"
    " has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')"
    " AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')"
    " FROM pg_class c WHERE c.oid = to_regclass(:name)"
)


def user_tables() -> list[str]:
    """Return every table that has a user."""
    return sorted(table.name for table in metadata.tables.values() if "user_id" in table.columns)


def refuse_bypass(connection: Connection) -> None:
    """Raise ConfigError, in words an operator can act on, unless row-level security binds this role."""
    if connection.scalar(_MIGHTY):
        raise ConfigError(
            "The database role can bypass row-level security (superuser or BYPASSRLS): serve as another role."
        )
    for name in user_tables():
        row = connection.execute(_TABLES, {"name": name}).one_or_none()
        if row is None:
            raise ConfigError("The database lacks a table: run 'mailbox-svc migrate'.")
        _, forced, owned, granted = row
        if owned:
            raise ConfigError(f"The database role owns the table {name}: serve as a role that owns nothing.")
        if not forced:
            raise ConfigError(
                f"Row-level security is not forced on the table {name}: run 'mailbox-svc migrate'."
            )
        if not granted:
            raise ConfigError(
                f"The database role may not use the table {name}: run 'mailbox-svc migrate' with its name."
            )
