"""How to mend the latest error, beside it.

The release before does not know the column: a test that passes there leaves the remedy of an earlier one, so
`mailbox_rows` reads none where there is no error.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("mailboxes", sa.Column("last_remedy", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("mailboxes", "last_remedy")
