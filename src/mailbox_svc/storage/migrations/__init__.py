"""Alembic's scripts. They may import nothing of ours: a migration stays what it was when released."""
