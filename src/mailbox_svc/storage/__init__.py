"""The database: the only package that imports SQLAlchemy, its drivers and alembic."""
