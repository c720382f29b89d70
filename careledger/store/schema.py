"""The version of the schema: recorded in the database, brought up to date, refused if unknown.

The history is in `migrations/versions/`, one module a revision, numbered in one line. Alembic runs
it; it is imported only when there is something to migrate, because it takes longer to import than
to find out that there is nothing.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from careledger.store.errors import NoStore, UnknownVersion

HEAD = "0002"
"""The newest revision; a test compares it with `migrations/versions/`."""

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "careledger_revision"
"""Where alembic records the revision; not its usual table, which another program may have."""

_HAND_MADE = "careledger_schema"
"""What recorded the version before alembic did. Programs of that time still read it: the table
stays, and tells them that the database is newer than they are."""

_LOCK = 0x6361_7265_6C65_6467
"""Of PostgreSQL, for one migration at a time: the letters "careledg"."""


def is_current(connection: Connection) -> bool:
    """Return whether the database has the newest schema already."""
    return inspect(connection).has_table(VERSION_TABLE) and _recorded(connection) == HEAD


def migrate(connection: Connection, patience: int) -> None:
    """Make the tables of a new database, or bring an old one up to date, in one transaction.

    The connection's transaction has to hold the write lock of SQLite already. On PostgreSQL a lock
    of the migration's own keeps a second program waiting, which then finds the work done.

    Args:
        connection: in a transaction that writes.
        patience: seconds to wait for another program that is migrating.

    Raises:
        NoStore: the database has tables, but not those of CareLedger.
        UnknownVersion: a later version of CareLedger wrote it.

    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL lock_timeout = '{int(patience)}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})

    tables = inspect(connection).get_table_names()

    if VERSION_TABLE in tables:
        found = _recorded(connection)
        if found == HEAD:
            return
        _expect_known(found)
    elif _HAND_MADE in tables:
        _expect_hand_made(connection)
        _run("stamp", connection, "0001")
    elif tables:
        raise NoStore(
            "the database holds tables of another program and none of CareLedger: "
            "give CareLedger a database of its own"
        )

    _run("upgrade", connection, HEAD)


def _recorded(connection: Connection) -> str:
    rows = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608
    if len(rows) != 1:
        raise NoStore(f"the database is damaged: it records {len(rows)} schema versions, not one")

    return str(rows[0])


def _expect_known(found: str) -> None:
    """Refuse a revision that is not in our history, which is numbered without a gap."""
    if not found.isdecimal():
        raise NoStore(f"the database is damaged: {found[:32]!r} is not a valid schema version")

    if not 0 < int(found) < int(HEAD) or len(found) != len(HEAD):
        raise UnknownVersion(int(found), int(HEAD))


def _expect_hand_made(connection: Connection) -> None:
    """Refuse what a program without alembic cannot have left: it knew version 1 alone."""
    rows = connection.execute(text(f"SELECT version FROM {_HAND_MADE}")).scalars().all()  # noqa: S608
    if len(rows) != 1:
        raise NoStore(f"the database is damaged: it records {len(rows)} schema versions, not one")

    if rows[0] != 1:
        raise UnknownVersion(int(rows[0]), int(HEAD))


def _run(command: str, connection: Connection, revision: str) -> None:
    from alembic import command as commands  # noqa: PLC0415  only where there is work for it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection

    getattr(commands, command)(config, revision)
