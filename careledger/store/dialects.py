"""How each database is set up: what a connection is told, and how a transaction begins.

SQLite writes ahead (readers and a writer do not wait for each other), has a commit on the disk
before it returns (a spent nonce stays spent through a power cut), and overwrites what is deleted.
Every writing transaction takes the write lock at its beginning, so that none fails half way because
another was faster.

PostgreSQL ends a transaction that is idle for five seconds: a frozen process holds up the others no
longer. A transaction that writes sees each commit of the others (READ COMMITTED), so it has to
check what it relies on by `UPDATE ... WHERE` and by constraints. One that reads sees one state.
"""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import IntegrityError

PATIENCE = 30
"""Seconds to wait for another writer of SQLite."""

IDLE_LIMIT = 5
"""Seconds after which PostgreSQL ends a transaction in which nothing happens."""

LOCK_LIMIT = 5
"""Seconds to wait for a row of PostgreSQL that another transaction has changed."""

SQLITE_PRAGMAS = (
    f"busy_timeout = {PATIENCE * 1000}",
    "synchronous = FULL",
    "secure_delete = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",  # a file from elsewhere runs nothing here
)

_SQLITE_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

POSTGRES_SETTINGS = (
    f"idle_in_transaction_session_timeout = '{IDLE_LIMIT}s'",
    f"lock_timeout = '{LOCK_LIMIT}s'",
)

_POSTGRES_BUSY = (
    "25P03",  # idle_in_transaction_session_timeout
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
)


def tune(engine: Engine) -> None:
    """Have every connection of an engine set up as this module's first lines say."""
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine)
    elif engine.dialect.name == "postgresql":
        _tune_postgres(engine)


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver's guess

        for pragma in SQLITE_PRAGMAS:
            raw.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _tune_postgres(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(raw: Any, _record: Any) -> None:
        cursor = raw.cursor()
        for setting in POSTGRES_SETTINGS:
            cursor.execute(f"SET {setting}")

        cursor.close()
        raw.commit()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        if not connection.get_execution_options().get("writing", False):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        # pg8000 has one class for all refusals of the server, and SQLAlchemy tells them apart by
        # the class. The server's details quote the row, which stays out of messages.
        raw = context.original_exception

        if sqlstate(raw)[:2] == "23":
            raise IntegrityError(context.statement, None, Exception(sentence(raw))) from None


def is_busy(cause: BaseException | None) -> bool:
    """Return whether a driver's exception says that another program holds the database."""
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY:
        return True

    return sqlstate(cause) in _POSTGRES_BUSY


def sqlstate(cause: BaseException | None) -> str:
    """Return PostgreSQL's five characters for what went wrong; empty if there are none."""
    stated = getattr(cause, "sqlstate", None)
    if isinstance(stated, str):
        return stated  # psycopg

    fields = cause.args[0] if cause is not None and cause.args else None
    return str(fields.get("C", "")) if isinstance(fields, dict) else ""  # pg8000


def sentence(cause: BaseException | None) -> str:
    """Return what the database said, without the details that quote a row."""
    fields = cause.args[0] if cause is not None and cause.args else None
    if isinstance(fields, dict):
        return str(fields.get("M", ""))  # pg8000

    return str(cause).partition("\nDETAIL:")[0]  # psycopg, and SQLite, which gives none
