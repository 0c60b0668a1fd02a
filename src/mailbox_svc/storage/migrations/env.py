"""What alembic runs for each command. It works on the connection that `storage.migrate` hands over.

Alembic's own command line is not used: it would need a driver of its own and a second way to the URL.
"""

from __future__ import annotations

from alembic import context

from mailbox_svc.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
