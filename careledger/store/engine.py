"""Open the database: SQLite by default, any database that SQLAlchemy speaks to by its URL.

SQLite is set to write ahead (readers and a writer do not wait for each other), to have a commit on
the disk before it returns (a spent nonce stays spent through a power cut), and to overwrite what is
deleted. Every writing transaction takes the write lock at its beginning, so that none fails half
way because another was faster.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session

from careledger.errors import StoreError
from careledger.store.errors import NoStore, StoreBusy
from careledger.store.schema import prepare

PATIENCE = 30
"""Seconds to wait for another writer."""

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_PRAGMAS = (
    f"busy_timeout = {PATIENCE * 1000}",
    "synchronous = FULL",
    "secure_delete = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",  # a file from elsewhere runs nothing here
)


class Store:
    """A database that is open. One for each process; threads may share it.

    ```python
    with Store.open(Path("company.db")) as store, store.writing() as session:
        session.add(row)
    ```
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, where: Path | str) -> Self:
        """Open a database, or make a new one.

        Args:
            where: a file of SQLite, readable by its owner alone where it is made now; or a URL of
                SQLAlchemy.

        Raises:
            NoStore: there is something else, or nothing can be opened there.
            UnknownVersion: a later version wrote it.
            StoreBusy: another program holds it.

        """
        try:
            url = (
                make_url(where) if isinstance(where, str) and "://" in where else _file(Path(where))
            )
            # What is in a statement stays out of logs and messages, whatever the statement.
            engine = create_engine(url, hide_parameters=True)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise NoStore(f"no database can be opened there: {error}") from error
        if engine.dialect.name == "sqlite":
            _tune(engine)
        store = cls(engine)
        try:
            with _told(), store._begun(writing=True) as connection:
                prepare(connection)
            store._pragma(
                "journal_mode = WAL"
            )  # lasting; a database of somebody else's has been refused by now
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Run one transaction that writes: all of it is kept, or nothing where an error comes out of it.

        Raises:
            StoreBusy: another writer did not finish in time.
            StoreError: the database refused.

        """
        with _told(), self._begun(writing=True) as connection, Session(connection) as session:
            yield session
            session.flush()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Run one transaction that only reads, and sees one state of the database throughout.

        Raises:
            StoreError: the database refused.

        """
        with (
            _told(),
            self._begun(writing=False) as connection,
            Session(connection, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def _begun(self, *, writing: bool) -> Iterator[Connection]:
        with (
            self.engine.connect().execution_options(writing=writing) as connection,
            connection.begin(),
        ):
            yield connection

    def sweep(self) -> None:
        """Take what was deleted out of the file beside the database too; to be called after an erasure.

        Raises:
            StoreBusy: somebody is still reading an earlier state, and with it what was deleted;
                call it again.
            StoreError: the database refused.

        """
        if self._pragma("wal_checkpoint(TRUNCATE)")[:1] == (1,):
            raise StoreBusy(
                "what was erased is still being read by another program: sweep again when it is done"
            )

    def _pragma(self, pragma: str) -> tuple[Any, ...]:
        """Do or set something of SQLite's that cannot be within a transaction; return the first row of the answer."""
        if self.engine.dialect.name != "sqlite":
            return ()
        with _told(), self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            try:
                return tuple(raw.execute(f"PRAGMA {pragma}").fetchone())
            except sqlite3.Error as error:
                raise _ours(error, error) from error


def _file(path: Path) -> URL:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(
            os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        )  # SQLite gives its other files the same rights
    except OSError as error:
        raise NoStore(f"the database {path} cannot be opened: {error.strerror}") from error
    return URL.create("sqlite", database=str(path))


def _tune(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, not by the driver's guess
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the driver raises into errors of ours; a broken constraint is the caller's to understand."""
    try:
        yield
    except IntegrityError:
        raise
    except DatabaseError as error:
        raise _ours(error, error.orig) from error


def _ours(error: Exception, cause: BaseException | None) -> StoreError:
    if getattr(cause, "sqlite_errorcode", 0) & 0xFF in _BUSY:
        return StoreBusy(f"another program held the database for {PATIENCE} seconds: try again")
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        return StoreError(f"the database cannot be used: {cause}")
    return NoStore(f"the database cannot be read: {cause}")
