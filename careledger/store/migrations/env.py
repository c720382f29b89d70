"""Run the migrations within the transaction of the connection that `careledger.store` hands in."""

from alembic import context

from careledger.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    # SQLite cannot change most things of a table: alembic makes a new one and moves the rows.
    render_as_batch=True,
)
context.run_migrations()
