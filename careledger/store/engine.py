"""Open the database: SQLite by default, PostgreSQL by its URL."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session

from careledger.errors import StoreError
from careledger.store.dialects import PATIENCE, is_busy, sentence, sqlstate, tune
from careledger.store.errors import NoStore, StoreBusy
from careledger.store.schema import is_current, migrate

_DRIVER = "postgresql+pg8000"
"""For a URL that names PostgreSQL and no driver."""


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
        """Open a database, make a new one, or bring an old one to the newest schema.

        Args:
            where: a file of SQLite, readable by its owner alone if it is made now; or a URL, such
                as `postgresql://user:password@host/database`.

        Raises:
            NoStore: the place holds something else, or nothing can be opened there.
            UnknownVersion: a later version of CareLedger wrote it.
            StoreBusy: another program holds it.
            StoreError: the database cannot be reached.

        """
        engine = _engine(where)
        tune(engine)

        store = cls(engine)
        try:
            store._prepare()
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

    @property
    def is_postgres(self) -> bool:
        """Whether it is a PostgreSQL, which several machines may share."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Run one transaction that writes. An error that comes out of it undoes all of it.

        Raises:
            StoreBusy: another writer did not finish in time.
            StoreError: the database refused.

        """
        with (
            _mapped_errors(),
            self._begun(writing=True) as connection,
            Session(connection) as session,
        ):
            yield session
            session.flush()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Run one transaction that only reads, and sees one state of the database throughout.

        Raises:
            StoreError: the database refused.

        """
        with (
            _mapped_errors(),
            self._begun(writing=False) as connection,
            Session(connection, autoflush=False) as session,
        ):
            yield session

    def sweep(self) -> None:
        """Take what was deleted out of the file beside the database too; call it after an erasure.

        Raises:
            StoreBusy: somebody is still reading an earlier state, and with it what was deleted;
                call it again.
            StoreError: the database refused.

        """
        if self._pragma("wal_checkpoint(TRUNCATE)")[:1] == (1,):
            raise StoreBusy(
                "another program is still reading what was erased: sweep again when it is done"
            )

    def _prepare(self) -> None:
        with _mapped_errors():
            with self._begun(writing=False) as connection:
                current = is_current(connection)

            if not current:
                with self._begun(writing=True) as connection:
                    migrate(connection, PATIENCE)

        # Lasting. The database of another program has been refused by now.
        self._pragma("journal_mode = WAL")

    @contextmanager
    def _begun(self, *, writing: bool) -> Iterator[Connection]:
        with (
            self.engine.connect().execution_options(writing=writing) as connection,
            connection.begin(),
        ):
            yield connection

    def _pragma(self, pragma: str) -> tuple[Any, ...]:
        """Run a pragma of SQLite that cannot be in a transaction; return its first row."""
        if self.engine.dialect.name != "sqlite":
            return ()

        with _mapped_errors(), self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            try:
                return tuple(raw.execute(f"PRAGMA {pragma}").fetchone())
            except sqlite3.Error as error:
                raise _mapped(error, error) from error


def _engine(where: Path | str) -> Engine:
    try:
        url = _url(where)

        # What is in a statement stays out of logs and messages, whatever the statement. A
        # connection that the server ended is replaced before it is used.
        return create_engine(url, hide_parameters=True, pool_pre_ping=url.host is not None)
    except ModuleNotFoundError as error:
        raise NoStore(
            f"no database can be opened there: {error}; for PostgreSQL, install "
            f"'careledger[postgres]'"
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise NoStore(f"no database can be opened there: {error}") from error


def _url(where: Path | str) -> URL:
    if not (isinstance(where, str) and "://" in where):
        return _file(Path(where))

    try:
        url = make_url(where)
    except ValueError:  # it may quote a part of the password
        raise NoStore(
            "the address of the database is malformed: percent-encode what is special in its "
            "password (@ is %40, : is %3A, / is %2F)"
        ) from None
    return url.set(drivername=_DRIVER) if url.drivername in {"postgresql", "postgres"} else url


def _file(path: Path) -> URL:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its other files the same rights.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise NoStore(f"the database {path} cannot be opened: {error.strerror}") from error

    return URL.create("sqlite", database=str(path))


@contextmanager
def _mapped_errors() -> Iterator[None]:
    """Map the driver's exceptions to ours; a broken constraint is for the caller to understand."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise _mapped(error, error.orig) from error


def _mapped(error: Exception, cause: BaseException | None) -> StoreError:
    if is_busy(cause):
        return StoreBusy("another program holds the database: try again")

    unusable = isinstance(error, OperationalError | InterfaceError | sqlite3.OperationalError)
    if unusable or sqlstate(cause):
        return StoreError(f"the database cannot be used: {sentence(cause)}")

    return NoStore(f"the database cannot be read: {cause}")
