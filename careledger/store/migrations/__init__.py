"""The history of the schema, for SQLite and PostgreSQL. `env.py` is what alembic runs first."""
