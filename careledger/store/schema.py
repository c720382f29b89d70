"""The version of the schema: recorded in the database, brought up to date, refused where it is unknown."""

from collections.abc import Callable

from sqlalchemy import Column, Connection, Integer, Table, insert, inspect, select, update

from careledger.store import identity as identity  # noqa: PLC0414  the tables have to be known before they are made
from careledger.store.base import Base
from careledger.store.errors import NoStore, UnknownVersion

VERSION = 1

STEPS: dict[int, Callable[[Connection], None]] = {}
"""What leads from a version of the schema to the one after it."""

_RECORDED = Table("careledger_schema", Base.metadata, Column("version", Integer, nullable=False))


def prepare(connection: Connection) -> None:
    """Make the tables of a new database, or bring an old one up to date, within the connection's transaction.

    Raises:
        NoStore: the database has tables, but not ours.
        UnknownVersion: a later version wrote it.

    """
    tables = inspect(connection).get_table_names()
    if not tables:
        Base.metadata.create_all(connection)
        connection.execute(insert(_RECORDED).values(version=VERSION))
        return
    if _RECORDED.name not in tables:
        raise NoStore(
            "the database holds tables, but none of CareLedger's: it belongs to another program"
        )
    versions = connection.execute(select(_RECORDED.c.version)).scalars().all()
    if len(versions) != 1:
        raise NoStore(
            f"the database records {len(versions)} schema versions where one is expected: it is damaged"
        )
    (found,) = versions
    if found > VERSION or any(step not in STEPS for step in range(found, VERSION)):
        raise UnknownVersion(found, VERSION)
    for version in range(found, VERSION):
        STEPS[version](connection)
    if found < VERSION:
        connection.execute(update(_RECORDED).values(version=VERSION))
